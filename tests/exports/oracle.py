"""What the files must hold, computed a second time: record by record through the models, with Python's own formats."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils import translation

from exports.selection import Selection
from protocol.partial_dates import PartialDate
from records import selectors
from records.audit import time_travel
from records.model.base import ItemGroupRecord, Record, VisitRecord
from records.model.fields import Choice, CrfField, MultiChoice, RecordLink, crf_fields


def cells(model: type[Record], selection: Selection) -> list[dict[str, str | None]]:
    """The file of one form as rows of column -> text; None where there is nothing."""
    with translation.override("en"):
        return [_row(record) for record in _records(model, selection)]


def _records(model: type[Record], selection: Selection) -> Iterator[Record]:
    known = {
        participant.pk: participant for participant in selectors.participants(selection.person).select_related("site")
    }
    rows = time_travel.rows(model, selection.at, known) if selection.at else model._default_manager.filter(pk__gt=0)
    for record in sorted(rows, key=lambda row: (known[row.participant_id].code, row.number, row.pk)):
        record.participant = known[record.participant_id]
        if not record.is_void and not (isinstance(record, ItemGroupRecord) and _parent(record, selection).is_void):
            yield record


def _parent(record: ItemGroupRecord, selection: Selection) -> Record:
    parent = getattr(record, record.parent_field)
    if selection.at:
        stood = time_travel.rows(type(parent), selection.at, [record.participant_id])
        return next(row for row in stood if row.pk == parent.pk)
    return parent


def _row(record: Record) -> dict[str, str | None]:
    site = record.participant.site
    of_visit = getattr(record, record.parent_field) if isinstance(record, ItemGroupRecord) else record
    row: dict[str, str | None] = {
        "participant": record.participant.code,
        "site": site.code,
        "visit": of_visit.visit if isinstance(of_visit, VisitRecord) else None,
        "record": str(record.pk if isinstance(record, ItemGroupRecord) else record.number),
        "status": record.status,
    }
    if isinstance(record, ItemGroupRecord):
        row["parent"] = str(getattr(record, record.parent_field).number)
    for field in crf_fields(type(record)):
        value = field.value_from_object(record)
        if isinstance(field, RecordLink):
            linked = getattr(record, field.name)
            value = linked.number if linked else None
        row |= _answers(field, value, site.tz)
        if field.required:
            row[f"{field.name}_missing"] = record.missing.get(field.name)
    return row


def _answers(field: CrfField, value: Any, zone: Any) -> dict[str, str | None]:
    texts = {field.name: _cell(value, zone)}
    if isinstance(field, Choice | MultiChoice):
        texts[f"{field.name}_label"] = field.shown(value) if value else None
    if field.crf_type == "partial date":
        known = isinstance(value, PartialDate)
        texts[f"{field.name}_earliest"] = value.earliest.isoformat() if known else None
        texts[f"{field.name}_latest"] = value.latest.isoformat() if known else None
    return texts


def _cell(value: Any, zone: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "|".join(value) if isinstance(value, list) else str(value)
