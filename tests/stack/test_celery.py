"""Celery for real: alerts once, however many look, and whatever dies in between (must-show 6)."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.environment import ROOT
from tests.smtp import SmtpServer
from tests.stack.running import Running, until

pytestmark = pytest.mark.stack

ALERTS = "SELECT count(*), count(DISTINCT (participant_id, kind, subject, due_at)) FROM oversight_alert"


@pytest.fixture(scope="module")
def mail():
    """A mail server that has taken what the system sent, from its first scan on."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def running(tmp_path_factory, mail):
    system = Running(tmp_path_factory.mktemp("stack"), EMAIL_URL=f"smtp://127.0.0.1:{mail.port}").start()
    yield system
    system.stop()


def also(running: Running, *arguments: str) -> subprocess.Popen:
    """One more worker or beat beside those that run."""
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "sbrtspine", *arguments],
        cwd=ROOT,
        env={**running.environment, "DATABASE_URL": running.servers()["database_url"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def scanned_since(running: Running, when: str) -> bool:
    return running.sql("SELECT last_finished_at > %s::timestamptz FROM oversight_scanstate", when)[0][0]


def now(running: Running) -> str:
    return running.sql("SELECT clock_timestamp()::text")[0][0]


def test_what_is_raised_is_mailed_by_the_workers_over_smtp(running, mail):
    """The demo's closing window reaches its people through beat, queue, worker and a real SMTP conversation."""
    urgent = until(lambda: [letter for letter in mail.taken if "urgent" in letter["Subject"]], "a safety mail", 90)
    owed = "SELECT count(*) FROM oversight_mail WHERE urgency = 0 AND sent_at IS NULL"
    until(lambda: running.sql(owed)[0][0] == 0, "every safety mail marked", 60)
    assert running.processes("celery", "safety@")

    assert "BLEND-12" not in urgent[0].as_string()
    assert len({letter["Message-ID"] for letter in mail.taken}) == len(mail.taken)


def test_a_window_that_closes_raises_one_alert_with_two_beats_and_three_workers(running, tmp_path):
    more = [
        also(running, "worker", "--concurrency", "1", "-n", "second@%h"),
        also(running, "worker", "--concurrency", "1", "-n", "third@%h"),
        also(running, "beat", "--schedule", str(tmp_path / "beat"), "--pidfile="),
    ]
    try:
        for _round in range(3):
            since = now(running)
            until(lambda since=since: scanned_since(running, since), "a scan")
        count, distinct = running.sql(ALERTS)[0]
    finally:
        for process in more:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)

    assert count == distinct > 0
    missed = "SELECT count(*) FROM oversight_alert a JOIN records_participant p ON p.id = a.participant_id"
    assert running.sql(f"{missed} WHERE p.code = 'BLEND-12' AND a.kind = 'window-closing'")[0][0] == 1


def test_redis_killed_and_restarted_and_the_scan_goes_on_by_itself(running):
    [valkey] = running.processes("valkey")
    os.kill(valkey, signal.SIGKILL)

    started = time.monotonic()
    page = running.health()
    waited = time.monotonic() - started

    since = now(running)
    until(lambda: running.processes("valkey") and scanned_since(running, since), "a scan after the restart", 90)
    until(lambda: running.health()[0] == 200, "health", 60)
    assert page[0] in (200, 503)
    assert waited < 10, "the page waited for Redis"


def test_three_days_without_a_worker_are_made_up_by_the_first_scan(running):
    def scan() -> dict[str, Any] | None:
        answer = json.loads(running.manage("scan", "--dry-run", "--json", "--now", "2036-01-01T00:00:00+00:00"))
        return None if answer["skipped"] else answer  # the workers scan all the time, one at a time

    assert "day-60-overdue" in str(until(scan, "a scan between those of the workers")["raised"])
    count, distinct = running.sql(ALERTS)[0]
    assert count == distinct
