"""What some tests need that no wheel brings: R and PSPP, which read what is exported, and the NCI's table of grades.

`python -m tests.programs` installs the programs (Debian's, as root), else says in one line what is wanted. A test says
`@pytest.mark.needs("Rscript")`. Where it is absent the test is left out, and the last line of the run says which are;
in CI (the variable CI) it runs, and fails, except for the table, which the project may not carry.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

PACKAGES = {"Rscript": "r-base-core", "pspp": "pspp"}
TABLE = "CTCAE_FILE"
_HOW = {name: f"apt-get install {package}" for name, package in PACKAGES.items()}
_HOW[TABLE] = "set it to the path of the NCI's CTCAE 4.03 table, which the project does not carry"


def ctcae_file() -> Path:
    """The NCI's table: where CTCAE_FILE says, else beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "ctcae" / "ctcae_v4.03.csv"
    return Path(os.environ.get(TABLE) or beside)


def absent() -> list[str]:
    """What is wanted and not on this machine."""
    return [*(name for name in PACKAGES if not shutil.which(name)), *([] if ctcae_file().is_file() else [TABLE])]


def left_out(environment: Mapping[str, str]) -> list[str]:
    """What is absent and excuses a test; in CI a program excuses nothing."""
    return [name for name in absent() if name == TABLE or not environment.get("CI")]


def quietly(*command: str, **options: object) -> bool:
    """Whether the command is there and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, **options).returncode == 0
    except OSError:
        return False


def from_apt(*packages: str) -> bool:
    """Debian's packages, where we may install them."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return quietly("apt-get", "update", "-qq") and quietly(
        "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, env=environment
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): runs where this program or file is (tests/programs.py)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = set(left_out(os.environ))
    without = [item for item in items if missing & {mark.args[0] for mark in item.iter_markers("needs")}]
    items[:] = [item for item in items if item not in without]
    if without:
        config.hook.pytest_deselected(items=without)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in left_out(os.environ):
        terminalreporter.write_line(f"NOT RUN: the tests that need {name} ({_HOW[name]}).")


def main() -> int:
    """Always 0: a test that wants what is absent says so itself."""
    if programs := [name for name in absent() if name in PACKAGES]:
        from_apt(*(PACKAGES[name] for name in programs))
    for name in absent():
        excused = "are not run" if name in left_out(os.environ) else "fail"
        sys.stderr.write(f"WANTED: {name} ({_HOW[name]}). The tests that need it {excused}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
