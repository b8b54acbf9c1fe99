"""The audit trail as CSV, long: one line for each answer that changed, what it was and became, who and why."""

from collections.abc import Iterator

from exports.data import csv_stream, sql_format
from exports.data.columns import Column
from exports.selection import Selection
from records.model import registry


def columns(selection: Selection) -> list[Column]:
    """What is told of each change; `change` is its place in the participant's chain, instants inside are in UTC."""
    slugs = [(model._meta.db_table, model.slug) for model in registry.clinical_models() if model.slug]
    definitions = [
        ("participant", "key", "p.code"), ("site", "key", "s.code"), ("change", "integer", "r.seq"),
        ("at", "instant", sql_format.instant("r.at", "s.zone")), ("by", "text", "r.actor"), ("act", "key", "r.action"),
        ("form", "key", sql_format.label('r."table"', slugs)), ("record_key", "integer", "r.record_id"),
        ("field", "key", "c.key"), ("old", "text", "c.value ->> 0"), ("new", "text", "c.value ->> 1"),
        ("reason", "text", "r.reason"), ("hash", "key", "r.hash"),
    ]  # fmt: skip
    return csv_stream.defused([Column(*definition) for definition in definitions], selection)


def source(selection: Selection) -> str:
    """FROM and WHERE, of the sites where this person may review the trail; until an instant if one is given."""
    scope = selection.participants()[0]
    return (
        "FROM records_auditrow AS r CROSS JOIN LATERAL jsonb_each(r.changes) AS c"
        " JOIN records_participant AS p ON p.id = r.participant_id JOIN accounts_site AS s ON s.id = p.site_id"
        f" WHERE r.participant_id IN ({scope}) AND p.site_id = ANY(%(audited)s)"
        " AND (%(at)s::timestamptz IS NULL OR r.at <= %(at)s)"
    )


def blocks(selection: Selection) -> Iterator[bytes]:
    """In the order of participants and their chains."""
    log_columns = columns(selection)
    sql = f"SELECT {csv_stream.cells(log_columns)} {source(selection)} ORDER BY p.code, r.seq, c.key"
    yield from csv_stream.file(selection, log_columns, sql, selection.participants()[1])
