"""The columns of each form's file, read from its fields: what each is called, what it holds, and its SQL."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import translation

from exports.data import sql_format
from records.model import fields, registry
from records.model.base import ItemGroupRecord, Record, VisitRecord
from records.model.fields import CrfField, crf_fields

# Text that is chosen from a list or made by the system: no person's words.
CODED_TEXT = {"ctcae_code", "ctcae_term", "soc", "form_version", "protocol_version"}


@dataclass(frozen=True)
class Column:
    """One column of one file. `kind` is what a program reads it as; `sql` is over r, p, s and the linked tables."""

    name: str
    kind: str
    sql: str
    about: CrfField | None = None

    @property
    def is_text(self) -> bool:
        """Whether it may hold what a spreadsheet would take for a formula; a code of a list stays what it is."""
        return self.kind in ("text", "label", "key")


def columns_of(model: type[Record], shifted: bool = False, without: frozenset[str] = frozenset()) -> list[Column]:
    """The columns of one form, those of the fields in `without` left out; `shifted` moves every date."""
    with translation.override("en"):
        columns = list(_first(model, shifted))
        for field in crf_fields(model):
            if field.name not in without:
                columns += _about(field, shifted)
    return columns


def is_free_text(field: CrfField) -> bool:
    """Whether somebody typed it: what a de-identified export leaves out."""
    return isinstance(field, fields.Text) and field.name not in CODED_TEXT


def _first(model: type[Record], shifted: bool) -> Iterator[Column]:
    number = "r.id" if issubclass(model, ItemGroupRecord) else "coalesce(r.number, 1)"
    yield Column("participant", "key", "d.pseudonym" if shifted else "p.code")
    yield Column("site", "key", "d.site" if shifted else "s.code")
    yield Column("visit", "key", _visit(model))
    yield Column("record", "integer", number)
    yield Column("status", "key", "coalesce(r.status, 'draft')")
    if issubclass(model, ItemGroupRecord):
        yield Column("parent", "integer", "parent.number")


def _visit(model: type[Record]) -> str:
    """Of a row the visit of its form: a form of a visit is number 1 at each of them, so the parent alone is not it."""
    if issubclass(model, ItemGroupRecord):
        return "parent.visit" if issubclass(registry.form_around(model), VisitRecord) else "NULL::text"
    return "r.visit" if issubclass(model, VisitRecord) else "NULL::text"


def _about(field: CrfField, shifted: bool) -> Iterator[Column]:
    """The value, and beside it its label, its bounds, and why there is none."""
    column = sql_format.name(field.attname)
    if isinstance(field, fields.PartialDateField):
        yield from _partial(field, column, shifted)
    else:
        yield Column(field.name, KINDS[field.crf_type], _value(field, column, shifted), field)
    if isinstance(field, fields.Choice):
        words = sql_format.label(column, field.flatchoices)
        yield Column(f"{field.name}_label", "label", f"nullif({words}, '')", field)
    elif isinstance(field, fields.MultiChoice):
        yield Column(f"{field.name}_label", "label", sql_format.labels(column, field.codes), field)
    if field.required:
        yield Column(f"{field.name}_missing", "missing", f"r.missing ->> {sql_format.literal(field.name)}", field)


KINDS = {
    "text": "text",
    "integer": "integer",
    "decimal": "decimal",
    "code": "code",
    "codes": "codes",
    "date": "date",
    "instant": "instant",
    "link": "integer",
    "partial date": "partial date",
}


def _value(field: CrfField, column: str, shifted: bool) -> str:
    if isinstance(field, fields.Instant):
        date = sql_format.name(f"{field.name}_date")
        moved = f"{date} + d.shift" if shifted else date
        at = sql_format.instant(column, "s.zone", "d.shift" if shifted else "")
        return f"coalesce({at}, {sql_format.day(moved)})"
    if isinstance(field, fields.LocalDate):
        return sql_format.day(f"{column} + d.shift" if shifted else column)
    if isinstance(field, fields.MultiChoice):
        return sql_format.joined(column)
    if isinstance(field, fields.RecordLink):
        return f"{linked(field)}.number"
    return column


def _partial(field: CrfField, column: str, shifted: bool) -> Iterator[Column]:
    """As given, and the first and last day it can be; of a shifted one that is not whole only these days are told."""
    first, last, cell = sql_format.earliest(column), sql_format.latest(column), column
    if shifted:
        first, last = (sql_format.day(f"({bound})::date + d.shift") for bound in (first, last))
        cell = f"CASE WHEN length({column}) = 10 THEN {first} END"
    yield Column(field.name, "partial date", cell, field)
    yield Column(f"{field.name}_earliest", "date", first, field)
    yield Column(f"{field.name}_latest", "date", last, field)


def linked(field: CrfField) -> str:
    """What the table of a link is called in the statement."""
    return f'"to_{field.name}"'
