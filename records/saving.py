"""What becomes of a form that was sent: saved, refused with sentences, or in conflict with somebody who was quicker."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _

from accounts.models import Person
from records import places, selectors, services
from records.base import Record, RowRecord, Status
from records.fields import CrfField, crf_fields
from records.forms import CrfForm, CrfRows
from records.missing import MissingCode
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
    return valid and not form.errors and not any(row.errors for formset in rows.values() for row in formset)


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
    """Both values of everything that differs; what was typed stays, and saving again says so knowingly."""
    form.is_valid()
    for formset in rows.values():
        formset.is_valid()
    theirs = places.form_of(Place(place.participant, place.model, current, place.visit), person, form.now)
    differing = [*_answers(form, theirs, current), *_rows_differing(rows, current)]
    data = form.data.copy()
    data["version"] = str(current.version)
    fresh = places.form_of(place, person, form.now, data)
    fresh.is_valid()
    return Outcome(409, fresh, rows, {"fields": differing, "by": current.updated_by, "at": current.updated_at})


def _answers(form: CrfForm, theirs: CrfForm, current: Record) -> list[dict[str, str]]:
    """The questions of the form itself, and the reasons for no answer."""
    found = []
    for name, field in form.crf.items():
        stored = current._meta.get_field(name).value_from_object(current)
        their_code = current.missing.get(name, "")
        your_code = form[f"{name}_missing"].data or "" if f"{name}_missing" in form.fields else their_code
        changed = name in theirs.fields and theirs.fields[name].has_changed(stored, form[name].data)
        if changed or their_code != your_code:
            typed = form.cleaned_data.get(name, form.data.get(name))
            found.append(
                {
                    "name": name,
                    "label": str(field.verbose_name),
                    "theirs": said(field, stored, their_code, form.zone),
                    "yours": said(field, typed, your_code, form.zone),
                }
            )
    return found


def said(field: CrfField, value: Any, code: str, zone: Any) -> str:
    """An answer in words, or the reason why there is none."""
    if code in MissingCode.values:
        return _("no answer: %(why)s") % {"why": MissingCode(code).label}
    return shown(field, value, zone)


def _rows_differing(rows: dict[str, CrfRows], current: Record) -> list[dict[str, str]]:
    """Rows that they added or removed, and rows of which both of you made something else."""
    found = []
    for prefix, formset in rows.items():
        standing = {row.pk: row for row in selectors.rows(formset.model, current)}
        sent = {form.instance.pk for form in formset if form.instance.pk}
        label, name = str(formset.model._meta.verbose_name), f"rows-{prefix}"
        for pk, row in standing.items():
            if pk not in sent:
                yours = _("not on your page; it stays")
                found.append({"name": name, "label": label, "theirs": row_in_words(row), "yours": yours})
        for form in formset:
            if form.has_changed():
                there = standing.get(form.instance.pk)
                theirs = row_in_words(there) if there else _("not there")
                found.append({"name": name, "label": label, "theirs": theirs, "yours": row_in_words(form.instance)})
    return found


def row_in_words(row: RowRecord) -> str:
    """A row in one line: each answered question with its answer."""
    zone = row.participant.site.tz if row.participant_id else None
    told = []
    for field in crf_fields(type(row)):
        value = field.value_from_object(row)
        if value not in (None, "", []):
            told.append(f"{field.verbose_name}: {shown(field, value, zone)}")
    return ", ".join(told) or "–"


def shown(field: CrfField, value: Any, zone: Any) -> str:
    """A value in words, instants on the site's clocks."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%a %-d %b %Y %H:%M %Z}"
    return field.shown(value)
