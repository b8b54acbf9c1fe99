"""The queries and their threads as CSV: one line for each thing said."""

from collections.abc import Iterator

from exports.data import csv_stream, sql_format
from exports.data.columns import Column
from exports.selection import Selection
from records.audit import time_travel
from records.models import Query


def columns(selection: Selection) -> list[Column]:
    """What is told of each thing said."""
    said_by = "coalesce(nullif(trim(b.first_name || ' ' || b.last_name), ''), b.username)"
    definitions = [
        ("participant", "key", "p.code"), ("site", "key", "s.code"), ("query", "integer", "q.number"),
        ("form", "key", "q.form"), ("field", "key", "q.field"), ("rule", "key", "q.rule"),
        ("question", "text", "q.sentence"), ("for", "key", "q.assignee"), ("priority", "key", "q.priority"),
        ("state", "key", "q.state"), ("ending", "key", "q.ending"),
        ("at", "instant", sql_format.instant("r.at", "s.zone")), ("by", "text", said_by), ("act", "key", "r.act"),
        ("said", "text", "r.text"),
        ("values", "text", "q.raised_by_values"),
    ]  # fmt: skip
    return csv_stream.defused([Column(*definition) for definition in definitions], selection)


def source(selection: Selection) -> str:
    """FROM and WHERE; until an instant, and as the queries stood then."""
    scope = selection.participants()[0]
    queries = time_travel.statement(Query._meta.db_table, scope) if selection.at else Query._meta.db_table
    return (
        f"FROM records_querymessage AS r JOIN {queries} AS q ON q.id = r.query_id"
        " JOIN accounts_person AS b ON b.id = r.by_id"
        " JOIN records_participant AS p ON p.id = r.participant_id JOIN accounts_site AS s ON s.id = p.site_id"
        f" WHERE r.participant_id IN ({scope}) AND (%(at)s::timestamptz IS NULL OR r.at <= %(at)s)"
    )


def blocks(selection: Selection) -> Iterator[bytes]:
    """In the order of participants, queries and threads."""
    log_columns = columns(selection)
    sql = f"SELECT {csv_stream.cells(log_columns)} {source(selection)} ORDER BY p.code, q.number, r.id"
    yield from csv_stream.file(selection, log_columns, sql, selection.participants()[1])
