"""The deadline scan. Lost, repeated, late or in parallel it does no harm: what is owed is known by the database.

Participants whose records changed since the last scan are judged again, and everybody when a rule was changed; then
one statement raises an alert for each deadline that has come and is unmet, unique per deadline; with it, in the same
transaction, what people are told.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.due import SKEW
from oversight.casebook import facts, loading
from oversight.casebook.book import Casebook
from oversight.checks import rule_queries, rules
from oversight.checks.deviations import draft, window_values
from oversight.endpoint import history, stopping_boundary
from oversight.models import Alert, Deadline, Finding, Judgement, ScanFailure
from oversight.notifications import notify
from oversight.scanning import alerts, rules_fingerprint
from protocol import schedule
from protocol.window import WINDOW, bounds
from records.advisory_locks import AdvisoryLock
from records.models import Participant, Query

log = structlog.get_logger("scan")
MOMENT = timedelta(seconds=1)  # the closing instant itself is still inside
_BATCH = 200


@dataclass
class Report:
    """What one scan did."""

    judged: int = 0
    failed: int = 0
    raised: list[dict[str, Any]] = field(default_factory=list)
    skipped: bool = False


# A transaction that this snapshot sees as running may commit rows with lower ids later: the cursor is the oldest such
# transaction, so that nothing slips between two scans. Nothing is written down before the first scan.
_BEGINS = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, coalesce(max(cursor), 0), coalesce(max(rules), '')
FROM oversight_scanstate
"""
_ENDS = """
INSERT INTO oversight_scanstate (id, cursor, rules, last_finished_at) VALUES (1, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor, rules = excluded.rules,
    last_finished_at = excluded.last_finished_at
"""


def scan(now: datetime) -> Report:
    """Judge, raise, and owe the messages. Another scan that is at work makes this one return at once."""
    with transaction.atomic():
        return judge_and_raise(now)


def rehearse(now: datetime) -> Report:
    """What a scan at `now` would raise; nothing is written or sent."""
    with transaction.atomic():
        report = judge_and_raise(now)
        transaction.set_rollback(True)
    return report


def judge_and_raise(now: datetime) -> Report:
    """Within the caller's transaction."""
    report = Report()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [AdvisoryLock.SCAN])
        if not cursor.fetchone()[0]:
            report.skipped = True
            return report
        cursor.execute(_BEGINS)
        horizon, read_to, judged_by = cursor.fetchone()
        # Transaction numbers begin again in a restored database: then everybody is judged once.
        since = read_to if read_to <= horizon else 0
        judging = rules_fingerprint.fingerprint()
        changed = _changed(cursor, since if judging == judged_by else 0, now)
        _judge(changed, now, report, since)
        report.raised = alerts.raise_due(now)
        if changed:  # what the boundary counts is otherwise as it was at the last scan
            stopping_boundary.watch(now)
        notify.enqueue_all(now)
        cursor.execute(_ENDS, [horizon, judging, now])
    return report


def _changed(cursor: CursorWrapper, since: int, now: datetime) -> set[int]:
    """Participants with audit rows since the cursor, those that could not be judged, and those whose hour has come
    or who were judged by a clock that was ahead.

    A row of the study as a whole, such as its lock, concerns everybody.
    """
    cursor.execute(
        "SELECT DISTINCT participant_id FROM records_auditrow"
        " WHERE transaction >= %s AND participant_id IS NOT NULL"
        " UNION SELECT participant_id FROM oversight_scanfailure"
        " UNION SELECT participant_id FROM oversight_judgement WHERE again_at <= %s OR judged_at > %s"
        " UNION SELECT id FROM records_participant WHERE EXISTS (SELECT FROM records_auditrow"
        " WHERE transaction >= %s AND participant_id IS NULL)",
        [since, now, now + SKEW, since],
    )
    return {participant_id for (participant_id,) in cursor.fetchall()}


def _judge(ids: set[int], now: datetime, report: Report, since: int) -> None:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _BATCH):
        batch = Participant.objects.filter(pk__in=ordered[start : start + _BATCH]).select_related("site")
        for book in loading.load(batch).values():
            _judge_one(book, now, report, since)


