"""What becomes of a form that was sent: saved, refused with sentences, or in conflict with somebody who was quicker."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from accounts.models import Person
from records import merging, personal_data, places, services
from records.base import Record, RowRecord, Status
from records.fields import Text
from records.forms import CrfForm, CrfRows
from records.places import Place


@dataclass
class Outcome:
    """The status (302 saved, 422 refused, 409 conflict), the form to show, and what differs from others' values."""

    status: int
    form: CrfForm
    rows: dict[str, CrfRows]
    conflict: dict[str, Any] | None = None


def attempt(place: Place, person: Person, now: datetime, data: Any) -> Outcome:
    """Try to save what was sent. Nothing of it is written unless all of it is."""
    form = places.form_of(place, person, now, data)
    rows = places.rows_of(place, form, data)
    if place.record.pk and str(form["version"].value() or 0) != str(place.record.version):
        return _conflict(place, person, form, rows, place.model._default_manager.get(pk=place.record.pk))
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
        return _conflict(place, person, form, rows, stale.current)
    except ValidationError as error:
        for name, value in stands.items():  # the page says what is stored, not what was tried
            setattr(form.instance, name, value)
        _tell(form, error)
        return Outcome(422, form, rows)
    return Outcome(302, form, rows)


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


def again(place: Place, person: Person, now: datetime, data: Any) -> Place | None:
    """The record that this very page has made already, where a second sending says nothing new.

    A double click saves once; but a second sending that differs is a conflict, and "Complete" after "Save" completes.
    """
    entry = places.entry_of(data)
    if entry is None or data.get("version", "0") not in ("", "0"):
        return None
    made = place.model._default_manager.filter(entry=entry, participant=place.participant).first()
    if made is None:
        if place.record.pk is None:
            place.record.entry = entry
        return None
    made.participant = place.participant
    found = Place(place.participant, place.model, made, place.visit)
    form = places.form_of(found, person, now, data)
    rows = places.rows_of(found, form, _as_they_are(data, found, form))
    form.is_valid()
    same = not form.changes() and not any(_changed(formset) for formset in rows.values())
    if same and (data.get("action") != "complete" or made.status == Status.COMPLETE):
        return found
    place.record = place.model._default_manager.select_related("updated_by").get(pk=made.pk)  # without what was typed
    place.record.participant = place.participant
    if same:
        data["version"] = str(made.version)
    return None


def _as_they_are(data: Any, place: Place, form: CrfForm) -> Any:
    """The first sending could not name its rows, which did not exist yet: they are meant by their order."""
    named = data.copy()
    for prefix in form.row_forms:
        for name in [name for name in named if name.startswith(f"{prefix}-") and name.endswith("-entry")]:
            del named[name]
    return named


def _changed(formset: CrfRows) -> bool:
    return any(row.has_changed() for row in formset)


def _written(form: CrfForm, rows: dict[str, CrfRows]) -> list[RowRecord]:
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


def _conflict(place: Place, person: Person, form: CrfForm, rows: dict[str, CrfRows], current: Record) -> Outcome:
    """Both values of everything that differs; what was typed stays, what only they changed is taken over into it."""
    form.is_valid()
    for formset in rows.values():
        formset.is_valid()
    current.participant = place.participant

    def theirs(record: Record, prefix: str) -> CrfForm:
        if isinstance(record, RowRecord):
            kind = next(kind for kind in form.row_forms.values() if kind._meta.model is type(record))
            return kind(instance=record, prefix=prefix, zone=form.zone, now=form.now, may=form.may)
        return places.form_of(Place(place.participant, place.model, record, place.visit), person, form.now)

    posted = str(form["version"].value() or "")
    version = int(posted) if posted.isdecimal() and len(posted) < 9 else 0
    data, differing = merging.merge(form, rows, current, theirs, version)
    data["version"] = str(current.version)
    fresh = places.form_of(place, person, form.now, data)
    fresh.is_valid()
    merged = places.rows_of(place, fresh, data)
    for formset in merged.values():
        formset.is_valid()
    return Outcome(409, fresh, merged, {"fields": differing, "by": current.updated_by, "at": current.updated_at})
