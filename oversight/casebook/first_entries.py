"""Since when a form has said that somebody left the trial, where it states no day or was corrected to a later one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from records.model.base import Record
from records.models import AuditRow

SAYS = {
    "death": lambda answers: answers.get("died_on"),
    "end-of-study": lambda answers: answers.get("outcome"),
    "consent": lambda answers: answers.get("withdrawn") == "yes" and "visits" in (answers.get("withdrawn_what") or []),
}
_WANTED = {
    "death": lambda record: record.died_on and record.died_on.earliest >= record.created_at.date(),
    "end-of-study": lambda record: record.outcome and record.ended_on is None,
    "consent": lambda record: record.withdrawn == "yes" and record.withdrawn_on is None,
}

Entries = dict[tuple[str, int], datetime]


def first_entries(records: Iterable[Record]) -> Entries:
    """(table, key) -> since when each of these forms has said so, where that is wanted; one query, or none."""
    asked = {(each._meta.db_table, each.pk): each for each in records if _WANTED[each.slug](each)}
    if not asked:
        return {}
    tables, keys = {table for table, _key in asked}, {key for _table, key in asked}
    rows = AuditRow.objects.filter(table__in=tables, record_id__in=keys).order_by("chain", "seq")
    changes: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for table, key, changed in rows.values_list("table", "record_id", "changes"):
        changes.setdefault((table, key), []).append(changed)
    return {each: _since(record, changes.get(each, [])) for each, record in asked.items()}


def _since(record: Record, changes: list[dict[str, Any]]) -> datetime:
    """When the answers came to say what they say in this version of the record; they may have said so before."""
    answers: dict[str, Any] = {}
    says, since = None, record.updated_at
    for changed in changes:
        answers |= {name: new for name, (_old, new) in changed.items()}
        if answers.get("version", 0) > record.version:
            break
        if (now_says := SAYS[record.slug](answers)) != says:
            says, since = now_says, datetime.fromisoformat(answers["updated_at"])
    return since
