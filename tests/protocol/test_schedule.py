"""Deadlines: day 60, day 90, the visits, the clocks of serious events (study.md 4, 5.5, 5.7)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import schedule
from protocol.facts import Ended, FollowUpFacts, SeriousFacts, TreatmentFacts
from protocol.study import STUDY
from protocol.window import treatment_window

END = datetime(2016, 1, 11, 14, 0, tzinfo=UTC)
TREATED = TreatmentFacts(sbrt_end=END, incision=END + timedelta(hours=20))


@pytest.mark.parametrize(
    ("surgery", "days", "last"),
    [
        (date(2015, 12, 15), 60, date(2016, 2, 13)),
        (date(2015, 12, 15), 90, date(2016, 3, 14)),
        (date(2016, 1, 12), 60, date(2016, 3, 12)),
        (date(2016, 2, 29), 60, date(2016, 4, 29)),
    ],
)
def test_the_last_day(surgery, days, last):
    assert schedule.last_day(surgery, days) == last


def test_the_two_day_numbers_differ():
    assert schedule.days_postop(date(2016, 1, 12), date(2016, 1, 12)) == 0
    assert schedule.study_day(date(2016, 1, 12), date(2016, 1, 12)) == 1
    assert schedule.study_day(date(2016, 1, 11), date(2016, 1, 12)) == -1


def test_the_site_clock_runs_over_the_clock_change():
    aware = datetime(2016, 3, 26, 19, 0, tzinfo=UTC)  # Saturday 20:00 CET

    clocks = schedule.sae_clocks(aware, "other")

    assert clocks.site_due == datetime(2016, 3, 27, 19, 0, tzinfo=UTC)  # Sunday 21:00 CEST
    assert clocks.further_due is None


def test_the_committees_days():
    aware = date(2016, 2, 26)

    assert schedule.authority_due(aware, "fatal") == date(2016, 3, 4)
    assert schedule.further_due(aware, "life-threatening") == date(2016, 3, 12)
    assert schedule.authority_due(aware, "other") == date(2016, 3, 12)


def deadlines_of(facts, now=END + timedelta(days=70)):
    return {(deadline.kind, deadline.subject): deadline for deadline in schedule.deadlines(facts, now)}


def test_the_window_is_told_at_36_hours_and_missed_at_48():
    deadlines = deadlines_of(FollowUpFacts(TreatmentFacts(sbrt_end=END)), now=END + timedelta(hours=40))

    assert deadlines["window-closing", ""].raise_at == END + timedelta(hours=36)
    assert not deadlines["window-closing", ""].met
    assert deadlines["window-missed", ""].due_at == END + timedelta(hours=48)


def test_day_60_opens_on_day_60_and_closes_at_the_end_of_day_74():
    deadlines = deadlines_of(FollowUpFacts(TREATED))

    assert deadlines["day-60-due", ""].raise_at == datetime(2016, 3, 11, 23, 0, tzinfo=UTC)  # 12 March, Dutch midnight
    assert deadlines["day-60-overdue", ""].due_at == datetime(2016, 3, 26, 23, 0, tzinfo=UTC)
    assert deadlines_of(FollowUpFacts(TREATED, visits_done=frozenset({"d60"})))["day-60-due", ""].met


def test_what_was_missed_before_the_end_stays_missed():
    facts = FollowUpFacts(TreatmentFacts(sbrt_end=END), ended=Ended(date(2016, 4, 1), "withdrew"))

    deadlines = deadlines_of(facts, now=END + timedelta(days=120))

    assert not deadlines["window-missed", ""].met
    assert not deadlines["day-60-overdue", ""].met
    assert ("day-90-overdue", "") not in deadlines


def test_a_day_without_a_time_does_not_switch_a_clock_off():
    window = deadlines_of(FollowUpFacts(TreatmentFacts(sbrt_end=date(2016, 1, 11))), now=END)
    case = deadlines_of(FollowUpFacts(TREATED, serious=(SeriousFacts("1", "fatal", site_aware=date(2016, 1, 30)),)))

    assert window["window-closing", ""].raise_at == datetime(2016, 1, 12, 11, 0, tzinfo=UTC)  # 36 h after midnight
    assert window["window-missed", ""].raise_at > datetime(2016, 1, 13, 22, 0, tzinfo=UTC)  # certain only then
    assert case["sae-site-late", "1"].due_at == datetime(2016, 1, 30, 23, 0, tzinfo=UTC)


def test_a_date_that_means_unknown_breaks_nothing():
    facts = TreatmentFacts(sbrt_end=datetime(9999, 12, 31, 10, tzinfo=UTC), incision=date(9999, 12, 31))

    assert treatment_window(facts, END).verdict
    assert deadlines_of(FollowUpFacts(facts), now=END)


def test_after_a_death_nobody_is_reminded_but_the_clocks_of_its_report_run():
    case = SeriousFacts("1", "fatal", site_aware=END, sponsor_aware=END)
    deadlines = deadlines_of(FollowUpFacts(TREATED, ended=Ended(date(2016, 1, 30), "died"), serious=(case,)))

    assert not [kind for kind, _subject in deadlines if kind.startswith("day")]
    assert not [subject for kind, subject in deadlines if kind.startswith("visit")]  # nor of those before it
    assert deadlines["window-missed", ""].met
    assert ("sae-site-report", "1") in deadlines


def test_without_surgery_follow_up_counts_from_sbrt():
    cancelled = TreatmentFacts(sbrt_end=END, surgery_cancelled=True)

    assert schedule.anchor(FollowUpFacts(cancelled), END).kind == "SBRT"
    assert schedule.anchor(FollowUpFacts(TreatmentFacts(sbrt_end=END)), END + timedelta(hours=5)) is None
    assert schedule.anchor(FollowUpFacts(TreatmentFacts(sbrt_end=END)), END + timedelta(hours=49)).on == END.date()


def test_an_exempt_case_has_no_clocks():
    case = SeriousFacts("1", "other", site_aware=END, exempt=True)

    assert deadlines_of(FollowUpFacts(TreatmentFacts(), serious=(case,))) == {}


@given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.sampled_from(STUDY.visit_codes))
def test_a_visit_opens_before_it_closes_and_never_before_its_day_60(anchor, code):
    window = schedule.visit_window(code, anchor)

    assert window.opens <= window.closes
    if code in ("d60", "d90"):
        assert schedule.days_postop(window.opens, anchor) >= int(code[1:])


@given(st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_24_hours_are_24_elapsed_hours(aware):
    assert schedule.site_due(aware) - aware == timedelta(hours=24)


@given(st.dates(date(2015, 1, 1), date(2030, 1, 1)))
def test_a_local_day_lasts_23_to_25_hours(day):
    length = schedule.day_end(day, "Europe/Amsterdam") - schedule.day_start(day, "Europe/Amsterdam")

    assert timedelta(hours=23) <= length <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("kind", "reported", "further"),
    [("fatal", True, True), ("life-threatening", True, True), ("fatal", False, False), ("other", True, False)],
)
def test_further_information_is_owed_once_a_severe_case_was_reported(kind, reported, further):
    """Eight more days, told from the day on which the first report was due at the latest."""
    case = SeriousFacts("1", kind, sponsor_aware=date(2016, 1, 20), authority_reported=reported)
    deadlines = deadlines_of(FollowUpFacts(TREATED, serious=(case,)))

    assert (("sae-further-report", "1") in deadlines) is further
    if further:
        report, late = deadlines["sae-further-report", "1"], deadlines["sae-further-late", "1"]
        assert report.raise_at == datetime(2016, 1, 27, 23, 0, tzinfo=UTC)  # the end of 27 January: seven days
        assert report.due_at == late.raise_at == datetime(2016, 2, 4, 23, 0, tzinfo=UTC)
