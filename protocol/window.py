"""Treatment window: surgery starts within 48 elapsed hours of the last beam (study.md 3.3)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from protocol.facts import Moment, TreatmentFacts, zone_of
from protocol.study import STUDY

WINDOW = timedelta(hours=STUDY.window["hours"])
WARNING = timedelta(hours=STUDY.window["warn_hours"])
FLAG = timedelta(hours=STUDY.window["flag_hours"])
_INSTANT = timedelta(microseconds=1)
_LAST_YEAR = 9000
_FAR = datetime(_LAST_YEAR, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """planned, open, compliant, late, not done, reversed, sbrt incomplete or undetermined; hours are elapsed hours."""

    verdict: str
    because: str
    closes_at: datetime | None = None
    warn_at: datetime | None = None
    elapsed_hours: float | None = None
    within_24h: bool | None = None
    earliest_hours: float | None = None
    latest_hours: float | None = None


def bounds(moment: datetime | date, zone: str) -> tuple[datetime, datetime]:
    """The first and last instant a moment can be, in UTC: both the same where it is known.

    What lies beyond the year 9000 ("9999: unknown") is that year, so that hours can always be added to it.
    """
    if moment.year > _LAST_YEAR:
        return _FAR, _FAR
    if isinstance(moment, datetime):
        return moment.astimezone(UTC), moment.astimezone(UTC)
    start = datetime.combine(moment, time(), zone_of(zone)).astimezone(UTC)
    end = datetime.combine(moment + timedelta(days=1), time(), zone_of(zone)).astimezone(UTC) - _INSTANT
    return start, end


def treatment_window(facts: TreatmentFacts, now: Moment) -> Window:
    """Judge one participant at `now`; the closing instant itself is still inside."""
    if not facts.sbrt_complete:
        return Window("sbrt incomplete", "SBRT was not delivered completely, so the window cannot be judged")
    if facts.sbrt_end is None:
        if facts.incision is None:
            return Window("planned", "the end of SBRT has not been recorded")
        return Window("undetermined", "surgery is recorded, but the end of SBRT is not")
    beam_off = bounds(facts.sbrt_end, facts.zone)
    known = isinstance(facts.sbrt_end, datetime)
    closes_at = beam_off[0] + WINDOW if known else None
    warn_at = beam_off[0] + WARNING if known else None
    if facts.incision is None:
        verdict, because = _awaiting(facts, beam_off, now)
        return Window(verdict, because, closes_at, warn_at)
    return _operated(facts, beam_off, closes_at, warn_at)


def _awaiting(facts: TreatmentFacts, beam_off: tuple[datetime, datetime], now: Moment) -> tuple[str, str]:
    """Without a knife time: open, not done, or undetermined where only days are known."""
    if facts.surgery_cancelled:
        return "not done", "surgery was cancelled after SBRT"
    if now is None:
        raise ValueError("Without a time of surgery the window can only be judged at a given “now”.")
    first, last = bounds(now, facts.zone)
    if last <= beam_off[0] + WINDOW:
        return "open", f"SBRT has ended and the {STUDY.window['hours']} hours are not over"
    if first > beam_off[1] + WINDOW:
        return "not done", f"{STUDY.window['hours']} hours after SBRT no surgery is recorded"
    return "undetermined", "the end of SBRT is known to the day only, so the window may or may not be over"


def _operated(
    facts: TreatmentFacts, beam_off: tuple[datetime, datetime], closes_at: datetime | None, warn_at: datetime | None
) -> Window:
    """With a knife time: the verdict of the earliest and of the latest interval, where both agree."""
    if facts.incision is None:
        raise ValueError("The time of surgery is needed.")
    knife = bounds(facts.incision, facts.zone)
    shortest, longest = knife[0] - beam_off[1], knife[1] - beam_off[0]
    exact = shortest == longest
    verdicts = {_judge(shortest), _judge(longest)}
    bounded = {} if exact else {"earliest_hours": _hours(shortest), "latest_hours": _hours(longest)}
    # Between the two ends lies "compliant": reversed at one end and late at the other is no agreement either.
    verdict = verdicts.pop() if len(verdicts) == 1 else "undetermined"
    return Window(
        verdict,
        _because(verdict, shortest, longest),
        closes_at,
        warn_at,
        elapsed_hours=_hours(shortest) if exact else None,
        within_24h=_within(shortest, longest),
        **bounded,
    )


def _judge(elapsed: timedelta) -> str:
    if elapsed <= timedelta():
        return "reversed"
    return "compliant" if elapsed <= WINDOW else "late"


def _within(shortest: timedelta, longest: timedelta) -> bool | None:
    """Certainly within 24 hours, certainly not, or not to be told."""
    if timedelta() < shortest and longest <= FLAG:
        return True
    return False if shortest > FLAG or longest <= timedelta() else None


def _hours(elapsed: timedelta) -> float:
    return round(elapsed.total_seconds() / 3600, 4)


def _because(verdict: str, shortest: timedelta, longest: timedelta) -> str:
    hours = STUDY.window["hours"]
    if shortest != longest:
        span = f"between {_hours(shortest):g} and {_hours(longest):g} elapsed hours after SBRT"
        return f"knife to skin was {span}" + ("" if verdict != "undetermined" else ": a time is needed to tell")
    if verdict == "reversed":
        return "knife to skin is not later than the end of SBRT"
    beside = "within" if verdict == "compliant" else "more than"
    return f"knife to skin {_hours(shortest):g} elapsed hours after SBRT, {beside} {hours}"


def sensitivity_hours(facts: TreatmentFacts) -> dict[str, float | None]:
    """The other readings of "within 48 hours": from SBRT start to knife, and to skin closed; elapsed hours."""
    return {
        "sbrt_start_to_incision": _between(facts.sbrt_start, facts.incision),
        "sbrt_start_to_closed": _between(facts.sbrt_start, facts.closed),
    }


def _between(start: Moment, end: Moment) -> float | None:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return _hours(end.astimezone(UTC) - start.astimezone(UTC))
    return None
