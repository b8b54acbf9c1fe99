"""What becomes of a form that was sent: saved, refused with sentences, or in conflict with somebody who was quicker."""

from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from accounts.models import Person
from records import personal_data, selectors, services
from records.audit.context import FIRST_ENTRY
from records.entry import conflicts, drafts, sent_rows, target
from records.entry.target import FormTarget
from records.model.base import ItemGroupRecord, ParticipantRecord, Record, Status
from records.model.fields import Text
from records.model.forms import CrfForm, CrfRows
from records.models import AuditRow


@dataclass
class Outcome:
    """The status (302 saved, 422 refused, 409 conflict), the form to show, and what differs from others' values.

    `unchanged`: all of it stood there already, and nothing was written.
    """

    status: int
    form: CrfForm
    rows: dict[str, CrfRows]
    conflict: dict[str, Any] | None = None
    unchanged: bool = False


def submit(place: FormTarget, person: Person, now: datetime, data: Any) -> Outcome:
    """Try to save what was sent. Nothing of it is written unless all of it is."""
    form = target.form_of(place, person, now, data)
    rows = target.rows_of(place, form, data)
    if place.record.pk and str(form["version"].value() or 0) != str(place.record.version):
        current = place.model._default_manager.get(pk=place.record.pk)
        return _sent_twice(place, person, now, data, current) or _conflict(place, person, form, rows, current)
    if not _valid(form, rows):
        return Outcome(422, form, rows)
    stands = {field.attname: getattr(place.record, field.attname) for field in Record._meta.local_fields}
    try:
        services.write(
            form.instance,
            by=person,
            reason=form.cleaned_data.get("reason", ""),
            version=form.cleaned_data["version"] or 0,
            complete=data.get("action") == "complete",
            rows=_written(form, rows),
            removed=[row.instance for formset in rows.values() for row in formset.removed()],
            now=now,
        )
    except services.Stale as stale:
        if not isinstance(stale.current, ParticipantRecord):
            raise
        again = _sent_twice(place, person, now, data, stale.current)
        return again or _conflict(place, person, form, rows, stale.current)
    except ValidationError as error:
        for name, value in stands.items():  # the page says what is stored, not what was tried
            setattr(form.instance, name, value)
        _tell(form, error)
        return Outcome(422, form, rows)
    return Outcome(302, form, rows, unchanged=form.instance.version == stands["version"])


def _valid(form: CrfForm, rows: dict[str, CrfRows]) -> bool:
    valid = form.is_valid()
    if not all([formset.is_valid() for formset in rows.values()]):
        return False
    form.check_rows(rows)
    _look_for_personal_data(form, rows)
    return valid and not form.errors and not any(row.errors for formset in rows.values() for row in formset)


def _look_for_personal_data(form: CrfForm, rows: dict[str, CrfRows]) -> None:
    """Every free text that is new, of the form and of the rows inside it, and the reason: looked at together."""
    parts = {form.prefix or "": form} | {row.prefix: row for formset in rows.values() for row in formset.kept()}
    texts, labels = {}, {}
    for prefix, part in parts.items():
        for name in part.changed_data:
            text = part.cleaned_data.get(name)
            if isinstance(text, str) and (name == "reason" or isinstance(part.crf.get(name), Text)):
                texts[f"{prefix} {name}"] = text
                labels[f"{prefix} {name}"] = f"“{part.fields[name].label}”"
    for key, sentence in personal_data.check(texts, form.now.astimezone(form.zone).date(), labels).items():
        prefix, name = key.rsplit(" ", 1)
        parts[prefix].add_error(name, sentence)


def already_saved(place: FormTarget, person: Person, now: datetime, data: Any) -> FormTarget | None:
    """The record that this very page has made already, where a second sending says nothing new.

    A double click saves once; but a second sending that differs is a conflict, and "Complete" after "Save" completes.
    """
    entry = target.entry_of(data)
    if entry is None or data.get("version", "0") not in ("", "0"):
        return None
    existing = place.model._default_manager.filter(entry=entry, participant=place.participant).first()
    if existing is None:
        if place.record.pk is None:
            place.record.entry = entry
        return None
    stored_place, same = _compared(place, person, now, data, existing)
    if same and (data.get("action") != "complete" or existing.status == Status.COMPLETE):
        return stored_place
    place.record = stored_place.record
    if same:
        data["version"] = str(existing.version)
    return None


