"""Who makes an export: one maker, however long it waits; another soon after it was killed; never two of one file."""

import hashlib
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import QueryDict

from exports import jobs, lease
from exports.forms import Choice
from exports.models import ExportJob, ExportLog
from exports.reading import read_sbrtspine
from procedures.models import Surgery
from tests.conftest import superuser
from tests.environment import ROOT
from tests.test_every_record import filled_record

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
PATIENCE = 20  # seconds after which a test gives up waiting for something that does not come
State = ExportJob.State


class Clock:
    """Stands still until it is put on; tells when the lease was renewed since."""

    def __init__(self):
        self.now, self.reads, self.renewed = NOW, 0, threading.Event()

    def __call__(self):
        self.reads += 1
        if self.reads >= 3:  # the first may have been read before it was put on; at the third the second was written
            self.renewed.set()
        return self.now

    def on(self, by):
        self.now, self.reads = self.now + by, 0
        self.renewed.clear()


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    settings.EXPORTS = str(tmp_path / "exports")
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.02)
    return tmp_path / "exports"


@pytest.fixture
def job(committed, people, site, folder):
    filled_record(Surgery, people, site)
    choice = Choice(QueryDict(""), people["datamanager"])
    assert choice.is_valid()
    return jobs.ask(people["datamanager"], choice, 1, NOW)


def now_of(job):
    job.refresh_from_db()
    return job.state


def names(folder):
    return sorted(file.name for file in folder.iterdir())


@contextmanager
def surgeries_locked():
    """Nobody reads a surgery meanwhile; gives what tells whether somebody waits for one."""
    with superuser() as server:
        server.execute("BEGIN")
        server.execute("LOCK TABLE procedures_surgery IN ACCESS EXCLUSIVE MODE")

        def awaited(by):
            asked = "SELECT count(*) FROM pg_locks WHERE relation = 'procedures_surgery'::regclass AND NOT granted"
            for _each in range(1000):
                if server.execute(asked).fetchone()[0] >= by:
                    return True
                threading.Event().wait(PATIENCE / 1000)
            return False

        yield SimpleNamespace(by=awaited)
        server.execute("ROLLBACK")


def maker(job, clock):
    """One worker, in a thread with its own connection."""

    def work():
        try:
            jobs.make(job.pk, clock)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_maker_that_waits_longer_than_its_lease_keeps_its_job(job, folder):
    clock = Clock()
    with surgeries_locked() as waiting:
        first = maker(job, clock)
        assert waiting.by(1)
        clock.on(timedelta(minutes=10))
        assert clock.renewed.wait(PATIENCE)

        assert jobs.owed(clock.now) == []
        jobs.make(job.pk, lambda: clock.now)  # a second worker is told of it as well: it does nothing
        assert waiting.by(1)
        assert len(names(folder)) == 1
    first.join(PATIENCE)

    assert now_of(job) == State.READY
    assert names(folder) == [jobs.path(job).name]
    assert len(read_sbrtspine.read(jobs.path(job))["surgery"]) == 1
    assert ExportLog.objects.count() == 1


def test_a_maker_that_lost_its_lease_stops_also_while_it_waits(job, folder):
    clock = Clock()
    with surgeries_locked() as waiting:
        first = maker(job, clock)
        assert waiting.by(1)
        ExportJob.objects.filter(pk=job.pk).update(moved_at=NOW - timedelta(hours=1))
        taken = jobs._take(job.pk, NOW)
        if taken is None:  # it renewed the lease in between
            ExportJob.objects.filter(pk=job.pk).update(maker=None)
        first.join(PATIENCE)
        assert not first.is_alive()
        assert names(folder) == []

    assert now_of(job) == State.RUNNING  # the other's, which the first does not call failed


def test_cancelling_stops_one_that_waits_for_a_lock_and_leaves_nothing(job, folder):
    with surgeries_locked() as waiting:
        first = maker(job, Clock())
        assert waiting.by(1)
        jobs.cancel(job, NOW)
        first.join(PATIENCE)

        assert not first.is_alive()
    assert now_of(job) == State.CANCELLED
    assert names(folder) == []


