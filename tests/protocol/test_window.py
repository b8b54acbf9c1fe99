"""The 48-hour window: every row of study.md 3.3, and its laws."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.facts import TreatmentFacts
from protocol.window import WINDOW, sensitivity_hours, treatment_window

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
LATER = datetime(2017, 1, 1, tzinfo=UTC)
VERDICTS = {"planned", "open", "compliant", "late", "not done", "reversed", "sbrt incomplete", "undetermined"}


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=AMSTERDAM)


def judge(sbrt_end, incision, now=LATER, **more):
    return treatment_window(TreatmentFacts(sbrt_end=sbrt_end, incision=incision, **more), now)


@pytest.mark.parametrize(
    ("sbrt_end", "incision", "verdict", "hours"),
    [
        ("2015-10-24 16:00", "2015-10-26 15:00", "compliant", 48),
        ("2015-10-24 16:00", "2015-10-26 15:30", "late", 48.5),
        ("2016-03-26 16:00", "2016-03-28 16:30", "compliant", 47.5),
        ("2016-03-26 16:00", "2016-03-28 17:00", "compliant", 48),
        ("2016-03-26 16:00", "2016-03-28 17:01", "late", 48.0167),
        ("2016-06-06 15:00", "2016-06-08 15:00", "compliant", 48),
        ("2016-06-06 15:00", "2016-06-08 15:01", "late", 48.0167),
        ("2016-10-29 16:00", "2016-10-31 15:00", "compliant", 48),
        ("2016-06-06 15:00", "2016-06-06 15:00", "reversed", 0),
        ("2016-06-06 15:00", "2016-06-06 14:00", "reversed", -1),
    ],
)
def test_hours_are_elapsed_hours_over_every_clock_change(sbrt_end, incision, verdict, hours):
    window = judge(at(sbrt_end), at(incision))

    assert (window.verdict, window.elapsed_hours) == (verdict, hours)


@pytest.mark.parametrize(
    ("sbrt_end", "incision", "verdict", "within"),
    [
        (date(2016, 6, 6), date(2016, 6, 7), "compliant", None),
        (date(2016, 6, 6), date(2016, 6, 9), "late", False),
        (date(2016, 6, 6), date(2016, 6, 8), "undetermined", False),
        (date(2016, 6, 6), date(2016, 6, 6), "undetermined", None),
        (date(2016, 6, 6), date(2016, 6, 5), "reversed", False),
        (at("2016-06-06 15:00"), date(2016, 6, 8), "undetermined", False),
        (at("2016-06-06 23:59"), date(2016, 6, 7), "compliant", None),
        (date(2016, 6, 6), at("2016-06-06 23:00"), "undetermined", None),
        (at("2016-06-06 15:00"), date(2016, 6, 9), "late", False),
    ],
)
def test_known_to_the_day_only_where_both_ends_agree_the_verdict_stands(sbrt_end, incision, verdict, within):
    window = judge(sbrt_end, incision)

    assert (window.verdict, window.within_24h) == (verdict, within)
    assert window.earliest_hours < window.latest_hours


@pytest.mark.parametrize(
    ("facts", "now", "verdict"),
    [
        (TreatmentFacts(), LATER, "planned"),
        (TreatmentFacts(sbrt_end=at("2016-06-06 15:00")), at("2016-06-08 15:00"), "open"),
        (TreatmentFacts(sbrt_end=at("2016-06-06 15:00")), at("2016-06-08 15:01"), "not done"),
        (TreatmentFacts(sbrt_end=at("2016-06-06 15:00"), surgery_cancelled=True), at("2016-06-07 15:00"), "not done"),
        (TreatmentFacts(sbrt_end=at("2016-06-06 15:00"), sbrt_complete=False), LATER, "sbrt incomplete"),
        (TreatmentFacts(sbrt_end=date(2016, 6, 6)), at("2016-06-08 12:00"), "undetermined"),
        (TreatmentFacts(sbrt_end=date(2016, 6, 6)), at("2016-06-07 23:00"), "open"),
        (TreatmentFacts(sbrt_end=date(2016, 6, 6)), at("2016-06-09 00:01"), "not done"),
        (TreatmentFacts(incision=at("2016-06-06 15:00")), LATER, "undetermined"),
    ],
)
def test_without_a_knife_time(facts, now, verdict):
    assert treatment_window(facts, now).verdict == verdict


@pytest.mark.parametrize(
    ("sbrt_end", "incision", "within"),
    [
        (at("2016-06-06 15:00"), at("2016-06-06 15:00"), False),  # not after it at all
        (at("2016-06-06 15:00"), at("2016-06-06 15:01"), True),
        (at("2016-06-06 15:00"), at("2016-06-07 15:00"), True),
        (at("2016-06-06 15:00"), at("2016-06-07 15:01"), False),
        (at("2016-03-26 15:00"), at("2016-03-27 16:00"), True),  # the clocks went forward: 24 elapsed hours
        (at("2016-06-07 00:00"), date(2016, 6, 7), None),
        (at("2016-06-06 00:00"), date(2016, 6, 7), None),  # at midnight it would be just within
        (date(2016, 6, 6), at("2016-06-07 00:00"), True),
        (date(2016, 6, 6), at("2016-06-08 00:00"), False),
    ],
)
def test_within_24_hours_is_told_to_the_minute(sbrt_end, incision, within):
    """The published title says 24 hours: exactly 24 are within."""
    assert judge(sbrt_end, incision).within_24h is within


def test_the_other_readings_are_reported_beside():
    facts = TreatmentFacts(
        sbrt_start=at("2016-06-06 14:00"), incision=at("2016-06-07 14:00"), closed=at("2016-06-07 16:30")
    )

    assert sensitivity_hours(facts) == {"sbrt_start_to_incision": 24, "sbrt_start_to_closed": 26.5}


INSTANTS = st.datetimes(datetime(2015, 1, 1), datetime(2017, 12, 31), timezones=st.just(UTC))
SHIFTS = st.timedeltas(timedelta(days=-200), timedelta(days=200))
GAPS = st.timedeltas(timedelta(days=-4), timedelta(days=6))


@given(INSTANTS, GAPS, SHIFTS)
def test_shifting_both_instants_changes_nothing(end, gap, shift):
    before = judge(end, end + gap)
    after = judge(end + shift, end + gap + shift)

    assert (before.verdict, before.elapsed_hours) == (after.verdict, after.elapsed_hours)


@given(st.none() | INSTANTS, st.none() | GAPS, INSTANTS, st.booleans(), st.booleans())
def test_the_verdicts_partition(end, gap, now, cancelled, complete):
    incision = None if gap is None else (end or now) + gap
    window = judge(end, incision, now=now, surgery_cancelled=cancelled, sbrt_complete=complete)

    assert window.verdict in VERDICTS
    if end and gap is not None and complete:
        expected = "reversed" if gap <= timedelta() else "compliant" if gap <= WINDOW else "late"
        assert window.verdict == expected


@given(INSTANTS, GAPS)
def test_days_never_contradict_the_instants_behind_them(end, gap):
    exact = judge(end, end + gap).verdict
    coarse = judge(end.astimezone(AMSTERDAM).date(), (end + gap).astimezone(AMSTERDAM).date()).verdict

    assert coarse in (exact, "undetermined")
