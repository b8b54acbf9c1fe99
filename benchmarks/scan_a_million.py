"""The deadline scan over a million participants: nothing changed, beside the bare SQL; and one in a hundred changed."""

import time
from datetime import datetime

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import study
from benchmarks.results import Result, in_turns
from oversight.scanning import scan, alerts

ROUNDS = 101  # of milliseconds each
CHANGED = 10_000
_DEADLINES = """
INSERT INTO oversight_deadline (participant_id, kind, subject, raise_at, due_at, met, because)
SELECT id, 'window', '', now() + interval '1 day', now() + interval '2 days', false, '' FROM records_participant
WHERE id >= %s ON CONFLICT DO NOTHING
"""
_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_CHANGED = """
SELECT DISTINCT participant_id FROM records_auditrow WHERE transaction >= {cursor} AND participant_id IS NOT NULL
UNION SELECT participant_id FROM oversight_scanfailure
UNION SELECT participant_id FROM oversight_judgement WHERE again_at <= now()
"""


def prepare() -> None:
    """Ten thousand whole casebooks, and bare participants with one deadline each up to a million."""
    study.copied(study.MILLION, study.SMALL)
    study.multiply(study.MILLION, CHANGED)
    study.multiply(study.MILLION, 990_000, only={"records_participant"})
    with study.server(study.MILLION) as owner:
        owner.execute("UPDATE oversight_judgement SET again_at = NULL")
        owner.execute("DELETE FROM oversight_deadline")
        owner.execute(_DEADLINES, [0])
        owner.execute("ANALYZE")


def run(now: datetime) -> list[Result]:
    study.use(study.MILLION)
    scan.scan(now)  # what the copies owe is settled first
    with connection.cursor() as cursor:
        cursor.execute("SELECT cursor FROM oversight_scanstate")
        since = cursor.fetchone()[0]

    with CaptureQueriesContext(connection) as queries:
        scan.scan(now)
    statements = [query["sql"] for query in queries.captured_queries if not query["sql"].startswith(_TRANSACTION)]

    def bare() -> None:
        """Every statement that the scan makes, and nothing else."""
        with transaction.atomic(), connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
                if cursor.description:
                    cursor.fetchall()

    def judging() -> None:
        """The two set-based statements alone: who changed, and what is due."""
        with connection.cursor() as cursor:
            cursor.execute(_CHANGED.format(cursor=since))
            cursor.fetchall()
        alerts.raise_due(now)

    ours, baseline, least = in_turns(ROUNDS, lambda: scan.scan(now), bare, judging)
    measurements = [
        Result(
            "scan of 1,000,000, nothing changed, to its own SQL", ours, baseline, 1.2, f"{len(statements)} statements"
        ),
        Result("the same to its two set-based statements alone", ours, least, None, "who changed, what is due"),
    ]
    taken = _one_in_a_hundred(now)
    note = f"{1000 * taken / CHANGED:.1f} ms a participant that changed"
    return [
        *measurements,
        Result("scan of 1,000,000, 1 % changed", [taken], [sorted(ours)[len(ours) // 2]], None, note),
    ]


def _one_in_a_hundred(now: datetime) -> float:
    """Seconds of one scan after ten thousand participants changed, all in one transaction."""
    with study.server(study.MILLION) as owner:
        owner.execute(
            'INSERT INTO records_auditrow (chain, seq, at, person_id, actor, db_role, action, "table", record_id,'
            " participant_id, transaction, reason, changes, salt, digest, previous, hash, form)"
            " SELECT 'benchmark ' || p.id, 1, now(), (SELECT min(id) FROM accounts_person), '', 'benchmark', 'update',"
            " 'records_participant', p.id, p.id, pg_current_xact_id()::text::bigint, 'benchmark', '{}', '', '', '', '',"
            " 2"
            " FROM records_participant AS p WHERE p.id >= %s ORDER BY p.id LIMIT %s",
            [study.STEP, CHANGED],
        )
    started = time.perf_counter()
    report = scan.scan(now)
    assert report.judged >= CHANGED - 20, (report.judged, report.failed)
    return time.perf_counter() - started
