"""The write door. Every clinical write goes through `write` or `void`; the database refuses any other."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import text_input
from accounts.models import Person
from records import numbers, selectors
from records.audit.context import FIRST_ENTRY, audit_context
from records.entry import changed
from records.model.base import ItemGroupRecord, ParticipantRecord, Record, RepeatingRecord, Status
from records.model.fields import Text
from records.workflow import attestations, locks, source_verification, states

Written = TypeVar("Written", bound=Record)
Form = TypeVar("Form", bound=ParticipantRecord)


class Stale(Exception):
    """Somebody else saved this record since it was opened; `current` is what it holds now."""

    def __init__(self, current: Record) -> None:
        super().__init__(_("Somebody else has saved this form since you opened it."))
        self.current = current


def write(
    record: Written,
    *,
    by: Person,
    reason: str = "",
    version: int,
    complete: bool = False,
    rows: Sequence[ItemGroupRecord] = (),
    removed: Sequence[ItemGroupRecord] = (),
    now: datetime | None = None,
) -> Written:
    """Save a record and the rows inside it, in one transaction, saying who and why; `removed` rows are voided.

    `version` is the one that was opened (0: new). Raises Stale, or ValidationError with sentences by field.
    A record that has been complete stays complete, and every change of it wants a reason, but for what a specialist
    judges for the first time. Where nothing changes nothing is written, and the version stays.
    """
    now = now or timezone.now()
    with transaction.atomic():
        before = _lock(record, version)
        _keep_texts(record, rows)
        names: list[str] = []
        if before is not None:
            completes = complete and before.status != Status.COMPLETE
            rows = rows if completes else changed.rows(rows)
            names = changed.answers(before, record)
            if not (completes or names or rows or removed):
                return record
        reason = _reason(before, reason, [] if rows or removed else names)
        _stamp(record, before, by, now, complete)
        _validate(record, rows)
        with audit_context(by, reason):
            for row in removed:
                row.voided_at, row.voided_by, row.void_reason = now, by, reason
            _save(record, [*rows, *removed], by, now)
            if before is not None and before.status == Status.COMPLETE:
                source_verification.lose_what_changed([record, *rows], removed, now)
    return record


def void(record: Written, *, by: Person, reason: str, version: int, now: datetime | None = None) -> Written:
    """Take a record out of the count; it stays readable, with its history and this reason."""
    now = now or timezone.now()
    reason = text_input.reason(reason, empty=_("Say why this record is void."))
    with transaction.atomic():
        current = _lock(record, version)
        if current is None:
            raise ValidationError(_("This record was never saved."))
        if refused := states.refusal(current, "void"):
            raise ValidationError(refused)
        current.version += 1
        current.updated_at = current.voided_at = now
        current.updated_by = current.voided_by = by
        current.void_reason = reason
        try:
            with transaction.atomic(savepoint=False), audit_context(by, reason):
                current.save(force_update=True)
        except IntegrityError as error:
            raise ValidationError(_sentence(current, error)) from error
    return current


def as_opened(record: Form, *, version: int, action: str) -> Form:
    """The record as stored and locked, for an act that changes none of its answers.

    Within the caller's transaction; raises as `write` does where it is not what was opened, or its state refuses.
    """
    current = _lock(record, version)
    if current is None:
        raise ValidationError(_("This form has not been saved yet."))
    attestations.load([current], {attestations.key(current): selectors.child_rows(current)})
    if refused := states.refusal(current, action):
        raise ValidationError(refused)
    return current


def claim_version(current: Record, *, by: Person, reason: str) -> None:
    """Raise the version of what `as_opened` gave: a page that was opened before finds its own stale."""
    current.version += 1
    try:
        with transaction.atomic(), audit_context(by, reason):
            current.save(update_fields=["version"])
    except IntegrityError as error:
        raise ValidationError(_sentence(current, error)) from error


def _lock(record: Written, version: int) -> Written | None:
    """The record as the database has it, locked; None for a new one."""
    if record.pk is None:
        if version != 0:
            raise ValidationError(_("This record was never saved."))
        return None
    current = type(record)._default_manager.select_for_update(of=("self",)).get(pk=record.pk)
    if current.version != version:
        raise Stale(current)
    if current.is_void:
        raise ValidationError(states.refusal(current, "save"))
    return current


def _reason(before: Record | None, reason: str, names: Sequence[str]) -> str:
    """A change of what has been complete needs a reason; first entry explains itself. `names`: all that changes."""
    if before is not None and before.status == Status.COMPLETE and not changed.is_first_judgement(before, names):
        return text_input.reason(reason, empty=_("Say why: this form has been complete."))
    return text_input.reason(reason if text_input.sought(reason) else FIRST_ENTRY)


def _keep_texts(record: Record, rows: Sequence[ItemGroupRecord]) -> None:
    """Texts as they are kept, before it is asked what differs; what may not be kept is said by `_validate`."""
    for part in (record, *rows):
        for field in part._meta.local_fields:
            if isinstance(field, Text):
                with suppress(ValidationError):
                    setattr(part, field.attname, field.kept(getattr(part, field.attname)))


def _stamp(record: Record, before: Record | None, by: Person, now: datetime, complete: bool) -> None:
    """Who, when and which version: set here, never by a form."""
    if before is None:
        record.version, record.created_at, record.created_by = 0, now, by
        if isinstance(record, RepeatingRecord):
            record.number = numbers.following(type(record), record.participant_id)
    else:
        record.status, record.completed_at = before.status, before.completed_at
        record.version, record.created_at, record.created_by_id = (
            before.version, before.created_at, before.created_by_id,
        )  # fmt: skip
    record.version += 1
    record.updated_at, record.updated_by = now, by
    if complete and record.status != Status.COMPLETE:
        record.status, record.completed_at = Status.COMPLETE, now


def _validate(record: Record, rows: Sequence[ItemGroupRecord]) -> None:
    for part in (record, *rows):
        links = {field.name for field in part._meta.local_fields if isinstance(field, models.ForeignKey)}
        part.full_clean(exclude=links, validate_unique=False)
        part.validate_constraints()
    if record.status == Status.COMPLETE:
        missing = {field.name: _("Answer this, or say why there is no answer.") for field in record.unanswered()}
        if missing:
            raise ValidationError(missing)


def _save(record: Record, rows: Sequence[ItemGroupRecord], by: Person, now: datetime) -> None:
    """Insert or update, rows after their form; what a unique constraint refuses is said in its words."""
    try:
        with transaction.atomic(savepoint=False):
            new = record.pk is None
            record.save(force_insert=new, force_update=not new)
            if isinstance(record, ParticipantRecord):
                _save_rows(rows, record, by, now)
    except IntegrityError as error:
        raise ValidationError(_sentence(record, error)) from error


def _save_rows(rows: Sequence[ItemGroupRecord], record: ParticipantRecord, by: Person, now: datetime) -> None:
    """One statement for the new rows and one for the changed ones of each kind, however many there are."""
    for row in rows:
        if row.pk is None:
            row.created_at, row.created_by = now, by
            row.participant_id = record.participant_id
            setattr(row, row.parent_field, record)
        row.version += 1
        row.status, row.completed_at = record.status, record.completed_at
        row.updated_at, row.updated_by = now, by
    for model in {type(row) for row in rows}:
        mine = [row for row in rows if type(row) is model]
        columns = [field.name for field in model._meta.local_concrete_fields if not field.primary_key]
        if new := [row for row in mine if row.pk is None]:
            model._default_manager.bulk_create(new)
        if changed := [row for row in mine if row not in new]:
            model._default_manager.bulk_update(changed, columns)


def _sentence(record: Record, error: IntegrityError) -> str:
    """The words of the constraint that refused."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    for constraint in (*record._meta.total_unique_constraints, *record._meta.constraints):
        if constraint.name == name:
            return str(constraint.get_violation_error_message())
    if name == locks.CONSTRAINT:
        return str(locks.REFUSED)
    if name.endswith("entry_key"):
        return _("This form was saved a moment ago; it is not saved twice.")
    return _("This cannot be saved as it is: it contradicts a rule of the database (%(name)s).") % {"name": name}
