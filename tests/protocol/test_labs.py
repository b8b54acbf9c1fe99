"""Laboratory grades at every published bound, one step to either side, in every unit it is published in."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import labs
from protocol.study import STUDY

STEP = Decimal("0.01")  # what the forms keep
# The sentences of CTCAE 4.03, by hand: below these is grade 2, 3, 4.
PUBLISHED = {
    ("anemia", "mmol/l"): ["6.2", "4.9"],
    ("anemia", "g/dl"): ["10.0", "8.0"],
    ("neutrophils", "10⁹/l"): ["1.5", "1.0", "0.5"],
    ("platelets", "10⁹/l"): ["75.0", "50.0", "25.0"],
    ("white_cells", "10⁹/l"): ["3.0", "2.0", "1.0"],
}
ABOVE = {"creatinine": ["1.0", "1.5", "3.0", "6.0"]}
AT_BOUNDS = [
    (test, unit, Decimal(bound), 2 + place)
    for (test, unit), bounds in PUBLISHED.items()
    for place, bound in enumerate(bounds)
]


def grade(suggestion):
    return suggestion.grade if suggestion else None


def test_every_bound_of_the_study_is_one_of_the_table():
    bounds_of = {
        (test, unit): bounds for test, of in STUDY.labs["below"].items() for unit, bounds in of["bounds"].items()
    }

    assert {key: [Decimal(str(bound)) for bound in bounds] for key, bounds in bounds_of.items()} == {
        key: [Decimal(bound) for bound in bounds] for key, bounds in PUBLISHED.items()
    }
    assert {name: [str(bound) for bound in of["bounds"]] for name, of in STUDY.labs["above"].items()} == ABOVE


@pytest.mark.parametrize(("test", "unit", "bound", "below"), AT_BOUNDS)
def test_a_step_to_either_side_of_a_bound(test, unit, bound, below):
    at = below - 1 if below > 2 else None

    assert grade(labs.too_low(test, bound - STEP, unit)) == below
    assert grade(labs.too_low(test, bound, unit)) == at
    assert grade(labs.too_low(test, bound + STEP, unit)) == at
    assert grade(labs.too_low(test, bound, unit, bound + STEP)) == (at or 1)


@given(st.sampled_from(ABOVE["creatinine"]), st.integers(3000, 20000))
def test_a_step_to_either_side_of_a_multiple(bound, hundredths):
    limit = Decimal(hundredths) / 100
    exactly = Fraction(bound) * Fraction(limit)
    for value in (int(exactly * 100) + step for step in (-1, 0, 1)):
        above = sum(Fraction(value, 100) > Fraction(multiple) * Fraction(limit) for multiple in ABOVE["creatinine"])
        assert grade(labs.too_high("creatinine", Decimal(value) / 100, limit)) == (above or None)


@pytest.mark.parametrize(("test", "unit"), PUBLISHED)
def test_each_value_has_the_grade_of_its_own_unit(test, unit):
    """Every value that the forms take up to 100, in hundredths: few lie between a bound and its conversion."""
    for hundredths in range(1, 10001):
        passed = sum(Fraction(hundredths, 100) < Fraction(bound) for bound in PUBLISHED[test, unit])
        assert grade(labs.too_low(test, Decimal(hundredths) / 100, unit)) == (1 + passed if passed else None), (
            hundredths
        )


@pytest.mark.parametrize(
    ("value", "limit", "expected"), [("45.06", "30.04", 1), ("90.12", "30.04", 2), ("180.24", "30.04", 3)]
)
def test_multiples_that_doubles_miss(value, limit, expected):
    assert grade(labs.too_high("creatinine", Decimal(value), Decimal(limit))) == expected


def test_a_unit_without_published_bounds_is_not_guessed_at():
    with pytest.raises(KeyError):
        labs.too_low("anemia", Decimal(5), "mg/l")


@pytest.mark.parametrize(
    ("value", "unit", "shown"), [("8", "g/dl", "4.96"), ("7.9", "g/dl", "4.90"), ("5", "mmol/l", "5")]
)
def test_haemoglobin_is_shown_in_one_unit(value, unit, shown):
    assert str(labs.haemoglobin_mmol_l(Decimal(value), unit)) == shown
