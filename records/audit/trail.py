"""The audit trail as a logbook for who reviews it: filtered in one statement, newest first, a page at a time by key."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from protocol.study import STUDY
from records.audit import history
from records.model import registry
from records.model.base import Audited, ItemGroupRecord, Record, VisitRecord
from records.model.fields import Instant, LocalDate, RecordLink, crf_fields
from records.models import AuditRow, Participant

DAY_BEGINS, DAY_ENDS = 7, 19  # on the site's clocks; outside it, and at the weekend, is after hours
LATE_DAYS = 14  # entered so many days after it happened, or more
BURST_SIZE, WITHIN = 20, "10 minutes"  # forms that one person changes in a time too short to have thought about each

# What may be odd: code -> the words of its tick box. What each means is in _ODD.
ODDITIES: dict[str, Any] = {
    "after-hours": gettext_lazy("at night or at the weekend"),
    "late": gettext_lazy("entered two weeks or more after it happened"),
    "after-verification": gettext_lazy("after it was compared with the source"),
    "after-signature": gettext_lazy("after it was signed"),
    "mass": gettext_lazy("one of many changes by one person within minutes"),
    "endpoint": gettext_lazy("answers that the endpoint rests on"),
}

_ODD = {
    "after-hours": """(extract(isodow FROM r.at AT TIME ZONE coalesce(s.zone, %(zone)s)) >= 6
        OR extract(hour FROM r.at AT TIME ZONE coalesce(s.zone, %(zone)s)) NOT BETWEEN %(begins)s AND %(ends)s - 1)""",
    "late": """EXISTS (SELECT FROM jsonb_to_recordset(%(days)s::jsonb) AS d(tbl text, col text)
        WHERE d.tbl = r."table" AND r.changes ? d.col AND r.changes -> d.col ->> 0 IS NULL
            AND (r.changes -> d.col ->> 1)::date
                <= (r.at AT TIME ZONE coalesce(s.zone, %(zone)s))::date - %(late)s::int)""",
    "after-verification": """r.action = 'update' AND EXISTS (SELECT FROM records_verification v
        WHERE v."table" = r."table" AND v.record_id = r.record_id AND v.verified_at < r.at
            AND r.changes ?| ARRAY[v.field, v.field || '_date', v.field || '_id'])""",
    # A row inside a form is changed in one transaction with its form, which is what was signed.
    "after-signature": """r.changes - %(bookkeeping)s::text[] <> '{}' AND EXISTS (SELECT FROM records_signature g
        WHERE g.participant_id = r.participant_id AND g.signed_at < r.at AND (g.scope <> 'record'
            OR (g."table" = r."table" AND g.record_id = r.record_id)
            OR EXISTS (SELECT FROM records_auditrow f WHERE f.transaction = r.transaction AND f.chain = r.chain
                AND f."table" = g."table" AND f.record_id = g.record_id)))""",
    "mass": """r.action = 'update' AND (SELECT count(DISTINCT (m."table", m.record_id)) FROM records_auditrow m
        WHERE m.person_id = r.person_id AND m.action = 'update' AND m."table" = ANY(%(forms)s)
            AND m.at BETWEEN r.at - %(within)s::interval AND r.at + %(within)s::interval) >= %(many)s""",
    "endpoint": """EXISTS (SELECT FROM jsonb_to_recordset(%(endpoint)s::jsonb) AS e(tbl text, col text)
        WHERE e.tbl = r."table" AND r.changes ? e.col)""",
}

# Who, when and which version are no answer.
_BOOKKEEPING = ["version", "updated_at", "updated_by_id", "status", "completed_at"]

_ASK = """
SELECT r.id, coalesce(p.code, ''), coalesce(s.zone, %(zone)s), s.id FROM records_auditrow AS r
LEFT JOIN records_participant AS p ON p.id = r.participant_id LEFT JOIN accounts_site AS s ON s.id = p.site_id
WHERE (s.id = ANY(%(sites)s) OR r.participant_id IS NULL) AND {where} ORDER BY r.id DESC LIMIT %(most)s
"""


@dataclass(frozen=True)
class TrailFilter:
    """What a reviewer asks to see; everything is optional."""

    person: int | None = None
    code: str = ""
    form: str = ""
    name: str = ""
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    odd: tuple[str, ...] = ()
    everything: bool = False  # also what people did about records: queries, signatures, comparisons, locks
    before: int | None = None


@dataclass
class Line:
    """One line of the logbook. Without a site it is about the study."""

    row: AuditRow
    code: str
    zone: str
    site_id: int | None
    what: str
    reason: str
    path: str = ""  # of the form's address below its participant
    changes: list[history.Change] = field(default_factory=list)

    def without_values(self) -> "Line":
        """For who may know that somebody did something, and not what about whom it says."""
        return replace(self, reason="", changes=[])


def lines(asked: TrailFilter, sites: Iterable[int], endpoint: Sequence[tuple[str, str]], most: int) -> list[Line]:
    """The newest lines that were asked for, of participants of these sites. `endpoint`: (table, column) it rests on."""
    params = _told(asked, sites, endpoint, most)
    with connection.cursor() as cursor:
        cursor.execute(_ASK.format(where=" AND ".join(_where(asked))), params)
        about = {pk: (code, zone, site) for pk, code, zone, site in cursor.fetchall()}
    rows = list(AuditRow.objects.filter(pk__in=about).order_by("-pk"))
    known = _known(rows)
    return [_line(row, *about[row.pk], known) for row in rows]


def _where(asked: TrailFilter) -> list[str]:
    """The conditions, each with what it takes from _told."""
    conditions = ["true" if asked.everything else 'r."table" = ANY(%(clinical)s)']
    for value, sql in (
        (asked.person, "r.person_id = %(person)s"),
        (asked.code, "p.code = %(code)s"),
        (asked.form, 'r."table" = ANY(%(of_form)s)'),
        (asked.name, "r.changes ?| ARRAY[%(name)s, %(name)s || '_date', %(name)s || '_id']"),
        (asked.since, "r.at >= %(since)s"),
        (asked.until, "r.at <= %(until)s"),
        (asked.reason, "strpos(lower(r.reason), lower(%(reason)s)) > 0"),
        (asked.before, "r.id < %(before)s"),
    ):
        if value:
            conditions.append(sql)
    return conditions + [_ODD[code] for code in asked.odd if code in _ODD]


def _told(asked: TrailFilter, sites: Iterable[int], endpoint: Sequence[tuple[str, str]], most: int) -> dict[str, Any]:
    form = registry.models().get(asked.form)
    of_form = [model._meta.db_table for model in (form, *registry.rows_of(form))] if form else []
    return {
        "sites": list(sites), "most": most, "zone": STUDY.zone, "person": asked.person, "code": asked.code,
        "of_form": of_form,
        "name": asked.name, "since": asked.since, "until": asked.until, "reason": asked.reason,
        "before": asked.before, "begins": DAY_BEGINS, "ends": DAY_ENDS, "late": LATE_DAYS, "many": BURST_SIZE,
        "within": WITHIN, "bookkeeping": _BOOKKEEPING,
        "clinical": [model._meta.db_table for model in registry.clinical_models()],
        "forms": [model._meta.db_table for model in registry.forms().values()],
        "days": json.dumps([{"tbl": table, "col": column} for table, column in _days()]),
        "endpoint": json.dumps([{"tbl": table, "col": column} for table, column in endpoint]),
    }  # fmt: skip


def _days() -> list[tuple[str, str]]:
    """The columns that say when something of the trial happened: local dates of instants, and days of visits."""
    columns = []
    for model in registry.clinical_models():
        for question in crf_fields(model):
            if isinstance(question, Instant):
                columns.append((model._meta.db_table, f"{question.name}_date"))
            elif isinstance(question, LocalDate) and issubclass(model, VisitRecord):
                columns.append((model._meta.db_table, question.attname))
    return columns


def _known(rows: Sequence[AuditRow]) -> dict[tuple[str, int], tuple[int, str]]:
    """(table, id) -> number and visit of every record that these rows are about or link to, in one statement."""
    tables = {model._meta.db_table: model for model in registry.clinical_models() if model is not Participant}
    wanted: dict[str, set[int]] = {table: set() for table in tables}
    for row in rows:
        if row.table in tables:
            wanted[row.table].add(row.record_id)
            for question in crf_fields(tables[row.table]):
                if isinstance(question, RecordLink):
                    keys = row.changes.get(question.attname) or ()
                    wanted[question.related_model._meta.db_table] |= {pk for pk in keys if pk}
    one = "SELECT '{table}', id, number, {visit} FROM {table} WHERE id = ANY(%s)"
    parts = [
        one.format(table=table, visit="visit" if issubclass(tables[table], VisitRecord) else "''") for table in wanted
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [list(ids) for ids in wanted.values()])
        return {(table, pk): (number, visit) for table, pk, number, visit in cursor.fetchall()}


def _line(
    row: AuditRow, code: str, zone: str, site_id: int | None, known: Mapping[tuple[str, int], tuple[int, str]]
) -> Line:
    model = _models().get(row.table)
    if model is None or not issubclass(model, Record):
        return Line(row, code, zone, site_id, _act(row, model), row.reason)
    numbers = {key: number for key, (number, _visit) in known.items()}
    changes = history.in_words(model, row.changes, ZoneInfo(zone), numbers)
    number, visit = known.get((row.table, row.record_id), (0, ""))
    what = history.what(row, model)
    if model.repeats:
        what += f" {number}"
    elif visit:
        what += f" · {STUDY.visit_name(visit)}"
    return Line(row, code, zone, site_id, what, row.reason, _path(model, number, visit), changes)


def _path(model: type[Record], number: int, visit: str) -> str:
    """Where its history is read; of a row inside a form nothing more than the casebook is known here."""
    if issubclass(model, ItemGroupRecord) or model is Participant:
        return ""
    where = [visit] if visit else []
    return "/".join([*where, model.slug, *([str(number)] if model.repeats else []), "history/"])


def _models() -> dict[str, type[Audited]]:
    return {model._meta.db_table: model for model in registry.audited_models()}


def _act(row: AuditRow, model: type[Audited] | None) -> str:
    title = str(model._meta.verbose_name) if model else row.table
    return (_("made: %(what)s") if row.action == "insert" else _("changed: %(what)s")) % {"what": title}
