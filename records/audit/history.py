"""The history of a record, in words: who, when, why, and field by field what was and what is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from records.model import registry
from records.model.base import Record
from records.model.fields import CrfField, Instant, MultiChoice, RecordLink, crf_fields
from records.model.missing import MissingCode
from records.models import AuditRow
from records.redaction import STUB


@dataclass
class Change:
    """One field: its question, what it held and what it holds."""

    name: str
    question: str
    old: str
    new: str


@dataclass
class Entry:
    """One line of the logbook."""

    at: datetime
    actor: str
    what: str
    reason: str
    changes: list[Change] = field(default_factory=list)


def history_of(records: Sequence[Record], zone: ZoneInfo, name: str = "") -> list[Entry]:
    """The logbook of a form (also of void records of it) and the rows inside, newest first; of one field by `name`."""
    form = type(records[0])
    tables: dict[str, type[Record]] = {form._meta.db_table: form}
    wanted = AuditRow.objects.filter(table=form._meta.db_table, record_id__in=[record.pk for record in records])
    for model in registry.rows_of(form):
        tables[model._meta.db_table] = model
        mine = model._default_manager.filter(**{f"{model.parent_field}__in": records}).values("pk")
        wanted = wanted | AuditRow.objects.filter(table=model._meta.db_table, record_id__in=mine)
    entries = []
    for row in wanted.order_by("-seq"):  # of one participant: one chain
        changes = in_words(tables[row.table], row.changes, zone)
        if name:
            changes = [change for change in changes if change.name == name]
        if changes or not name:
            entries.append(Entry(row.at, row.actor, what(row, tables[row.table]), row.reason, changes))
    return entries


def last_set_by(record: Record, names: Sequence[str]) -> set[int]:
    """The people whose answers stand in these fields now."""
    authors: dict[str, int] = {}
    rows = AuditRow.objects.filter(table=record._meta.db_table, record_id=record.pk, changes__has_any_keys=list(names))
    for row in rows.order_by("seq"):
        for name in names:
            if name in row.changes:
                authors[name] = row.person_id
    return {person for name, person in authors.items() if record.answered(name)}


def ever_answered(record: Record, names: Sequence[str]) -> bool:
    """Whether the trail holds an answer to any of these fields, also one that was taken back."""
    rows = AuditRow.objects.filter(table=record._meta.db_table, record_id=record.pk)
    return rows.filter(changes__has_any_keys=list(names)).exists()


def what(row: AuditRow, model: type[Record]) -> str:
    """What one audit row of a record did, in words."""
    title = str(model._meta.verbose_name)
    if set(row.changes) == {"version"}:  # an act that changed no answer says itself what it was
        return row.reason
    if row.action == "insert":
        return _("began %(form)s") % {"form": title}
    if any(pair == [STUB, STUB] for pair in row.changes.values()):
        return _("redacted %(form)s") % {"form": title}
    if row.changes.get("voided_at", [None, None])[1]:
        return _("voided %(form)s") % {"form": title}
    if "completed" in row.changes.get("status", []) or row.changes.get("status", [None, None])[1] == "complete":
        return _("completed %(form)s") % {"form": title}
    return _("changed %(form)s") % {"form": title}


def in_words(
    model: type[Record],
    changes: dict[str, list[Any]],
    zone: ZoneInfo,
    numbers: Mapping[tuple[str, int], int] | None = None,
) -> list[Change]:
    """The changed questions of one audit row, in the order of the form; bookkeeping is left out.

    `numbers`, of linked records by (table, id), spares a question to the database for each.
    """
    shown_changes = []
    for question in crf_fields(model):
        column = question.attname
        keys = [column, f"{column}_date"] if isinstance(question, Instant) else [column]
        if any(key in changes for key in keys):
            old, new = (_shown(question, changes, side, zone, numbers) for side in (0, 1))
            shown_changes.append(Change(question.name, str(question.verbose_name), old, new))
    questions = {question.name: str(question.verbose_name) for question in crf_fields(model)}
    before, after = changes.get("missing", [{}, {}])
    for name in sorted({*(before or {}), *(after or {})}):
        was, now = (before or {}).get(name), (after or {}).get(name)
        if was != now:
            label = questions.get(name, name)  # a question that the form no longer asks keeps its old name
            shown_changes.append(Change(name, label, _reason(was), _reason(now)))
    return shown_changes


def _reason(code: str | None) -> str:
    return _("no answer: %(why)s") % {"why": MissingCode(code).label} if code else "–"


def _shown(question: CrfField, changes: dict[str, list[Any]], side: int, zone: ZoneInfo, numbers: Any = None) -> str:
    value = changes.get(question.attname, [None, None])[side]
    if isinstance(question, Instant):
        if value:
            return f"{datetime.fromisoformat(value).astimezone(zone):%a %-d %b %Y %H:%M %Z}"
        days = changes.get(f"{question.name}_date")
        # A time was added to a day, or taken away: then the day itself did not change and is not among the changes.
        other = changes.get(question.attname, [None, None])[1 - side]
        same = datetime.fromisoformat(other).astimezone(zone).date().isoformat() if other and not days else None
        day = days[side] if days else same
        return f"{day} ({_('time unknown')})" if day else "–"
    if isinstance(question, MultiChoice):
        return question.shown(value)
    if isinstance(question, RecordLink) and value is not None:
        if numbers is not None:
            return str(numbers.get((question.related_model._meta.db_table, value), "?"))
        linked = question.related_model._base_manager.filter(pk=value).values_list("number", flat=True).first()
        return str(linked or "?")
    return question.shown(value) if value is not None else "–"