def _judge_one(book: Casebook, now: datetime, report: Report, since: int) -> None:
    """One participant in a savepoint of its own: a bad one is remembered and does not stop the others."""
    try:
        with transaction.atomic():
            judge(book, now, since)
            ScanFailure.objects.filter(participant=book.participant).delete()
        report.judged += 1
    except Exception as error:
        report.failed += 1
        log.error("participant could not be judged", participant_id=book.participant.pk, error=type(error).__name__)
        ScanFailure.objects.update_or_create(
            participant=book.participant, defaults={"error": type(error).__name__, "failed_at": now}
        )


def judge(book: Casebook, now: datetime, since: int = 0) -> None:
    """Replace deadlines and findings, say what became of old alerts, draft deviations, keep a changed verdict.

    `since` is the transaction from which on the records may have changed: what happened after it is the cause.
    """
    participant = book.participant
    voided = participant.is_void
    deadlines = [] if voided else schedule.deadlines(facts.follow_up(book), now)
    fresh = {(deadline.kind, deadline.subject): _settled(deadline, book) for deadline in deadlines}
    Deadline.objects.filter(participant=participant).delete()
    Deadline.objects.bulk_create(
        Deadline(
            participant=participant,
            kind=deadline.kind,
            subject=deadline.subject,
            raise_at=deadline.raise_at,
            due_at=deadline.due_at,
            met=deadline.met,
            because=deadline.because,
        )
        for deadline in fresh.values()
    )
    for alert in Alert.objects.filter(participant=participant).exclude(kind__in=("endpoint-changed",)):
        outcome = _became(alert, fresh.get((alert.kind, alert.subject)))
        if outcome != alert.outcome:
            alert.outcome = outcome
            alert.outcome_at = None if outcome == Alert.Outcome.OPEN else now
            alert.save(update_fields=["outcome", "outcome_at"])
    judged = None if voided else rule_queries.judge(book, now)
    _find(book, judged, now)
    Judgement.objects.update_or_create(
        participant=participant, defaults={"judged_at": now, "again_at": None if voided else again_at(book, now)}
    )
    if judged is not None:
        rule_queries.follow(book, judged, now)
        draft(book, now)
        history.keep(book, since, now)


def again_at(book: Casebook, now: datetime) -> datetime | None:
    """When the clock alone changes a judgement: the window is over, or a letter has been awaited too long."""
    treatment = facts.treatment(book)
    moments = []
    if treatment.sbrt_end is not None:
        first, last = bounds(treatment.sbrt_end, treatment.zone)
        moments += [first + WINDOW + MOMENT, last + WINDOW + MOMENT]
    for care in book.outside_care:
        if care.source_requested_on and not care.source_received_on:
            overdue = care.source_requested_on + rules.LETTER_AWAITED + timedelta(days=1)
            moments.append(schedule.day_start(overdue, treatment.zone))
    return min((moment for moment in moments if moment > now), default=None)


def _find(book: Casebook, judged: rule_queries.Judged | None, now: datetime) -> None:
    """Replace the findings; one that is still there keeps the day on which it was first seen."""
    participant = book.participant
    known = {
        (finding.code, finding.subject): finding.since for finding in Finding.objects.filter(participant=participant)
    }
    Finding.objects.filter(participant=participant).delete()
    standing = (
        rule_queries.not_accepted(Query.objects.filter(participant=participant), judged.results) if judged else []
    )
    findings = {(result.code, result.subject): result for result in standing}
    Finding.objects.bulk_create(
        Finding(
            participant=participant,
            code=result.code,
            subject=result.subject,
            sentence=result.sentence[:600],
            tail=result.path,
            since=known.get(key, now),
        )
        for key, result in findings.items()
    )


def _settled(deadline: schedule.Deadline, book: Casebook) -> schedule.Deadline:
    """A missed window has been dealt with once somebody has completed its deviation."""
    if deadline.kind != "window-missed":
        return deadline
    values = window_values(facts.treatment(book))
    is_settled = any(
        deviation.is_complete and deviation.rule.startswith("window") and deviation.rule_values == values
        for deviation in book.deviations
    )
    return replace(deadline, met=deadline.met or is_settled)


def _became(alert: Alert, deadline: schedule.Deadline | None) -> str:
    if deadline is None:
        return Alert.Outcome.GONE
    if deadline.due_at != alert.due_at:
        return Alert.Outcome.MOVED
    return Alert.Outcome.MET if deadline.met else Alert.Outcome.OPEN
