"""Scores: the vectors of study.md 2."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import scores
from protocol.partial_dates import PartialDate
from protocol.study import STUDY

T12 = {"location": 3, "pain": 3, "bone_lesion": 2, "alignment": 2, "collapse": 2, "posterolateral": 1}
T6 = {"location": 1, "pain": 3, "bone_lesion": 2, "alignment": 0, "collapse": 1, "posterolateral": 0}


@pytest.mark.parametrize(("points", "total", "band"), [(T12, 13, "unstable"), (T6, 7, "indeterminate")])
def test_sins(points, total, band):
    scored = scores.sins(points)

    assert (scored.total, scored.band) == (total, band)
    assert scored.arithmetic.endswith(f"= {total}, {band}")


@pytest.mark.parametrize(
    ("component", "points"), [("pain", 2), ("alignment", 1), ("posterolateral", 2), ("location", 4)]
)
def test_sins_points_that_are_not_on_the_list_are_refused(component, points):
    with pytest.raises(ValueError, match=component):
        scores.sins({**T12, component: points})


@pytest.mark.parametrize(
    ("level", "points"),
    [
        ("T1", 3),
        ("T2", 3),
        ("T3", 1),
        ("T10", 1),
        ("T11", 3),
        ("T12", 3),
        ("L1", 3),
        ("L2", 2),
        ("L4", 2),
        ("L5", 3),
        ("T13", None),
    ],
)
def test_sins_location_follows_from_the_level(level, points):
    assert scores.sins_location(level) == points


@pytest.mark.parametrize(
    ("drugs", "mg"),
    [
        ({"fentanyl_td_ug_per_h": 25}, 60),
        ({"oxycodone_po_mg": 40}, 60),
        ({"hydromorphone_po_mg": 12}, 60),
        ({"tapentadol_po_mg": 150}, 60),
        ({"morphine_po_mg": 60}, 60),
        ({"tramadol_po_mg": 400}, 40),
        ({"oxycodone_po_mg": 40, "fentanyl_td_ug_per_h": 25}, 120),
        ({}, 0),
    ],
)
def test_omed(drugs, mg):
    assert scores.omed(drugs) == mg


@pytest.mark.parametrize("drug", ["methadone", "buprenorphine_td", "aspirin"])
def test_omed_converts_nothing_it_should_not(drug):
    with pytest.raises(ValueError, match=drug):
        scores.omed({drug: 10})


DOSES = st.dictionaries(st.sampled_from(list(STUDY.opioids["factors"])), st.floats(0, 1000, allow_nan=False))


@given(DOSES, st.floats(0, 10))
def test_omed_is_linear(drugs, times):
    scaled = {drug: dose * times for drug, dose in drugs.items()}

    assert float(scores.omed(scaled)) == pytest.approx(float(scores.omed(drugs)) * times, abs=1e-3)


@given(DOSES, st.sampled_from(list(STUDY.opioids["factors"])), st.floats(0, 100))
def test_more_opioid_is_never_less(drugs, drug, more):
    assert scores.omed({**drugs, drug: drugs.get(drug, 0) + more}) >= scores.omed(drugs)


@pytest.mark.parametrize(
    ("baseline", "now", "verdict"),
    [
        ((8, 60), (0, 60), "CR"),
        ((8, 60), (0, 70), "IR"),
        ((8, 60), (6, 60), "PR"),
        ((8, 60), (8, 45), "PR"),
        ((8, 60), (8, 46), "IR"),
        ((8, 60), (6, 75), "IR"),
        ((8, 60), (9, 75), "PP"),
        ((6, 0), (8, 0), "PP"),
        ((6, 0), (6, 10), "PP"),
        ((6, 60), (8, 80), "PP"),
        ((0, 60), (0, 60), "not evaluable"),
        ((8, None), (6, 60), "not evaluable"),
        ((8, 60), (None, 60), "not evaluable"),
    ],
)
def test_pain_response(baseline, now, verdict):
    assert scores.pain_response(baseline, now).verdict == verdict


@pytest.mark.parametrize(
    ("profile", "index"), [("11111", 1.0), ("21111", 0.918), ("11112", 0.883), ("33333", 0.511), ("55555", -0.446)]
)
def test_eq5d(profile, index):
    assert scores.eq5d_index(profile) == index


@pytest.mark.parametrize("profile", ["1111", "111111", "61111", "1111x", ""])
def test_what_is_no_eq5d_profile_is_refused(profile):
    with pytest.raises(ValueError, match="five digits"):
        scores.eq5d_index(profile)


@pytest.mark.parametrize(
    ("baseline", "now", "drop", "flags"),
    [
        ("E", "D", 1, (True, False)),
        ("E", "C", 2, (True, True)),
        ("D", "E", -1, (False, False)),
        ("D", "D", 0, (False, False)),
    ],
)
def test_ais_change(baseline, now, drop, flags):
    change = scores.ais_change(baseline, now)

    assert (change.drop, (change.one_or_more, change.two_or_more)) == (drop, flags)


def test_bpi_and_eortc():
    assert scores.bpi_severity([8, 2, 5, 5]) == 5
    assert scores.bpi_severity([8, 2, None, 5]) is None
    assert scores.bpi_interference([1, 2, 3, 4, None, None, None]) == 2.5
    assert scores.bpi_interference([1, 2, 3, None, None, None, None]) is None
    assert scores.eortc_scale([1, 1], functional=True) == 100
    assert scores.eortc_scale([7], functional=False, steps=6) == 100
    assert scores.eortc_scale([None, None, 2], functional=False) is None
    assert scores.kps_ecog_agree(60, 2)


def on(text):
    return date.fromisoformat(f"2016-{text}")


def partly(text):
    return PartialDate.parse(f"2016-{text}") if text else None


BETTER_THEN_WORSE = [("03-22", "IR"), ("04-05", "PR"), ("04-19", "CR"), ("05-10", "PP"), ("06-10", "PR")]


@pytest.mark.parametrize(
    ("responses", "again", "died", "seen", "verdict", "days", "at_most", "because"),
    [
        (BETTER_THEN_WORSE, None, None, "06-10", "ended", 35, 35, "pain progression"),
        (BETTER_THEN_WORSE, "05-01", None, "06-10", "ended", 26, 26, "treated again"),
        (BETTER_THEN_WORSE, None, "04-20", "04-19", "ended", 15, 15, "death"),
        (BETTER_THEN_WORSE[:3], None, None, "05-31", "ongoing", 56, 56, "last contact"),
        (BETTER_THEN_WORSE[:3], None, None, None, "ongoing", 14, 14, "last contact"),
        (BETTER_THEN_WORSE[:2], None, "05", None, "ended", 26, 56, "death"),
        (BETTER_THEN_WORSE[:2], None, "04", None, "ended", 0, 25, "death"),
        (BETTER_THEN_WORSE, None, "05", None, "ended", 26, 35, "death"),
        (BETTER_THEN_WORSE[:1], None, "05-01", None, "no response", None, None, "no CR or PR"),
        (BETTER_THEN_WORSE, "04-01", None, None, "no response", None, None, "treated again"),
        ([("04-05", "PP"), ("05-05", "PR")], None, None, None, "ongoing", 0, 0, "last contact"),
        ([], None, None, "06-10", "no response", None, None, "no CR or PR"),
    ],
)
def test_duration_of_pain_relief(responses, again, died, seen, verdict, days, at_most, because):
    relief = scores.pain_relief(
        [(on(day), code) for day, code in responses],
        treated_again=partly(again),
        died=partly(died),
        last_contact=on(seen) if seen else None,
    )

    assert (relief.verdict, relief.days, relief.days_at_most) == (verdict, days, at_most)
    assert because in relief.because


CODES = st.sampled_from(["CR", "PR", "PP", "IR", "not evaluable"])


@given(st.dictionaries(st.integers(0, 400), CODES), st.integers(0, 400), st.integers(1, 400))
def test_relief_does_not_depend_on_the_order_and_a_death_never_makes_it_longer(codes, seen, died):
    start = date(2016, 1, 1)
    responses = [(start + timedelta(day), code) for day, code in codes.items()]
    alive = scores.pain_relief(responses, last_contact=start + timedelta(seen))
    dead = scores.pain_relief(responses, died=PartialDate.of(start + timedelta(died)))

    assert scores.pain_relief(reversed(responses), last_contact=start + timedelta(seen)) == alive
    assert (alive.days is None) == (alive.verdict == "no response")
    if alive.verdict == "ended":
        assert 0 <= dead.days <= alive.days


def response(before, after, p0=8, pt=8):
    """The rule of study.md 2.10 in fractions, for a participant whose opioids are doses in tenths."""
    if pt == 0 and after <= before:
        return "CR"
    if (p0 - pt >= 2 and after <= before) or (before > 0 and 4 * after <= 3 * before and pt <= p0):
        return "PR"
    up = 4 * after >= 5 * before if before > 0 else after > 0
    return "PP" if pt - p0 >= 2 or (up and p0 <= pt <= p0 + 1) else "IR"


@pytest.mark.parametrize("drug", list(STUDY.opioids["factors"]))
def test_every_exact_threshold_of_the_opioids_is_met(drug):
    """Each dose that forms keep, in tenths, against each that is exactly a quarter less or more, or a tenth beside."""
    factor = Fraction(str(STUDY.opioids["factors"][drug]))
    for tenths in range(1, 4001):
        for exactly in (Fraction(3 * tenths, 4), Fraction(5 * tenths, 4)):
            for later in {floor(exactly), ceil(exactly)}:
                o0, ot = scores.omed({drug: Decimal(tenths) / 10}), scores.omed({drug: Decimal(later) / 10})
                expected = response(factor * tenths, factor * later)
                assert scores.pain_response((8, o0), (8, ot)).verdict == expected, (tenths, later)


@given(
    st.integers(1, 10), st.integers(0, 10), st.integers(0, 50_000), st.integers(0, 50_000), st.sampled_from([10, 100])
)
def test_the_response_is_that_of_exact_arithmetic(p0, pt, before, after, per):
    judged = scores.pain_response((p0, Decimal(before) / per), (pt, Decimal(after) / per))

    assert judged.verdict == response(Fraction(before, per), Fraction(after, per), p0, pt)


@given(st.lists(st.tuples(st.sampled_from(list(STUDY.opioids["factors"])), st.integers(0, 50_000)), max_size=6))
def test_opioids_add_up_exactly(doses):
    total = scores.omed_of((drug, Decimal(tenths) / 10) for drug, tenths in doses)

    assert Fraction(total) == sum(Fraction(str(STUDY.opioids["factors"][drug])) * tenths / 10 for drug, tenths in doses)
