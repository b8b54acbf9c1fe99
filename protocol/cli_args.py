"""Reading what the command line was given; what is malformed raises Malformed with one sentence."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from protocol.facts import Moment
from protocol.numbers import in_thousands, written
from protocol.partial_dates import PartialDate

EARLIEST, LATEST = 1900, 2200
MAX_VALUE = 1_000_000
_NUMBER = re.compile(r"\+?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


class Malformed(ValueError):
    """The input cannot be read; the message is one sentence for a person."""


def moment(name: str, text: str, place: str) -> Moment:
    """An ISO 8601 instant with the offset that the zone has then, or in UTC; or a local date."""
    try:
        if len(text) == 10:
            return in_range(name, date.fromisoformat(text))
        timestamp = datetime.fromisoformat(text)
    except ValueError as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(f"{name}: “{text[:40]}” is neither an ISO 8601 instant nor a date that exists.") from error
    if timestamp.tzinfo is None:
        raise Malformed(f"{name}: “{text[:40]}” has no offset; give one, such as 2016-03-08T14:05+01:00.")
    in_range(name, timestamp.date())
    return _on_clocks(name, text, timestamp, place)


def _on_clocks(name: str, text: str, timestamp: datetime, place: str) -> datetime:
    """Refuse a local time that the clocks of the place never showed: in the gap of spring, or beside another offset."""
    if not timestamp.utcoffset():
        return timestamp
    shown = timestamp.astimezone(ZoneInfo(place))
    if shown.replace(tzinfo=None) != timestamp.replace(tzinfo=None):
        raise Malformed(
            f"{name}: “{text[:40]}” never was on the clocks of {place}, which then showed {shown.isoformat()}; "
            "correct the time or its offset, give the zone, or give the instant in UTC."
        )
    return timestamp


def in_range(name: str, on: date) -> date:
    """Refuse years in which nothing of this study can have happened."""
    if not EARLIEST <= on.year <= LATEST:
        raise Malformed(f"{name}: the year {on.year} is not between {EARLIEST} and {LATEST}.")
    return on


def instant(name: str, text: str, place: str) -> datetime:
    """An instant; a date alone is refused."""
    timestamp = moment(name, text, place)
    if not isinstance(timestamp, datetime):
        raise Malformed(f"{name}: give the time as well, such as 2016-03-26T20:00+01:00.")
    return timestamp


def day(name: str, text: str) -> date:
    """A local date."""
    try:
        return in_range(name, date.fromisoformat(text))
    except ValueError as error:
        raise (
            error
            if isinstance(error, Malformed)
            else Malformed(f"{name}: “{text[:40]}” is not a date that exists; give it as 2016-03-12.")
        ) from error


def partial(name: str, text: str) -> PartialDate:
    """A date, a month or a year."""
    try:
        partial_date = PartialDate.parse(text)
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from error
    in_range(name, partial_date.earliest)
    return partial_date


def whole(name: str, text: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    digits = text[1:] if text[:1] in "+-" else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        raise Malformed(f"{name}: “{text[:40]}” is not a whole number.")
    if not low <= int(text) <= high:
        raise Malformed(f"{name}: {text[:40]} is not between {low} and {high}.")
    return int(text)


def number(name: str, text: str) -> Decimal:
    """A number from zero to a million, with a point before its decimals; exact, as it is written."""
    text = text.strip()
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise Malformed(f"{name}: “{text[:40]}” is not a number of zero or more, such as 2.4.")
    value = Decimal(text)
    if value > MAX_VALUE:
        raise Malformed(f"{name}: {text[:40]} is not between 0 and {MAX_VALUE}.")
    if text.endswith(".000") and (thousands := in_thousands(text)) is not None:
        raise Malformed(f"{name}: “{text}” can be read as {written(value)} or as {written(thousands)}.")
    return value


def answer(name: str, text: str) -> bool | None:
    """yes, no or unknown."""
    answers = {"yes": True, "no": False, "unknown": None}
    if text.lower() not in answers:
        raise Malformed(f"{name}: answer yes, no or unknown, not “{text[:40]}”.")
    return answers[text.lower()]


def one_of(name: str, text: str, codes: list[str]) -> str:
    """A code of a list."""
    if text not in codes:
        raise Malformed(f"{name}: “{text[:40]}” is not one of {', '.join(codes)}.")
    return text


def zone(name: str, text: str) -> str:
    """A time zone by its name."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Malformed(f"{name}: “{text[:40]}” is not a time zone, such as Europe/Amsterdam.") from error
    return text


def read_pairs(words: list[str], known: list[str]) -> dict[str, str]:
    """key=value pairs; an unknown or repeated key is refused, an empty value is not answered."""
    pairs: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise Malformed(f"“{word[:40]}” is not of the form key=value.")
        if key not in known:
            raise Malformed(f"“{key[:40]}” is not a key of this rule; it has {', '.join(known)}.")
        if key in pairs:
            raise Malformed(f"“{key}” is given twice.")
        pairs[key] = value.strip()
    return {key: value for key, value in pairs.items() if value}


def needed(pairs: dict[str, str], *names: str) -> None:
    """Refuse where a key without which nothing can be said is missing."""
    missing = [name for name in names if name not in pairs]
    if missing:
        raise Malformed(f"This rule needs {', '.join(missing)}.")


def field(where: str, table: Any, name: str) -> Any:
    """A member of a JSON object; absent is None."""
    if not isinstance(table, dict):
        raise Malformed(f"{where} must be a JSON object.")
    return table.get(name)
