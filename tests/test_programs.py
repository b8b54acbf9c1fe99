"""No test is skipped: what a machine lacks is named, and in CI it fails."""

import os
import re
import subprocess
import sys

import pytest

from tests.environment import ROOT

# Written so that this file does not hold what it looks for.
_SKIPS = re.compile(r"\b(?:pytest\.(?:skip|importorskip|xfail)|mark\.(?:skip|xfail)|skip" + r"if|skip" + r"Test)\b")
_TESTS = """
import shutil, pytest

@pytest.mark.needs("Rscript")
def test_of_r():
    assert shutil.which("Rscript"), "Rscript is not here"

@pytest.mark.needs("CTCAE_FILE")
def test_of_the_table():
    raise AssertionError("runs without its table")

def test_of_nothing():
    pass
"""


def run(tmp_path, **environment):
    """pytest as `make test` starts it, on a machine that has Python and nothing else."""
    (tmp_path / "test_it.py").write_text(_TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "tests.programs", "-p", "no:django", "."],
        cwd=tmp_path, capture_output=True, text=True,
        env={**kept, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT), "CTCAE_FILE": "/nowhere.csv", **environment},
    )  # fmt: skip


def test_an_ordinary_machine_is_told_what_it_lacks(tmp_path):
    done = run(tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 2 deselected" in done.stdout
    assert "NOT RUN: the tests that need Rscript (apt-get install r-base-core)." in done.stdout
    assert "NOT RUN: the tests that need CTCAE_FILE" in done.stdout


def test_in_ci_a_test_without_its_program_fails(tmp_path):
    done = run(tmp_path, CI="true")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed, 1 deselected" in done.stdout
    assert "NOT RUN: the tests that need Rscript" not in done.stdout


def test_what_make_test_says_first(tmp_path):
    """As an ordinary user, who may install nothing."""
    words = "import os, sys; os.geteuid = lambda: 1000; from tests import programs; sys.exit(programs.main())"
    output = {
        name: subprocess.run(
            [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True,
            env={"PATH": str(tmp_path), "CTCAE_FILE": "/nowhere.csv", **environment},
        ).stderr.splitlines()
        for name, environment in {"home": {}, "ci": {"CI": "1"}}.items()
    }  # fmt: skip

    assert [line.split(" (")[0] for line in output["home"]] == ["WANTED: Rscript", "WANTED: pspp", "WANTED: CTCAE_FILE"]
    assert [line.split("it ")[-1] for line in output["home"]] == ["are not run."] * 3
    assert [line.split("it ")[-1] for line in output["ci"]] == ["fail.", "fail.", "are not run."]


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_skips(path):
    assert _SKIPS.findall(path.read_text()) == []
