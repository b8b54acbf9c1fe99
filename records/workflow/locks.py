"""Freezing and locking: a record, a visit, a participant or the study. The database itself refuses what is locked.

A freeze closes data entry for a while; it can still be compared and signed, and the data manager lifts it. A lock is
meant to stay: one person asks to unlock, with a reason, and another one agrees.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import text_input
from accounts.models import Person
from records.advisory_locks import AdvisoryLock
from records.audit.context import audit_context
from records.model.base import Audited, Record, VisitRecord
from records.model.participant import Participant

CONSTRAINT = "records_not_locked"  # the name under which the trigger refuses
REFUSED = gettext_lazy("This is locked: nothing is changed any more. Ask the data manager to unlock it.")


class Lock(Audited):
    """One closing of something, until it is released."""

    class Kind(models.TextChoices):
        FREEZE = "freeze", gettext_lazy("Frozen")
        LOCK = "lock", gettext_lazy("Locked")

    class Scope(models.TextChoices):
        RECORD = "record", gettext_lazy("this form")
        VISIT = "visit", gettext_lazy("the visit")
        PARTICIPANT = "participant", gettext_lazy("the participant")
        STUDY = "study", gettext_lazy("the study")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    scope = models.CharField(max_length=20, choices=Scope.choices)
    participant = models.ForeignKey("records.Participant", models.PROTECT, null=True, related_name="locks")
    visit = models.CharField(max_length=10, blank=True, default="")
    table = models.CharField(max_length=63, blank=True, default="")
    record_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=1000)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_because = models.CharField(max_length=1000, blank=True, default="")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_because = models.CharField(max_length=1000, blank=True, default="")

    about: str  # what people call the record that is closed: set by records.views.locks

    class Meta(Audited.Meta):
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "participant", "visit", "table", "record_id"],
                condition=models.Q(released_at__isnull=True),
                nulls_distinct=False,
                name="lock_once",
                violation_error_message=gettext_lazy("This is frozen or locked already."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="freeze")
                | models.Q(released_at__isnull=True)
                | (models.Q(asked_by__isnull=False) & ~models.Q(asked_by=models.F("released_by"))),
                name="lock_released_by_two",
                violation_error_message=gettext_lazy("One person asks to unlock, another one agrees."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_scope_display()}"


def target(
    scope: str, participant: Participant | None = None, visit: str = "", record: Record | None = None
) -> dict[str, Any]:
    """What a lock is about, as its columns."""
    columns: dict[str, Any] = {"scope": scope, "participant": participant, "visit": "", "table": "", "record_id": None}
    if scope == Lock.Scope.VISIT:
        columns["visit"] = visit
    elif scope == Lock.Scope.RECORD and record is not None:
        columns |= {"table": record._meta.db_table, "record_id": record.pk}
    return columns


def close(what: dict[str, Any], kind: str, *, by: Person, reason: str, now: datetime) -> Lock:
    """Freeze or lock; writes under way are waited for, later ones are refused. ValidationError where it is so already.

    Locking what is frozen lifts the freeze in the same transaction.
    """
    reason = text_input.reason(reason)
    try:
        with transaction.atomic():
            _alone(what["participant"])
            with audit_context(by, reason):
                if kind == Lock.Kind.LOCK:
                    Lock.objects.filter(**what, kind=Lock.Kind.FREEZE, released_at=None).update(
                        released_at=now, released_by=by, released_because=reason
                    )
                return Lock.objects.create(**what, kind=kind, reason=reason, made_at=now, made_by=by)
    except IntegrityError as error:
        raise ValidationError(_("This is frozen or locked already.")) from error


def ask(lock: Lock, *, by: Person, reason: str, now: datetime) -> Lock:
    """Lift a freeze; or ask that a lock be opened, which another person must agree to."""
    reason = text_input.reason(reason)
    with transaction.atomic():
        lock = _unreleased(lock)
        if lock.asked_by_id == by.pk:
            return lock
        with audit_context(by, reason):
            if lock.kind == Lock.Kind.FREEZE:
                lock.released_at, lock.released_by, lock.released_because = now, by, reason
            else:
                lock.asked_at, lock.asked_by, lock.asked_because = now, by, reason
            lock.save()
    return lock


def agree(lock: Lock, *, by: Person, now: datetime) -> Lock:
    """Open a lock that somebody else asked to open."""
    with transaction.atomic():
        lock = _unreleased(lock)
        if lock.asked_by_id is None:
            raise ValidationError(_("Nobody has asked to unlock this."))
        if lock.asked_by_id == by.pk:
            raise ValidationError(_("You asked to unlock this yourself: somebody else has to agree."))
        with audit_context(by, lock.asked_because):
            lock.released_at, lock.released_by, lock.released_because = now, by, lock.asked_because
            lock.save()
    return lock


def covering(participant: Participant | int | None) -> list[Lock]:
    """Everything that is closed for a participant (or its id; None: for the study), the study's lock first."""
    locks = Lock.objects.filter(
        models.Q(participant=participant) | models.Q(participant=None), released_at__isnull=True
    ).select_related("made_by", "asked_by")
    return strongest_first(locks)


def strongest_first(locks: Iterable[Lock]) -> list[Lock]:
    """Locks before freezes, the wider before the narrower."""
    order = [Lock.Scope.STUDY, Lock.Scope.PARTICIPANT, Lock.Scope.VISIT, Lock.Scope.RECORD]
    return sorted(locks, key=lambda lock: (lock.kind != Lock.Kind.LOCK, order.index(Lock.Scope(lock.scope))))


def lock_over(record: Record, standing: list[Lock]) -> Lock | None:
    """The lock under which a record is, the strongest first."""
    return next((lock for lock in standing if _covers(lock, record)), None)


def _covers(lock: Lock, record: Record) -> bool:
    if lock.scope == Lock.Scope.RECORD:
        return lock.table == record._meta.db_table and lock.record_id == record.pk
    if lock.scope == Lock.Scope.VISIT:
        return isinstance(record, VisitRecord) and record.visit == lock.visit
    return True


def _alone(participant: Participant | None) -> None:
    """Wait until nobody writes what is being closed; later writers wait for us, and then find the lock."""
    key = (AdvisoryLock.STUDY, 0) if participant is None else (AdvisoryLock.PARTICIPANT, participant.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", key)


def _unreleased(lock: Lock) -> Lock:
    current = Lock.objects.select_for_update().get(pk=lock.pk)
    if current.released_at is not None:
        raise ValidationError(_("This has been opened already."))
    return current
