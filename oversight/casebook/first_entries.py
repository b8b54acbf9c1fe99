"""Since when a form has said that somebody left the trial, where it states no day or was corrected to a later one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from enrollment.models import Consent, Death, EndOfStudy
from records.models import AuditRow

Leaving = Death | EndOfStudy | Consent  # the forms that may say that somebody left the trial
Answers = dict[str, Any]  # as the audit trail has them
Entries = dict[tuple[str, int], datetime]


def _says(record: Leaving, answers: Answers) -> Any:
    """What a version of the form said of it."""
    if isinstance(record, Death):
        return answers.get("died_on")
    if isinstance(record, EndOfStudy):
        return answers.get("outcome")
    return answers.get("withdrawn") == "yes" and "visits" in (answers.get("withdrawn_what") or [])


def _is_wanted(record: Leaving) -> bool:
    """Whether the form states no day, or one that had not come when it was entered."""
    if isinstance(record, Death):
        return record.died_on is not None and record.died_on.earliest >= record.created_at.date()
    if isinstance(record, EndOfStudy):
        return bool(record.outcome) and record.ended_on is None
    return record.withdrawn == "yes" and record.withdrawn_on is None


def first_entries(records: Iterable[Leaving]) -> Entries:
    """(table, key) -> since when each of these forms has said so, where that is wanted; one query, or none."""
    asked = {(record._meta.db_table, record.pk): record for record in records if _is_wanted(record)}
    if not asked:
        return {}
    tables, keys = {table for table, _key in asked}, {key for _table, key in asked}
    rows = AuditRow.objects.filter(table__in=tables, record_id__in=keys).order_by("chain", "seq")
    changes: dict[tuple[str, int], list[Answers]] = {}
    for table, key, changed in rows.values_list("table", "record_id", "changes"):
        changes.setdefault((table, key), []).append(changed)
    return {place: _since(record, changes.get(place, [])) for place, record in asked.items()}


def _since(record: Leaving, changes: list[Answers]) -> datetime:
    """When the answers came to say what they say in this version of the record; they may have said so before."""
    answers: Answers = {}
    says, since = None, record.updated_at
    for changed in changes:
        answers |= {name: new for name, (_old, new) in changed.items()}
        if answers.get("version", 0) > record.version:
            break
        if (now_says := _says(record, answers)) != says:
            says, since = now_says, datetime.fromisoformat(answers["updated_at"])
    return since
