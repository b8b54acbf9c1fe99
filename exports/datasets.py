"""One CSV a form: participant, site, visit, record, status, then every question, its label and why there is no answer.

UTF-8 without a byte-order mark. Instants are ISO 8601 with the site's offset, partial dates as given. Text that a
spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers.
"""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import translation

from accounts.models import Person
from accounts.roles import May
from records import as_of, selectors
from records.base import Record, RowRecord, VisitRecord
from records.fields import Choice, Codes, CrfField, Integer, Link, crf_fields
from records.fields import Decimal as DecimalField
from records.missing import MissingCode
from records.models import Participant

FIRST = ["participant", "site", "visit", "record", "status"]
_CHUNK = 2000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """Something a csv.writer can write to, which hands the line back."""

    def write(self, line: str) -> str:
        return line


def header(model: type[Record]) -> list[str]:
    """The columns of one form."""
    names = list(FIRST)
    if issubclass(model, RowRecord):
        names.append("parent")
    for field in crf_fields(model):
        names.append(field.name)
        if isinstance(field, Choice | Codes):
            names.append(f"{field.name}_label")
        if field.required:
            names.append(f"{field.name}_missing")
    return names


def then(model: type[Record], person: Person, at: datetime) -> Iterator[Record]:
    """The same as of an instant, in the same order."""
    known = {each.pk: each for each in _exportable(person).filter(created_at__lte=at).select_related("site")}
    parents: set[int] = set()
    if issubclass(model, RowRecord):
        parent = model._meta.get_field(model.parent_field).related_model
        parents = {each.pk for each in as_of.standing(as_of.rows(parent, at, known))}
    found = as_of.standing(as_of.rows(model, at, known))
    for record in sorted(found, key=lambda each: (known[each.participant_id].code, each.number, each.pk)):
        if not isinstance(record, RowRecord) or getattr(record, f"{record.parent_field}_id") in parents:
            record.participant = known[record.participant_id]
            yield record


def _exportable(person: Person) -> QuerySet[Participant]:
    """The participants whose data this person may take away."""
    return selectors.participants(person).filter(site_id__in=person.site_ids(May.EXPORT))


def records(model: type[Record], person: Person) -> QuerySet[Record]:
    """The records of one form that count, of the participants whose data this person may take away."""
    found = model._default_manager.filter(participant__in=_exportable(person), voided_at__isnull=True)
    found = found.select_related("participant__site", *(field.name for field in crf_fields(model) if _links(field)))
    if issubclass(model, RowRecord):
        found = found.select_related(model.parent_field).filter(**{f"{model.parent_field}__voided_at__isnull": True})
    return found.order_by("participant__code", "number", "pk")


def _links(field: CrfField) -> bool:
    return isinstance(field, Link)


def lines(model: type[Record], person: Person, at: datetime | None = None) -> Iterator[str]:
    """The CSV of one form, line by line, in English, with memory that does not grow; as of an instant, if one is."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    questions = crf_fields(model)
    yield writer.writerow(header(model))
    with translation.override("en"):
        found = records(model, person).iterator(chunk_size=_CHUNK) if at is None else then(model, person, at)
        for record in found:
            yield writer.writerow(_cells(record, questions))


def _cells(record: Record, questions: list[CrfField]) -> list[Any]:
    site = record.participant.site
    visit = record.visit if isinstance(record, VisitRecord) else ""
    number = record.pk if isinstance(record, RowRecord) else record.number
    cells: list[Any] = [record.participant.code, site.code, visit, number, record.status]
    if isinstance(record, RowRecord):
        cells.append(getattr(record, record.parent_field).number)
    for field in questions:
        value = _number_of(record, field) if isinstance(field, Link) else field.value_from_object(record)
        cells.append(_cell(field, value, site.tz))
        if isinstance(field, Choice | Codes):
            cells.append(safe(field.shown(value)) if value else "")
        if field.required:
            code = record.missing.get(field.name)
            cells.append(MissingCode(code).value if code else "")
    return cells


def _number_of(record: Record, field: Link) -> int | None:
    """A link by the number that the other form's own file gives it, never by a key of the database."""
    linked = getattr(record, field.name)
    return linked.number if linked else None


def _cell(field: CrfField, value: Any, zone: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(field, Codes):
        return "|".join(value)
    if isinstance(field, Integer | DecimalField | Link):
        return value
    return safe(str(value))


def safe(text: str) -> str:
    """Text that a spreadsheet does not run."""
    return f"'{text}" if text.startswith(_FORMULA) else text
