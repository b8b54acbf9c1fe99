"""The primary endpoint: the cases of study.md 5.5, and its laws against a day-by-day enumeration."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.endpoint import primary_endpoint
from protocol.facts import Ended, EndpointFacts, EventFacts, GradeRow
from protocol.partial_dates import PartialDate

SBRT = datetime(2016, 1, 11, 9, 0, tzinfo=UTC)
SURGERY = date(2016, 1, 12)  # the last day is 12 March 2016: a leap year
SEEN = date(2016, 4, 20)


def event(*rows, **more):
    grades = tuple(
        GradeRow(grade, PartialDate.parse(began) if isinstance(began, str) else began) for grade, began in rows
    )
    return EventFacts("Wound infection", grades=grades, **{"surgery": "possible", **more})


def event_after(*rows):
    """One of which the form says that it began after the radiotherapy."""
    later = event(*rows)
    return replace(later, grades=tuple(replace(row, not_before=SBRT) for row in later.grades))


def judge(*events, **more):
    return primary_endpoint(
        EndpointFacts(**{"sbrt_start": SBRT, "surgery_on": SURGERY, "seen_until": SEEN, **more}, events=events)
    )


CASES = {
    "nothing happened": ([], "no"),
    "grade 3 on day 30": ([event((3, "2016-02-11"))], "yes"),
    "grade 3 on day 60": ([event((3, "2016-03-12"))], "yes"),
    "grade 3 on day 61": ([event((3, "2016-03-13"))], "no"),
    "grade 2 on day 30, grade 3 on day 61": ([event((2, "2016-02-11"), (3, "2016-03-13"))], "no"),
    "day 59, ongoing at day 90": ([event((3, "2016-03-11"))], "yes"),
    "grade 4 after SBRT, before surgery": ([event((4, datetime(2016, 1, 11, 20, 0, tzinfo=UTC)))], "yes"),
    "at the very minute of the first beam": ([event((3, SBRT))], "yes"),
    "on the day of SBRT, and after it began": ([event_after((3, "2016-01-11"))], "yes"),
    "on the day of SBRT, before or after": ([event((3, "2016-01-11"))], "undetermined"),
    "before SBRT": ([event((3, datetime(2016, 1, 11, 8, 0, tzinfo=UTC)))], "no"),
    "grade 5": ([event((5, "2016-02-01"))], "yes"),
    "grade 2 only": ([event((2, "2016-02-11"))], "no"),
    "baseline grade 3 stays grade 3": ([event((3, "2016-01-20"), baseline_grade=3)], "no"),
    "worse than at baseline": ([event((3, "2016-01-20"), baseline_grade=2)], "yes"),
    "unlikely by all": ([event((3, "2016-02-11"), surgery="unlikely", sbrt="none", combination="none")], "no"),
    "nobody has judged": ([event((3, "2016-02-11"), surgery=None)], "undetermined"),
    "one is still to judge": ([event((3, "2016-02-11"), surgery="none", sbrt="unlikely")], "undetermined"),
    "a month across the end": ([event((3, "2016-03"))], "undetermined"),
    "a month inside": ([event((3, "2016-02"))], "yes"),
    "a month outside": ([event((3, "2016-04"))], "no"),
    "a month across the end, ended before it": ([event((3, "2016-03"), ended=PartialDate.parse("2016-03-09"))], "yes"),
    "a month across the end, seen well on 14 March": ([event((3, "2016-03"), seen_well_on=date(2016, 3, 14))], "no"),
    "ended before SBRT": ([event((3, None), ended=PartialDate.parse("2015-12-20"))], "no"),
    "not graded": ([event()], "undetermined"),
    "a certain one beside an open one": ([event((3, "2016-03")), event((3, "2016-02-11"))], "yes"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    events, verdict = CASES[case]

    assert judge(*events).verdict == verdict


@pytest.mark.parametrize("why", ["died", "withdrew", "lost"])
def test_gone_before_day_60_without_an_event_is_not_evaluable(why):
    assert judge(ended=Ended(date(2016, 2, 1), why)).verdict == "not evaluable"
    assert judge(event((3, "2016-01-20")), ended=Ended(date(2016, 2, 1), why)).verdict == "yes"
    assert judge(ended=Ended(date(2016, 3, 20), why)).verdict == "no"


def test_follow_up_that_is_not_complete_is_undetermined_and_says_what_would_settle_it():
    judged = judge(seen_until=date(2016, 3, 11))

    assert judged.verdict == "undetermined"
    assert "2016-03-12" in judged.settle[0]


def test_the_first_qualifying_onset_is_named():
    assert judge(event((3, "2016-02-11")), event((4, "2016-01-20"))).at == "2016-01-20"


def test_secondary_readings_come_from_the_same_facts():
    facts = EndpointFacts(SBRT, SURGERY, SEEN, (event((5, "2016-03-20")),))

    assert primary_endpoint(facts).verdict == "no"
    assert primary_endpoint(facts, days=90).verdict == "yes"
    assert primary_endpoint(facts, days=90, grades=(3, 4)).verdict != "yes"


DATES = st.dates(date(2015, 12, 1), date(2016, 5, 31))
PARTIALS = st.one_of(
    DATES.map(PartialDate.of), DATES.map(lambda d: PartialDate(d.year, d.month)), st.just(PartialDate(2016))
)
WORDS = st.sampled_from([None, "none", "unlikely", "possible", "definite"])
ROWS = st.builds(GradeRow, grade=st.none() | st.integers(1, 5), began=st.none() | PARTIALS)
EVENTS = st.builds(
    EventFacts,
    term=st.just("event"),
    baseline_grade=st.none() | st.integers(0, 5),
    sbrt=WORDS,
    surgery=WORDS,
    combination=WORDS,
    ended=st.none() | PARTIALS,
    grades=st.lists(ROWS, max_size=2).map(tuple),
)
FACTS = st.builds(
    EndpointFacts,
    sbrt_start=st.just(datetime(2016, 1, 10, 23, 0, tzinfo=UTC)),  # local midnight: days do not straddle it
    surgery_on=st.just(SURGERY),
    seen_until=st.none() | DATES,
    events=st.lists(EVENTS, max_size=2).map(tuple),
    ended=st.none() | st.builds(Ended, on=DATES, why=st.sampled_from(["died", "withdrew", "lost"])),
)


def days_of(partial, ended):
    """Every day it can have been, one by one."""
    first, last = (partial.earliest, partial.latest) if partial else (date(2015, 6, 1), date(2016, 12, 31))
    if ended:
        last = min(last, ended.latest)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def enumerated(facts):
    """An independent judgement: every completion of what is unknown, counted out."""
    order = ["none", "unlikely", "possible", "probable", "definite"]
    start, final = date(2016, 1, 11), SURGERY + timedelta(days=60)
    some = False
    for adverse_event in facts.events:
        for row in adverse_event.grades or (GradeRow(None),):
            grades = [row.grade] if row.grade else [1, 2, 3, 4, 5]
            days = days_of(row.began, adverse_event.ended)
            opinions = [
                [word] if word else order
                for word in (adverse_event.sbrt, adverse_event.surgery, adverse_event.combination)
            ]
            if not days:  # what is known contradicts itself: nothing about the day can be told
                days = [start, final + timedelta(days=1)]
            worse = {
                grade >= 3 and (adverse_event.baseline_grade is None or grade > adverse_event.baseline_grade)
                for grade in grades
            }
            inside = {start <= day <= final for day in days}
            caused = {max(order.index(word) for word in words) >= 2 for words in product(*opinions)}
            outcomes = {all(each_of) for each_of in product(worse, inside, caused)}
            if outcomes == {True}:
                return "yes"
            some = some or True in outcomes
    if some:
        return "undetermined"
    if facts.ended and facts.ended.on < final:
        return "not evaluable"
    return "no" if facts.seen_until and facts.seen_until >= final else "undetermined"


@settings(max_examples=200, deadline=None)
@given(FACTS)
def test_it_agrees_with_counting_out_every_completion(facts):
    assert primary_endpoint(facts).verdict == enumerated(facts)


@settings(max_examples=150, deadline=None)
@given(FACTS, st.data())
def test_more_information_never_turns_a_certainty_over(facts, data):
    before = primary_endpoint(facts).verdict
    completed = tuple(
        replace(
            adverse_event,
            sbrt=adverse_event.sbrt or data.draw(WORDS.filter(bool)),
            surgery=adverse_event.surgery or data.draw(WORDS.filter(bool)),
            combination=adverse_event.combination or data.draw(WORDS.filter(bool)),
            grades=tuple(_finer(row, adverse_event, data) for row in adverse_event.grades),
        )
        for adverse_event in facts.events
    )
    after = primary_endpoint(replace(facts, events=completed)).verdict

    if before == "yes":
        assert after == "yes"
    if before in ("no", "not evaluable"):
        assert after == before


def _finer(row, adverse_event, data):
    days = days_of(row.began, adverse_event.ended)
    began = PartialDate.of(data.draw(st.sampled_from(days))) if days else row.began
    return replace(row, grade=row.grade or data.draw(st.integers(1, 5)), began=began)
