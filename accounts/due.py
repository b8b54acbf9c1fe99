"""Whether something is due again, by when it was done last.

An instant in the future is that of a clock that was ahead and came back. It excuses nothing: what it says was done is
due now, what it holds up goes on, and what it lets live is over.
"""

from datetime import datetime, timedelta

from django.db.models import Q

SKEW = timedelta(minutes=1)  # by which the clocks of two machines may differ


def is_ahead(at: datetime | None, now: datetime) -> bool:
    """Whether this instant lies in the future, where nothing can have happened yet."""
    return at is not None and at > now + SKEW


def due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether it is to be done again: never done, too long ago, or in the future."""
    return last is None or now - last > every or is_ahead(last, now)


def ahead(column: str, now: datetime) -> Q:
    """Rows whose instant in this column lies in the future."""
    return Q(**{f"{column}__gt": now + SKEW})


def within(column: str, time: timedelta, now: datetime) -> Q:
    """Rows whose instant in this column is not longer ago than this, and not in the future."""
    return Q(**{f"{column}__gt": now - time, f"{column}__lte": now + SKEW})