def _sent_twice(
    place: FormTarget, person: Person, now: datetime, data: Any, current: ParticipantRecord
) -> Outcome | None:
    """Of a double click the second sending: what the same person saved last is what was sent, so it is answered alike.

    "Complete" after "Save draft" completes. None where somebody else saved, or anything differs: that is a conflict.
    """
    if current.updated_by_id != person.pk or current.is_void or data.get("version") != str(current.version - 1):
        return None
    stored_place, same = _compared(place, person, now, data, current)
    if not same or not _same_reason(current, data.get("reason", "").strip()):
        return None
    if data.get("action") == "complete" and current.status != Status.COMPLETE:
        sent = data.copy()
        sent["version"] = str(current.version)
        return submit(stored_place, person, now, sent)
    drafts.forget(person, stored_place.url())
    form = target.form_of(stored_place, person, now)
    return Outcome(302, form, target.rows_of(stored_place, form))


def _compared(
    place: FormTarget, person: Person, now: datetime, data: Any, stored: ParticipantRecord
) -> tuple[FormTarget, bool]:
    """The form as it is stored, and whether what was sent is just that."""
    stored.participant = place.participant
    stored_place = FormTarget(place.participant, place.model, stored, place.visit)
    tried = replace(stored_place, record=copy(stored))
    form = target.form_of(tried, person, now, data)
    rows = target.rows_of(tried, form, _as_they_are(data, form))
    form.is_valid()
    return stored_place, not form.changes() and not any(_differs(formset) for formset in rows.values())


def _same_reason(current: Record, typed: str) -> bool:
    """Whether the last save gave this reason; who gave none then gives none now."""
    last = AuditRow.objects.filter(table=current._meta.db_table, record_id=current.pk).order_by("-id")
    reason = last.values_list("reason", flat=True).first() or ""
    return reason.startswith(typed or FIRST_ENTRY) if current.status == Status.COMPLETE or typed else True


def _as_they_are(data: Any, form: CrfForm) -> Any:
    """The first sending could not name its new rows, which did not exist yet: they are meant by their order."""
    sent = data.copy()
    for prefix, row_form in form.row_forms.items():
        counted = sent_rows.count(prefix, data) or 0
        named = {data.get(f"{prefix}-{index}-entry", "") for index in range(counted)}
        rows = selectors.rows(row_form.row_model(), form.instance)
        left = iter([str(row.entry) for row in rows if str(row.entry) not in named])
        for index in range(counted):
            if not data.get(f"{prefix}-{index}-entry") and _holds(data, f"{prefix}-{index}-"):
                sent[f"{prefix}-{index}-entry"] = next(left, "")
    return sent


def _holds(data: Any, prefix: str) -> bool:
    return any(value.strip() for name, value in data.items() if name.startswith(prefix))


def _differs(formset: CrfRows) -> bool:
    """Whether a row that counts holds something else than its record, or is still to be removed."""
    if not formset.is_valid():
        return True
    return bool(formset.removed()) or any(row.has_changed() for row in formset.kept())


def _written(form: CrfForm, rows: dict[str, CrfRows]) -> list[ItemGroupRecord]:
    """The rows that change; all of them where completing the form completes its rows."""
    completes = form.completing and form.instance.status != Status.COMPLETE
    kept = [row for formset in rows.values() for row in formset.kept()]
    return [row.instance for row in kept if completes or row.has_changed()]


def _tell(form: CrfForm, error: ValidationError) -> None:
    """Put each sentence beside its field; a constraint names its field by its error code."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, sentences in by_field.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)


def _conflict(
    place: FormTarget, person: Person, form: CrfForm, rows: dict[str, CrfRows], current: ParticipantRecord
) -> Outcome:
    """Both values of everything that differs; what was typed stays, what only they changed is taken over into it."""
    form.is_valid()
    for formset in rows.values():
        formset.is_valid()
    current.participant = place.participant

    def theirs(record: ParticipantRecord, prefix: str) -> CrfForm:
        if isinstance(record, ItemGroupRecord):
            kind = next(kind for kind in form.row_forms.values() if kind.row_model() is type(record))
            return kind(instance=record, prefix=prefix, zone=form.zone, now=form.now, may=form.may)
        return target.form_of(FormTarget(place.participant, place.model, record, place.visit), person, form.now)

    posted = str(form["version"].value() or "")
    version = int(posted) if posted.isdecimal() and len(posted) < 9 else 0
    data, differing = conflicts.merge(form, rows, current, theirs, version)
    data["version"] = str(current.version)
    fresh = target.form_of(place, person, form.now, data)
    fresh.is_valid()
    merged = target.rows_of(place, fresh, data)
    for formset in merged.values():
        formset.is_valid()
    return Outcome(409, fresh, merged, {"fields": differing, "by": current.updated_by, "at": current.updated_at})
