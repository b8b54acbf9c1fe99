"""Every form on paper: its questions with codes, units and room to write, for the hours in which the system is down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from protocol.study import STUDY
from records.model import form_registry, registry
from records.model.base import ItemGroupRecord, Record, VisitRecord
from records.model.fields import CrfField, Instant, LocalDate, LongText, MultiChoice, PartialDateField, crf_fields
from records.model.missing import MissingCode

BOXES, DATE, PARTIAL, MOMENT, LINE, ROOM = "boxes", "date", "partial", "moment", "line", "room"
_ROWS = 3  # empty rows of each kind on one sheet


@dataclass(frozen=True)
class BlankQuestion:
    """One question as printed; `kind` says what room there is to write."""

    field: CrfField
    kind: str
    codes: Sequence[tuple[str, Any]]
    only_if: str
    missing: Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Sheet:
    """One form, and the rows inside it as often as they fit."""

    model: type[Record]
    title: str
    visits: Sequence[tuple[str, str]]
    sections: Sequence[tuple[Any, Sequence[BlankQuestion]]]
    rows: Sequence[tuple[str, range, Sequence[BlankQuestion]]]


def sheets(slug: str = "") -> list[Sheet]:
    """All forms in the order of the casebook, or one of them; none for a slug that is no form's."""
    return [_sheet(model) for name, model in registry.forms().items() if slug in ("", name) and not _is_row(model)]


def _is_row(model: type[Record]) -> bool:
    return issubclass(model, ItemGroupRecord)


def _sheet(model: type[Record]) -> Sheet:
    fields = {field.name: field for field in crf_fields(model)}
    sections = form_registry.form_of(model).sections
    visits = STUDY.visits_with(model.slug) if issubclass(model, VisitRecord) else ()
    return Sheet(
        model,
        str(model._meta.verbose_name),
        [(code, STUDY.visit_name(code)) for code in visits],
        [(title, [_asked(fields[name], fields) for name in names if name in fields]) for title, names in sections],
        [_rows(row) for row in registry.rows_of(model)],
    )


def _rows(model: type[ItemGroupRecord]) -> tuple[str, range, Sequence[BlankQuestion]]:
    fields = {field.name: field for field in crf_fields(model) if field.editable}
    return (
        str(model._meta.verbose_name_plural),
        range(1, _ROWS + 1),
        [_asked(field, fields) for field in fields.values()],
    )


def _asked(field: CrfField, fields: dict[str, CrfField]) -> BlankQuestion:
    codes = list(field.codes if isinstance(field, MultiChoice) else field.flatchoices)
    return BlankQuestion(
        field,
        BOXES if codes else _room(field),
        codes,
        _only_if(field, fields),
        MissingCode.choices if field.required else (),
    )


def _room(field: CrfField) -> str:
    for kind, room in ((Instant, MOMENT), (LocalDate, DATE), (PartialDateField, PARTIAL)):
        if isinstance(field, kind):
            return room
    return ROOM if isinstance(field, LongText) else LINE


def _only_if(field: CrfField, fields: dict[str, CrfField]) -> str:
    """When a dependent question is asked, in words."""
    if not field.visible_if or field.visible_if[0] not in fields:
        return ""
    parent = fields[field.visible_if[0]]
    words = dict(parent.codes if isinstance(parent, MultiChoice) else parent.flatchoices)
    params = {
        "parent": parent.verbose_name,
        "answers": _(" or ").join(str(words.get(code, code)) for code in field.visible_if[1]),
    }
    return _("only if “%(parent)s” is %(answers)s") % params
