"""Dates and clock times as people type them, read on the clocks of one site.

A clock time that does not exist (spring) is refused, one that happens twice (autumn) is asked about.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import dateformat
from django.utils.translation import gettext as _

from protocol.cli_args import EARLIEST, LATEST
from protocol.numbers import bare
from protocol.partial_dates import PartialDate

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january januari", "feb february februari", "mar march mrt maart", "apr april",
            "may mei", "jun june juni", "jul july juli", "aug august augustus", "sep sept september",
            "oct october okt oktober", "nov november", "dec december",
        ],
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})[-/. ]*([a-z]+)\.?[-/. ]*(\d{4}|\d{2})", re.ASCII)
_DAYS_AGO = re.compile(r"-(\d{1,4})d", re.ASCII)
_TIME = re.compile(r"(\d{1,2})[:.h]?([0-5]\d)", re.ASCII)
_YEAR = re.compile(r"(\d{4})", re.ASCII)
_ISO_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_MONTH_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{4})", re.ASCII)
_NAMED_MONTH = re.compile(r"([a-z]+)\.?[- ](\d{4})", re.ASCII)


def read_date(typed: str, today: date) -> date:
    """A date typed as 2016-03-08, 8-3-16, 8/3/2016, 8 mrt 2016, today, or -3d (three days ago)."""
    text = bare(typed).lower()
    if text in ("today", "vandaag"):
        return today
    if ago := _DAYS_AGO.fullmatch(text):
        return today - timedelta(days=int(ago[1]))
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = int(match[1]), int(match[2]), _year(match[3], today)
    elif (match := _NAMED.fullmatch(text)) and match[2] in _MONTHS:
        day, month, year = int(match[1]), _MONTHS[match[2]], _year(match[3], today)
    else:
        raise ValidationError(
            _("“%(typed)s” is not a date. Type it as 2016-03-08, 8-3-2016 or 8 mar 2016.") % {"typed": typed[:40]}
        )
    return _existing(year, month, day, typed)


def _year(digits: str, today: date) -> int:
    """Four digits are the year itself; two are the one that lies between 98 years ago and next year."""
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (2000 if int(digits) <= today.year % 100 + 1 else 1900)


def _existing(year: int, month: int, day: int, typed: str) -> date:
    if year < EARLIEST:
        raise ValidationError(_("“%(typed)s”: the year must be 1900 or later.") % {"typed": typed[:40]})
    try:
        calendar_day = date(year, month, day)
    except ValueError as error:
        raise ValidationError(_("“%(typed)s” does not exist on the calendar.") % {"typed": typed[:40]}) from error
    not_later(calendar_day, date(LATEST, 12, 31), typed)
    return calendar_day


def not_later(earliest: date, today: date, typed: str) -> None:
    """Refuse what has not happened yet: a record says what was, and 9999 is no date."""
    if earliest > today:
        raise ValidationError(_("“%(typed)s” is in the future. Check the year.") % {"typed": typed[:40]})


def read_partial(typed: str, today: date) -> str:
    """As read_date, or only a year (2016) or a month (2016-03, 3-2016, mar 2016); answers in ISO form."""
    text = bare(typed).lower()
    if _YEAR.fullmatch(text):
        year, month = int(text), None
    elif match := _ISO_MONTH.fullmatch(text):
        year, month = int(match[1]), int(match[2])
    elif match := _MONTH_FIRST.fullmatch(text):
        year, month = int(match[2]), int(match[1])
    elif (match := _NAMED_MONTH.fullmatch(text)) and match[1] in _MONTHS:
        year, month = int(match[2]), _MONTHS[match[1]]
    else:
        return read_date(typed, today).isoformat()
    _existing(year, 1 if month is None else month, 1, typed)
    return f"{year:04}" if month is None else f"{year:04}-{month:02}"


def read_time(typed: str) -> time:
    """A clock time typed as 14:05, 1405 or 9.30, on a 24-hour clock; 24:00 is refused with a hint."""
    text = bare(typed).lower()
    match = _TIME.fullmatch(text)
    if not match:
        raise ValidationError(_("“%(typed)s” is not a time. Type it as 14:05 or 1405.") % {"typed": typed[:40]})
    hour, minute = int(match[1]), int(match[2])
    if hour == 24:
        raise ValidationError(_("There is no 24:%(minute)s. Midnight is 00:00 of the next day.") % {"minute": match[2]})
    if hour > 24:
        raise ValidationError(_("“%(typed)s” is not a time: hours go from 00 to 23.") % {"typed": typed[:40]})
    return time(hour, minute)


def happens_twice(day: date, clock: time, zone: ZoneInfo) -> bool:
    """Whether this local time occurs twice, as the clocks go back."""
    first = datetime.combine(day, clock, zone)
    return first.timestamp() < first.replace(fold=1).timestamp()


def read_instant(day: date, clock: time, zone: ZoneInfo, which: str = "") -> datetime:
    """The instant of a local date and time; `which` is "1" or "2" where the time happens twice."""
    local = datetime.combine(day, clock, zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValidationError(
            _("%(time)s did not exist on %(day)s: the clocks went forward that night.")
            % {"time": f"{clock:%H:%M}", "day": f"{day:%-d %b %Y}"}
        )
    if happens_twice(day, clock, zone):
        if which not in ("1", "2"):
            raise ValidationError(
                _("%(time)s happened twice on %(day)s, when the clocks went back. Say which one.")
                % {"time": f"{clock:%H:%M}", "day": f"{day:%-d %b %Y}"},
                code="twice",
            )
        return local.replace(fold=int(which) - 1)
    return local


def in_full(value: datetime | date | PartialDate | None, zone: ZoneInfo) -> str:
    """What was understood, said so that a slip of the hand is seen: Tuesday 8 March 2016, 14:05."""
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return f"{in_full(local.date(), zone)}, {local:%H:%M}"
    if isinstance(value, PartialDate):
        form = {"year": "Y", "month": "F Y", "day": "l j F Y"}[value.precision]
        return dateformat.format(value.earliest, form)
    return dateformat.format(value, "l j F Y") if value else ""
