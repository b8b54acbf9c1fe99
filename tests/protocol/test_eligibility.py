"""Eligibility: each criterion alone flips the verdict; a missing answer is undetermined (study.md 1.3)."""

from dataclasses import replace

import pytest

from protocol.eligibility import CRITERIA, EligibilityFacts, assess

ELIGIBLE = EligibilityFacts(
    painful=True, solid_tumour=True, levels=("T12", "L1"), surgery_needed=True, histology=True, imaging=True, kps=60,
    age=18, consent=True, bridged_levels=5, earlier_treatment=False, bilsky="1c", ais="D", ais_progressing=False,
    can_lie_flat=True, ambulatory=True, hospice=False, life_expectancy_under_3_months=False, operable=True,
    refuses_surgery=False,
)  # fmt: skip

FAILING = [
    ("I1a", "painful", False),
    ("I1b", "solid_tumour", False),
    ("I1c", "levels", ("T12", "S1")),
    ("I1d", "surgery_needed", False),
    ("I2", "histology", False),
    ("I3", "imaging", False),
    ("I4", "kps", 50),
    ("I5", "age", 17),
    ("I6", "consent", False),
    ("E1", "bridged_levels", 6),
    ("E2", "earlier_treatment", True),
    ("E3", "bilsky", "2"),
    ("E3", "bilsky", "3"),
    ("E4", "ais", "C"),
    ("E4", "ais", "A"),
    ("E5", "ais_progressing", True),
    ("E6", "can_lie_flat", False),
    ("E7", "ambulatory", False),
    ("E8", "hospice", True),
    ("E8", "life_expectancy_under_3_months", True),
    ("E9", "operable", False),
    ("E9", "refuses_surgery", True),
]


def test_everything_met_is_eligible():
    assert assess(ELIGIBLE).verdict == "eligible"


@pytest.mark.parametrize(("criterion", "name", "value"), FAILING)
def test_each_criterion_alone_flips_the_verdict(criterion, name, value):
    judged = assess(replace(ELIGIBLE, **{name: value}))

    assert (judged.verdict, judged.failed) == ("not eligible", (criterion,))
    assert criterion in judged.because


@pytest.mark.parametrize("name", [name for name in EligibilityFacts.__dataclass_fields__])
def test_a_missing_answer_is_undetermined(name):
    judged = assess(replace(ELIGIBLE, **{name: None}))

    assert judged.verdict == "undetermined"
    assert len(judged.unanswered) in (1, 2)


@pytest.mark.parametrize(("_criterion", "name", "value"), FAILING)
def test_one_failed_criterion_is_enough_whatever_is_unanswered(_criterion, name, value):
    certain = {"ais": "D"} if name == "ais_progressing" else {}

    assert assess(EligibilityFacts(**{**certain, name: value})).verdict == "not eligible"


def test_asia_e_is_never_progressing_and_the_table_covers_study_md():
    assert assess(replace(ELIGIBLE, ais="E", ais_progressing=None)).verdict == "eligible"
    assert [c.id for c in CRITERIA] == [
        "I1a",
        "I1b",
        "I1c",
        "I1d",
        "I2",
        "I3",
        "I4",
        "I5",
        "I6",
        "E1",
        "E2",
        "E3",
        "E4",
        "E5",
        "E6",
        "E7",
        "E8",
        "E9",
    ]
