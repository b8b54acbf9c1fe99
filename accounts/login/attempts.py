"""Failed tries are counted by who is meant *and* where they come from, so that a stranger slows down only himself.

docs/adr/0021: by name and address, by name and known device, and slowly by name alone for devices never seen before.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models

from accounts import due


class Attempt(models.Model):
    """A try that has not succeeded. Only for counting: the evidence is in accounts.security_log."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["key", "at"], name="attempt_key_at")]

    def __str__(self) -> str:
        return self.key


@dataclass(frozen=True)
class Limit:
    """So many tries in so long a time."""

    tries: int
    within: timedelta


PLACE = Limit(10, timedelta(minutes=15))  # one name from one address, from one known device, or in one signing dialog
NAME = Limit(100, timedelta(days=1))  # one name from all addresses together; a known device is not asked about it


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def keys(username: str, address: str, *, device: str = "") -> dict[str, Limit]:
    """What a try to log in counts for. `device`: this browser, where that person has come in with it before."""
    name = username.casefold()
    if device:
        return {_key("device", name, device): PLACE}
    return {_key("address", name, address): PLACE, _key("name", name): NAME}


def signing_keys(username: str) -> dict[str, Limit]:
    """What a try in the signing dialog counts for: only who is logged in under that name gets there."""
    return {_key("signing", username): PLACE}


def begin(counted: dict[str, Limit], now: datetime) -> tuple[bool, bool]:
    """Count a try before it is judged, so that a hundred at once are a hundred. Over a limit? For the first time?"""
    longest = max(limit.within for limit in counted.values())
    Attempt.objects.filter(due.ahead("at", now) | models.Q(at__lt=now - longest), key__in=counted).delete()
    Attempt.objects.bulk_create([Attempt(key=key, at=now) for key in counted])
    over = first = False
    for key, limit in counted.items():
        tries = Attempt.objects.filter(due.within("at", limit.within, now), key=key).count()
        over |= tries > limit.tries
        first |= tries == limit.tries + 1
    return over, first


def succeeded(counted: dict[str, Limit]) -> None:
    """The owner was there: what failed from this place before was a slip of the hand."""
    places = [key for key, limit in counted.items() if limit is PLACE]
    Attempt.objects.filter(key__in=places).delete()
    for key in set(counted) - set(places):  # by name alone only this one try is taken back
        last = Attempt.objects.filter(key=key).order_by("-pk").values("pk")[:1]
        Attempt.objects.filter(pk__in=last).delete()
