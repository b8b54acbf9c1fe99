"""Every account is looked at again from time to time: is it still needed? Who said so and when is never changed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction

from accounts.due import due
from accounts.person import Person
from accounts.security_log import Act, log

EVERY = timedelta(days=180)
DORMANT_AFTER = timedelta(days=90)


class Recertification(models.Model):
    """Somebody looked, and the account is still needed."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="recertifications")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.person} {self.at:%Y-%m-%d}"


def confirm(people: list[Person], *, by: Person, now: datetime) -> None:
    """These accounts are still needed."""
    with transaction.atomic():
        Recertification.objects.bulk_create([Recertification(person=person, at=now, by=by) for person in people])
        for person in people:
            log(Act.What.RECERTIFIED, now=now, by=by, person=person)


def is_dormant(person: Person, now: datetime) -> bool:
    """Nobody has logged in for three months, or ever since the invitation."""
    return person.is_active and due(person.last_login or person.date_joined, DORMANT_AFTER, now)
