"""How a number may be written and what it can mean: one reader for the pages, the tables and the command line.

A point or a comma stands before the decimals. Between thousands nothing stands; what looks as if something did
is recognised, so that a number with two readings is refused with both of them and never stored as one of the two.
"""

import re
import unicodedata
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

MAX_LENGTH = 25  # characters; Decimal is exact up to 28 digits
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)")
_IN_THOUSANDS = re.compile(r"([+-]?[1-9][0-9]{0,2}(?:([.,'’]|\s)[0-9]{3})(?:\2[0-9]{3})*)([.,][0-9]+)?")


def bare(typed: str) -> str:
    """Without blanks and invisible characters at either end, and with a hyphen for a typeset minus."""
    seen = [at for at, letter in enumerate(typed) if not (letter.isspace() or unicodedata.category(letter) == "Cf")]
    return typed[seen[0] : seen[-1] + 1].replace("\u2212", "-") if seen else ""


def plain(typed: str) -> Decimal | None:
    """The number, without anything between its thousands; None for what is none, or is too long to be meant."""
    text = bare(typed)
    if len(text) > MAX_LENGTH or not _PLAIN.fullmatch(text):
        return None
    return Decimal(text.replace(",", ".")) + 0  # + 0: there is no minus nought


def in_thousands(typed: str) -> Decimal | None:
    """The number if its separators stand between thousands: 1.000, 1 000 and 1,000.5 have such a reading."""
    text = bare(typed)
    parts = _IN_THOUSANDS.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if parts is None or (parts[3] and parts[3][0] == parts[2]):
        return None
    whole = parts[1].replace(parts[2], "")
    return Decimal(whole + (parts[3] or "").replace(",", "."))


def exact(number: Decimal | float | str) -> Decimal:
    """A number as it is written in decimals: 6.2 is 6.2 and not the double beside it."""
    return number if isinstance(number, Decimal) else Decimal(str(number))


def neighbours(value: Decimal, places: int) -> tuple[Decimal, Decimal]:
    """The nearest numbers below and above that have so many decimals; both are the value where it has."""
    step = Decimal(1).scaleb(-places)
    return value.quantize(step, ROUND_FLOOR), value.quantize(step, ROUND_CEILING)


def written(value: Decimal) -> str:
    """As one types it: 1000 and 5.3, neither 1E+3 nor 5.30."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
