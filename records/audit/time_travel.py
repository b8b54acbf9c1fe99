"""Time travel: records as they stood at an instant, replayed from the audit trail by the database.

An instant is that of the database's clock when a change was written. What a page showed is what had been committed, so
a change still being written at the instant counts as made; the two differ by the milliseconds of one save.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from records.audit import history
from records.model import registry
from records.model.base import Audited, ParticipantRecord, Record
from records.models import Participant

Row = TypeVar("Row", bound=Audited)
Form = TypeVar("Form", bound=ParticipantRecord)

_REPLAYED = """
SELECT t.* FROM (
    SELECT record_id, jsonb_object_agg(key, value) AS held FROM (
        SELECT DISTINCT ON (r.record_id, c.key) r.record_id, c.key, c.value -> 1 AS value
        FROM records_auditrow AS r, jsonb_each(r.changes) AS c
        WHERE r."table" = %s AND {which}
        ORDER BY r.record_id, c.key, r.seq DESC
    ) AS told GROUP BY record_id
) AS whole, LATERAL jsonb_populate_record(NULL::{{table}}, whole.held) AS t
"""
_VISIBLE = "coalesce(pg_visible_in_snapshot(r.transaction::text::xid8, nullif(%s, '')::pg_snapshot), true)"
_REPLAY = _REPLAYED.format(
    which=f"r.at <= %s AND (r.participant_id = ANY(%s) OR (%s AND r.participant_id IS NULL)) AND {_VISIBLE}"
)
_BEFORE = _REPLAYED.format(
    which="r.record_id = ANY(%s)"
    " AND r.seq < (SELECT a.seq FROM records_auditrow AS a WHERE a.id = %s AND a.chain = r.chain)"
)


def rows(
    model: type[Row], at: datetime, participants: Iterable[int], study: bool = False, horizon: str = ""
) -> list[Row]:
    """The rows of one table as they stood, void ones too; `study`: also those that concern the study as a whole.

    `horizon`, if not empty, are the transactions that had been committed, as `pg_current_snapshot` says it.
    """
    sql = _REPLAY.format(table=model._meta.db_table)
    raw_rows = model._default_manager.raw(sql, [model._meta.db_table, at, list(participants), study, horizon])
    return sorted((_whole(row) for row in raw_rows), key=lambda row: row.pk)


def before(model: type[Row], pks: Sequence[int], row_id: int) -> list[Row]:
    """These rows of one table as they stood just before an audit row, void ones too, without those not yet made."""
    sql = _BEFORE.format(table=model._meta.db_table)
    return [_whole(row) for row in model._default_manager.raw(sql, [model._meta.db_table, list(pks), row_id])]


def statement(table: str, participants: str) -> str:
    """The same as SQL to select from: `participants` is SQL that selects their ids, `%(at)s` the instant.

    `%(horizon)s`, if not empty, are the transactions that had been committed, as `pg_current_snapshot` says it.
    """
    which = (
        f"r.at <= %(at)s AND r.participant_id IN ({participants}) AND coalesce("
        "pg_visible_in_snapshot(r.transaction::text::xid8, nullif(%(horizon)s, '')::pg_snapshot), true)"
    )
    return "(" + _REPLAYED.format(which=which).format(table=table).replace("%s", f"'{table}'", 1) + ")"


def _whole(row: Row) -> Row:
    """A column that did not exist yet then holds what an empty one holds now."""
    for field in row._meta.local_concrete_fields:
        if getattr(row, field.attname) is None and not field.null and field.has_default():
            setattr(row, field.attname, field.get_default())
    return row


@dataclass(frozen=True)
class Difference:
    """What one record became between two instants."""

    record: ParticipantRecord
    what: str
    changes: list[history.Change]


def differences(participant: Participant, since: datetime, until: datetime) -> list[Difference]:
    """Record by record, the answers at both instants where they differ; net, not step by step."""
    changed_records = []
    for model in registry.clinical_models():
        if not issubclass(model, ParticipantRecord):
            continue
        before = {row.pk: row for row in rows(model, since, [participant.pk])}
        for row in rows(model, until, [participant.pk]):
            was = before.get(row.pk)
            changes = history.in_words(model, _changed(was, row), participant.site.tz)
            what = _what(was, row)
            if changes or what:
                changed_records.append(Difference(row, what, changes))
    return changed_records


def _what(was: Record | None, now: Record) -> str:
    if was is None:
        return "" if now.is_void else _("new")
    if now.is_void and not was.is_void:
        return _("voided: %s") % now.void_reason
    return _("completed") if was.status != now.status else ""


def _changed(was: Record | None, now: Record) -> dict[str, list[Any]]:
    """As an audit row tells it: column -> [then, now], in the form that JSON has."""
    changes = {}
    for field in now._meta.local_concrete_fields:
        old = _plain(getattr(was, field.attname)) if was is not None else None
        new = _plain(getattr(now, field.attname))
        if old != new:
            changes[field.attname] = [old, new]
    return changes


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def not_void(records: Sequence[Form]) -> list[Form]:
    """Those that counted then, in the order of the casebook."""
    return sorted((record for record in records if not record.is_void), key=lambda record: (record.number, record.pk))
