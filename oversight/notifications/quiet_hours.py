"""When a person is mailed: safety at once, everything else when it disturbs nobody. Hours are of the site's clocks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oversight.models import MessagePreference, Urgency

MAX_DELAY = timedelta(hours=49)  # until the next time that clocks show an hour, on a day on which they skip it


def due(preference: MessagePreference, urgency: int, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a message raised `now` is mailed."""
    if urgency == Urgency.SAFETY:
        return now
    if preference.mode == MessagePreference.Mode.DIGEST:
        return _next(preference.digest_hour, now, zone)
    if _is_quiet(preference, now.astimezone(zone).hour):
        return _next(preference.quiet_to, now, zone)
    return now


def _is_quiet(preference: MessagePreference, hour: int) -> bool:
    """Whether this local hour lies in the quiet ones, which may reach over midnight; from = to: there are none."""
    begins: int = preference.quiet_from
    ends: int = preference.quiet_to
    if begins <= ends:
        return begins <= hour < ends
    return hour >= begins or hour < ends


def _next(hour: int, now: datetime, zone: ZoneInfo) -> datetime:
    """The next time that the clocks of the site show this hour."""
    today = now.astimezone(zone).date()
    moments = (datetime.combine(today + timedelta(days=days), time(hour), zone).astimezone(UTC) for days in (0, 1, 2))
    return next(moment for moment in moments if moment > now)
