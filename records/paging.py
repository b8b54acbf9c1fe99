"""Which part of a long list an address asks for; nonsense is the first."""

import re


def number(typed: str) -> int:
    """A page, counted from 1."""
    return max(1, int(typed)) if re.fullmatch("[0-9]{1,5}", typed) else 1


def before(typed: str) -> int | None:
    """The key of a row, to go on with what was written before it."""
    return int(typed) if re.fullmatch("[0-9]{1,18}", typed) else None
