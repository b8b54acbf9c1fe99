"""Nothing falls between the two runs: what `make test` leaves out is run by `make test-long`."""

import re
from types import SimpleNamespace

import pytest

from tests import sizes
from tests.environment import ROOT


def collected(file, **marks):
    return SimpleNamespace(path=ROOT / "tests" / file, get_closest_marker=marks.get)


def test_every_test_is_in_one_of_the_two_runs(request: pytest.FixtureRequest):
    """Of this very run, and of every module that could be in it."""
    for item in request.session.items:
        assert sizes.is_in_this_run(item, is_long=False) or sizes.is_in_this_run(item, is_long=True), item.nodeid
    for path in ROOT.glob("tests/**/test_*.py"):
        uses = re.search(r"\blong\b\(|mark\.long|@long\b|marks=long|\bLONG\b|SBRTSPINE_LONG", path.read_text())
        assert not uses or sizes.is_in_this_run(collected(path), is_long=True) or path.name == "test_sizes.py", path


@pytest.mark.parametrize(
    ("file", "marks", "short", "long"),
    [
        ("test_every_number.py", {}, True, False),
        ("test_every_page.py", {}, True, True),
        ("test_every_page.py", {"long": sizes.long.mark}, False, True),
    ],
)
def test_a_sized_module_is_in_both_runs_and_a_long_test_in_the_long_one(file, marks, short, long):
    item = collected(file, **marks)

    assert (sizes.is_in_this_run(item, is_long=False), sizes.is_in_this_run(item, is_long=True)) == (short, long)


def test_the_long_run_is_of_all_tests():
    """It names no file, so that none can be forgotten."""
    makefile = (ROOT / "Makefile").read_text()
    [commands] = re.findall(r"^test-long:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)

    assert "SBRTSPINE_LONG=1 $(BIN)/python -m pytest -n auto" in commands
    assert "tests/" not in commands


def test_some_rows_hold_every_value_of_both_columns(monkeypatch):
    rows = [(one, other) for one in range(27) for other in range(9)]
    monkeypatch.setattr(sizes, "LONG", False)
    few = sizes.some(rows, 4)

    assert len(few) == 61
    assert {one for one, _ in few} == set(range(27))
    assert {other for _, other in few} == set(range(9))
    monkeypatch.setattr(sizes, "LONG", True)
    assert sizes.some(rows, 4) == rows
