"""Loaded by the runs that judge (`-p tests.mutants.running`): servers and Django start once, each mutant is a fork.

The jobs are read from a file, one JSON object a line, and what became of each is written to another. A test that fails
kills a mutant only if it passes, in a fork like that one, on the code as it is.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from _pytest.runner import runtestprotocol
from django.db import connections
from hypothesis import HealthCheck, Phase, settings
from psycopg import sql

from tests.environment import DATABASE
from tests.mutants import swapping

KEPT = "mutants_database"
SURVIVED, KILLED, TIMED_OUT, UNFIT = "survived", "killed", "timed out", "unfit"
_SHARE = 10  # seconds of the processor for a mutant, beyond twice what its tests took when they were measured
_ONE_TEST = 60  # seconds of the processor that one test may take: a loop that never ends
_PATIENCE = 600  # seconds by the clock for a whole mutant: one that waits for ever

settings.register_profile(
    "mutants", derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def pytest_configure() -> None:
    settings.load_profile("mutants")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Judge every job instead of running what was collected."""
    items = {item.nodeid: item for item in session.items}
    first = min(items.values(), key=lambda item: ("people" not in item.fixturenames, item.nodeid))
    if any(report.failed for report in _reports(first)):
        raise pytest.UsageError(f"{first.nodeid} fails on the code as it is.")
    judge = _Judge(items)
    jobs, results = (Path(os.environ[f"SBRTSPINE_MUTANTS_{name}"]) for name in ("JOBS", "RESULTS"))
    for line in jobs.read_text().splitlines():
        job = json.loads(line)
        if _claimed(results / job["key"]):
            verdict, by, seconds = judge.judge(job)
            result = {"verdict": verdict, "by": by, "seconds": seconds, "tests": job["tests"]}
            (results / job["key"]).write_text(json.dumps(result))
    return True


def _reports(item: pytest.Item) -> list[pytest.TestReport]:
    """Run a test, and end all its fixtures but those of the session."""
    return runtestprotocol(item, nextitem=item.session, log=False)


def _address() -> str:
    head, _, options = os.environ["TEST_SUPERUSER_URL"].partition("?")
    return head.rsplit("/", 1)[0] + f"/{DATABASE}?{options}"


def _claimed(result: Path) -> bool:
    """Whether this process is the one that judges it."""
    try:
        result.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


class _Judge:
    """Runs tests in forks, and puts the database back."""

    def __init__(self, items: dict[str, pytest.Item]) -> None:
        self.items, self.alive = items, swapping.Alive()
        self.sound: dict[str, bool] = {}  # tests that killed, and whether they pass on the code as it is
        connections.close_all()
        self._on_server(
            sql.SQL("DROP DATABASE IF EXISTS {kept} WITH (FORCE)"),
            sql.SQL("CREATE DATABASE {kept} TEMPLATE {database} OWNER sbrtspine_owner"),
        )

    def judge(self, job: dict[str, Any]) -> tuple[str, str, float]:
        """What becomes of one mutant, by which test, and how long that took."""
        begun, tests = time.monotonic(), [name for name in job["tests"] if self.sound.get(name, True)]
        verdict, by = SURVIVED, ""
        while tests:
            verdict, by = self._fork(job, tests)
            if verdict != KILLED or self._is_sound(by):
                break
            tests = tests[tests.index(by) + 1 :]
            verdict, by = SURVIVED, ""
        return verdict, by, round(time.monotonic() - begun, 1)

    def _is_sound(self, name: str) -> bool:
        if name not in self.sound:
            self.sound[name] = self._fork({"seconds": _ONE_TEST}, [name])[0] == SURVIVED
            if not self.sound[name]:
                sys.stderr.write(f"NOT COUNTED: {name} fails without a mutant too.\n")
        return self.sound[name]

    def _fork(self, job: dict[str, Any], tests: list[str]) -> tuple[str, str]:
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reads)
            self._in_the_fork(job, tests, writes)
        os.close(writes)
        verdict, by = TIMED_OUT, ""
        try:
            verdict, by = _awaited(child, reads, _PATIENCE)
        finally:
            os.close(reads)
            ran = tests[: tests.index(by) + 1] if by else tests
            if (
                verdict == TIMED_OUT
                or job.get("sql")
                or any("committed" in self.items[name].fixturenames for name in ran)
            ):
                self._put_back()
        return verdict, by

    def _in_the_fork(self, job: dict[str, Any], tests: list[str], writes: int) -> None:
        os.setpgid(0, 0)
        quiet = os.open(os.environ["SBRTSPINE_MUTANTS_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for descriptor in (1, 2):
            os.dup2(quiet, descriptor)
        outcome, name = (SURVIVED, ""), tests[0]
        try:
            if "source" in job:
                self.alive.swap(job["path"], job["source"])
            if job.get("sql"):
                with psycopg.connect(_address(), autocommit=True) as server:
                    server.execute(job["sql"])
            for name in tests:
                if time.process_time() > _SHARE + 2 * job["seconds"]:
                    break
                os.write(writes, f"{name}\n".encode())
                most = int(time.process_time()) + _ONE_TEST
                resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
                if self._fails(self.items[name]):
                    outcome = KILLED, name
                    break
        except (swapping.NothingChanged, ValueError):
            traceback.print_exc()
            outcome = UNFIT, ""
        except BaseException:  # the mutant brought down what runs the tests
            traceback.print_exc()
            outcome = KILLED, name
        os.write(writes, f"\0{outcome[0]}\n".encode())
        os._exit(0)

    def _fails(self, item: pytest.Item) -> bool:
        failed = [report for report in _reports(item) if report.failed]
        for report in failed:
            sys.stderr.write(f"{item.nodeid}\n{report.longreprtext}\n")
        return bool(failed)

    def _put_back(self) -> None:
        """The database and the queue as they were before a test that commits, or was ended in the middle."""
        self._on_server(
            sql.SQL("DROP DATABASE IF EXISTS {database} WITH (FORCE)"),
            sql.SQL("CREATE DATABASE {database} TEMPLATE {kept} OWNER sbrtspine_owner"),
        )
        with redis.from_url(os.environ["REDIS_URL"]) as queue:
            queue.flushall()

    def _on_server(self, *statements: sql.SQL) -> None:
        names = {"kept": sql.Identifier(KEPT), "database": sql.Identifier(DATABASE)}
        with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as server:
            for statement in statements:
                server.execute(statement.format(**names))


def _awaited(child: int, reads: int, limit: float) -> tuple[str, str]:
    """What the fork says, line by line; where it says nothing in time it is ended, with all that it started."""
    signal.signal(signal.SIGALRM, lambda *_about: (_ for _ in ()).throw(TimeoutError()))
    signal.alarm(int(limit))
    by, verdict = "", TIMED_OUT  # a fork that dies without a word has used up its time
    try:
        with os.fdopen(os.dup(reads)) as lines:
            for line in lines:
                if line.startswith("\0"):
                    verdict = line[1:].strip()
                else:
                    by = line.strip()
        os.waitpid(child, 0)
    except TimeoutError:
        verdict = TIMED_OUT
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    finally:
        signal.alarm(0)
    return verdict, "" if verdict == SURVIVED else by
