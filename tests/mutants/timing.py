"""Loaded by the run that measures (`-p tests.mutants.timing`): how long each test takes, and whether it passes."""

import json
import os
from pathlib import Path

import pytest

_seconds: dict[str, float] = {}
_failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # the workers report to the first process
        text = json.dumps({"seconds": _seconds, "failed": sorted(_failed)})
        Path(os.environ["SBRTSPINE_MUTANTS_TIMES"]).write_text(text)
