"""`make run` after somebody killed a part of it, or all of it: nothing committed is lost (must-show 1)."""

import os
import signal

import pytest

from tests.stack.running import Running, until

pytestmark = pytest.mark.stack

PARTS = {
    "PostgreSQL": ["bin/postgres"],
    "Redis": ["valkey"],
    "the worker": ["celery", "worker"],
    "the web server": ["gunicorn"],
}


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("a folder with spaces")


@pytest.fixture(scope="module")
def running(state):
    """Started once more on what the first start left, for all tests that leave it running."""
    system = Running(state).start()
    yield system
    system.stop()


def participants(running: Running) -> int:
    return running.sql("SELECT count(*) FROM records_participant")[0][0]


def test_it_starts_and_says_where_and_stops_on_sigterm(state):
    running = Running(state).start()
    until(lambda: f"running at http://127.0.0.1:{running.port}/" in running.output(), "the address", 20)
    count = participants(running)
    running.stop()

    assert count == 13
    until(lambda: not running.processes(), "nothing left running", 20)


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back_by_itself(running, part):
    killed = running.processes(*PARTS[part])
    for process in killed:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:  # a child that ended with its parent
            continue
    until(lambda: set(running.processes(*PARTS[part])) - set(killed), f"{part} back", 60)
    until(lambda: running.health()[0] == 200, "health", 60)
    assert participants(running) == 13


def test_a_second_start_beside_the_first_says_so(running, state):
    second = Running(state)
    with pytest.raises(AssertionError, match="ended with 1"):
        second.start()
    assert running.health()[0] == 200


def test_after_the_whole_tree_was_killed_the_next_start_finds_everything(running, state):
    for process in running.processes():
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
    running.process.wait(timeout=30)

    again = Running(state).start()
    try:
        assert participants(again) == 13
        assert "0 findings" in again.manage("verify_audit")
    finally:
        again.stop()
