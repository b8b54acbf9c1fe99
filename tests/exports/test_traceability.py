"""Nothing in the table from study to tests is only a promise."""

import re

import pytest

from exports.documents import traceability
from protocol.study import STUDY
from tests.environment import ROOT

AUDITED = [line for _source, line in traceability.audited().values()]
LINES = [*traceability.lines(), *AUDITED]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.section} {line.what}"[:60])
def test_each_line_has_a_place_and_a_test(line):
    file, _, name = line.test.partition("::")

    assert [place for place in line.places if traceability.missing_place(place)] == []
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), line.test


def test_each_of_the_28_situations_has_a_test_of_its_number():
    text = (ROOT / "tests/situations/test_situations.py").read_text()

    assert {int(number) for number in re.findall(r"^def test_(\d\d)_", text, re.MULTILINE)} == set(range(1, 29))


def test_every_visit_is_there_with_its_forms_and_a_missing_place_is_noticed():
    cells = {line.what for line in LINES if line.section == "4.3"}

    assert len(cells) == sum(len(visit.forms) for visit in STUDY.visits)
    assert traceability.missing_place("surgery.incison_at")
    assert traceability.missing_place("protocol.window.nothing_like_it")
    assert traceability.missing_place("no.such.module")


def test_what_is_left_out_says_why():
    assert all(why for why in [*traceability.left_out().values(), *traceability.not_yet().values()])


def test_everything_an_auditor_asks_is_answered_once():
    asked = [f"{chapter}{number}" for chapter, last in traceability.AUDITOR.items() for number in range(1, last + 1)]

    assert sorted(asked) == sorted([*(line.section for line in AUDITED), *traceability.not_yet()])
