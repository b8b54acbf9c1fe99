"""One CSV a form: participant, site, visit, record, status, then every question, its label and why there is no answer.

UTF-8, RFC 4180. Instants are ISO 8601 with the site's offset; partial dates are as given, the first and the last day
they can be beside them. Values are as they are stored; for spreadsheets, text that one would run is defused (ADR 45).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

from exports.data import columns, csv_stream
from exports.data.pseudonyms import JOIN
from exports.selection import Selection
from records.audit import time_travel
from records.model import registry
from records.model.base import ItemGroupRecord, Record
from records.model.fields import RecordLink, crf_fields


def columns_of(model: type[Record], selection: Selection) -> list[columns.Column]:
    """The columns of one form in this selection."""
    return csv_stream.defused(columns.columns_of(model, selection.deidentified, selection.left_out(model)), selection)


def statement(model: type[Record], selection: Selection) -> tuple[str, dict[str, Any]]:
    """The question whose answer is the file, and its parameters; of live rows or of the trail, with the same cells."""
    cells = csv_stream.cells(columns_of(model, selection))
    params, order = selection.participants()[1], "p.code"
    if selection.deidentified:
        params |= selection.pseudonyms().parameters()
        order = "d.pseudonym"
    return f"SELECT {cells} {source(model, selection)} ORDER BY {order}, r.number, r.id", params


def source(model: type[Record], selection: Selection, beside: str = "") -> str:
    """FROM and WHERE: the records that count, their participants and sites, what cells are read from, and `beside`."""
    scope = selection.participants()[0]
    tables = _from(model, selection, scope) + (JOIN if selection.deidentified else "") + beside
    return f"FROM {tables} WHERE r.voided_at IS NULL AND r.participant_id IN ({scope})"


def _from(model: type[Record], selection: Selection, scope: str) -> str:
    """The records, their participants and sites, the form around a row, and what is linked."""
    tables = (
        f"{_rows(model, selection, scope)} AS r JOIN records_participant AS p ON p.id = r.participant_id"
        " JOIN accounts_site AS s ON s.id = p.site_id"
    )
    if issubclass(model, ItemGroupRecord):
        parent = _rows(registry.form_around(model), selection, scope)
        tables += f" JOIN {parent} AS parent ON parent.id = r.{model.parent_field}_id AND parent.voided_at IS NULL"
    for field in crf_fields(model):
        if isinstance(field, RecordLink):
            link = columns.linked(field)
            tables += f' LEFT JOIN {field.related_model._meta.db_table} AS {link} ON {link}.id = r."{field.column}"'
    return tables


def _rows(model: type[Record], selection: Selection, scope: str) -> str:
    table = model._meta.db_table
    return time_travel.statement(table, scope) if selection.at else table


def blocks(model: type[Record], selection: Selection) -> Iterator[bytes]:
    """The file of one form, in blocks, with memory that does not grow."""
    sql, params = statement(model, selection)
    yield from csv_stream.file(selection, columns_of(model, selection), sql, params)


def count(sources: list[tuple[str, str]], params: dict[str, Any]) -> dict[str, int]:
    """Name -> number of rows of several sources, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', count(*) {sql}" for name, sql in sources), params)
        return dict(cursor.fetchall())


def about(models: Iterable[type[Record]]) -> int:
    """About how many rows these forms have in the whole trial, as PostgreSQL last estimated it; nothing is counted."""
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(greatest(reltuples, 0)) FROM pg_class WHERE oid = ANY(%s::regclass[])", [tables])
        return int(cursor.fetchone()[0] or 0)
