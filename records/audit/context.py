"""Telling PostgreSQL who writes and why; the audit trigger refuses a write without it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from accounts.models import Person
from records import personal_data

FIRST_ENTRY = "Data entry"  # the reason of what is entered for the first time


@contextmanager
def audit_context(by: Person, reason: str) -> Iterator[None]:
    """Tell PostgreSQL who writes and why, for this transaction only; the audit trigger refuses without it.

    ValidationError where somebody types a reason that seems to hold personal data.
    """
    reason = personal_data.settled(reason.strip(), timezone.localdate(), own={FIRST_ENTRY})
    nested = bool(connection.savepoint_ids)
    _tell(str(by.pk), by.signature, reason)
    yield
    if nested:  # the transaction goes on after us, and must not go on in our name
        _tell("", "", "")


def _tell(person: str, actor: str, reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('sbrtspine.person', %s, true), set_config('sbrtspine.actor', %s, true),"
            " set_config('sbrtspine.reason', %s, true)",
            [person, actor, reason],
        )