def test_two_makers_write_two_files_and_one_publishes(job, folder, monkeypatch):
    """Both believe that the lease is theirs: the second took it over from the first, which does not know yet."""
    monkeypatch.setattr(lease, "RENEW_EVERY", PATIENCE)
    with surgeries_locked() as waiting:
        first = maker(job, Clock())
        assert waiting.by(1)
        lost = ExportJob.objects.get(pk=job.pk)
        ExportJob.objects.filter(pk=job.pk).update(maker=None, state=State.WAITING)
        second = maker(job, Clock())
        assert waiting.by(2)
        assert len(names(folder)) == 2
    for thread in (first, second):
        thread.join(PATIENCE)

    assert now_of(job) == State.READY
    assert job.maker not in (None, lost.maker)
    assert names(folder) == [jobs.path(job).name]
    assert hashlib.sha256(jobs.path(job).read_bytes()).hexdigest() == job.sha256
    assert ExportLog.objects.count() == 1


def test_whoever_lost_the_lease_at_the_last_moment_does_not_publish(job, folder, monkeypatch):
    write = jobs._write

    def taken_over_meanwhile(mine, *rest):
        answer = write(mine, *rest)
        ExportJob.objects.filter(pk=job.pk).update(maker="00000000-0000-0000-0000-000000000001")
        return answer

    monkeypatch.setattr(jobs, "_write", taken_over_meanwhile)
    jobs.make(job.pk, lambda: NOW)

    assert now_of(job) == State.RUNNING
    assert names(folder) == []
    assert ExportLog.objects.count() == 0


_MAKES = """
import sys
from datetime import datetime
import django
django.setup()
from django.conf import settings
from exports import jobs, lease
settings.EXPORTS, lease.RENEW_EVERY = sys.argv[2], 0.02
jobs.make(int(sys.argv[1]), lambda: datetime.fromisoformat(sys.argv[3]))
"""


def test_a_killed_makers_job_is_taken_over_and_its_file_removed(job, folder):
    with surgeries_locked() as waiting:
        asked = [sys.executable, "-c", _MAKES, str(job.pk), str(folder), NOW.isoformat()]
        process = subprocess.Popen(asked, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert waiting.by(1)
        process.kill()
        process.wait()
        assert len(names(folder)) == 1
    soon = NOW + lease.LASTS
    assert (now_of(job), jobs.owed(soon)) == (State.RUNNING, [])

    later = soon + timedelta(seconds=1)
    assert jobs.owed(later) == [job.pk]
    jobs.make(job.pk, lambda: later)
    jobs.remove_old(later)

    assert now_of(job) == State.READY
    assert names(folder) == [jobs.path(job).name]


@pytest.mark.parametrize(
    ("since", "gone"),
    [
        (timedelta(minutes=-3), True),
        (timedelta(minutes=-1), False),
        (timedelta(0), False),
        (timedelta(seconds=2), False),
        (timedelta(minutes=2), True),
        (timedelta(days=400), True),
    ],
)
def test_a_lease_from_the_future_is_over(since, gone, job):
    ExportJob.objects.filter(pk=job.pk).update(state=State.RUNNING, moved_at=NOW + since)
    assert jobs.owed(NOW) == ([job.pk] if gone else [])

    jobs.make(job.pk, lambda: NOW)
    assert now_of(job) == (State.READY if gone else State.RUNNING)


def test_one_that_was_asked_for_in_the_future_is_owed(job):
    ExportJob.objects.filter(pk=job.pk).update(asked_at=NOW + timedelta(days=2))

    assert jobs.owed(NOW) == [job.pk]


def test_what_nobody_can_fetch_is_removed_and_nothing_else(job, folder):
    jobs.make(job.pk, lambda: NOW)
    for name in ("blend-archive-99.zip", f"blend-statistician-{job.pk}.0-1.part", "blend-archive-7.part", "notes.txt"):
        (folder / name).write_bytes(b"x")

    assert jobs.remove_old(NOW) == 0
    assert names(folder) == [jobs.path(job).name, "notes.txt"]
