"""The timeline: which pairs break an order, and what the order leaves of a date; examples, and laws over any facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.partial_dates import PartialDate
from protocol.study import Order
from protocol.timeline import BEGINNING, END, Fact, breaches, fact_of, joins, span, tighten
from tests.sizes import examples

ZONE = "Europe/Amsterdam"
DEATH = Order("after-death", ("*",), ("death.died_on",), "nothing happens after it", law=True, apart_from=("letter.*",))
GRADES = Order(
    "grade-before-event", ("event.onset_on",), ("grade.from_on",), "an event begins first", law=True, within="event"
)
CONSENT = Order("consent-order", ("consent.at",), ("sbrt.start",), "asked first", strict=True)
KNIFE = Order("sbrt-first", ("sbrt.start",), ("surgery.incision",), "both treatments", law=True, strict=True)
ORDERS = (DEATH, GRADES, CONSENT, KNIFE)
KINDS = ["death.died_on", "event.onset_on", "grade.from_on", "consent.at", "sbrt.start", "surgery.incision"]


def known(kind, day, **more):
    return fact_of(kind, PartialDate.parse(day), ZONE, **more)


def seen(first, then, orders=ORDERS):
    return [breach.order.code for breach in breaches([first, then], orders)]


@pytest.mark.parametrize(
    ("first", "then", "codes"),
    [
        (known("grade.from_on", "2016-03-06"), known("death.died_on", "2016-03-05"), ["after-death"]),
        (known("grade.from_on", "2016-03-05"), known("death.died_on", "2016-03-05"), []),
        (known("grade.from_on", "2016-03"), known("death.died_on", "2016-03-05"), []),
        (known("grade.from_on", "2016-04"), known("death.died_on", "2016-03"), ["after-death"]),
        (known("letter.received_on", "2016-03-06"), known("death.died_on", "2016-03-05"), []),
        (known("consent.at", "2016-03-06"), known("sbrt.start", "2016-03-05"), ["consent-order"]),
        (known("consent.at", "2016-03-05"), known("sbrt.start", "2016-03-05"), []),
    ],
)  # fmt: skip
def test_a_pair_that_certainly_lies_the_wrong_way_round_is_a_breach(first, then, codes):
    assert seen(first, then) == codes
    assert seen(then, first) == codes


def test_the_same_instant_breaks_only_a_strict_order():
    at = datetime(2016, 3, 5, 10, tzinfo=UTC)
    assert seen(fact_of("sbrt.start", at, ZONE), fact_of("surgery.incision", at, ZONE)) == ["sbrt-first"]
    assert seen(fact_of("grade.from_on", at, ZONE), fact_of("death.died_on", at, ZONE)) == []


def test_rows_are_compared_with_their_own_form_only():
    began = known("event.onset_on", "2016-03-05", groups=["event 1"])
    assert seen(began, known("grade.from_on", "2016-03-04", groups=["event 1"])) == ["grade-before-event"]
    assert seen(began, known("grade.from_on", "2016-03-04", groups=["event 2"])) == []


def test_a_month_of_somebody_who_died_within_it_ends_with_the_death():
    grade, death = known("grade.from_on", "2016-03"), known("death.died_on", "2016-03-05")
    after = tighten([grade, death], ORDERS)[grade]
    assert (after.earliest, after.latest, after.before) == (grade.earliest, death.latest, death)
    assert after.after is None
    assert after.moved


def test_what_lies_between_two_facts_carries_their_order():
    event = known("event.onset_on", "2016-03-04", groups=["event 1"])
    grade, death = Fact("grade.from_on", groups=frozenset({"event 1"})), known("death.died_on", "2016")
    spans = tighten([event, grade, death], ORDERS)
    assert (spans[grade].earliest, spans[grade].latest) == (event.earliest, death.latest)
    assert spans[death].earliest == event.earliest


def test_an_order_that_can_be_broken_moves_nothing():
    consent, beam = known("consent.at", "2016-03"), known("sbrt.start", "2016-03-05")
    assert not tighten([consent, beam], ORDERS)[consent].moved


def test_facts_that_contradict_each_other_move_nobody():
    grade, other = known("grade.from_on", "2016-03-06"), Fact("event.onset_on", groups=frozenset({"event 1"}))
    death = known("death.died_on", "2016-03-05")
    spans = tighten([grade, other, death], ORDERS)
    assert not any(tight.moved for tight in spans.values())


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (None, (BEGINNING, END)),
        (date(2016, 3, 27), (datetime(2016, 3, 26, 23, tzinfo=UTC), datetime(2016, 3, 27, 21, 59, 59, 999999, UTC))),
        (PartialDate(2016, 2), (datetime(2016, 1, 31, 23, tzinfo=UTC), datetime(2016, 2, 29, 22, 59, 59, 999999, UTC))),
        (PartialDate(2016), (datetime(2015, 12, 31, 23, tzinfo=UTC), datetime(2016, 12, 31, 22, 59, 59, 999999, UTC))),
    ],
)
def test_a_span_is_as_wide_as_what_is_known_on_the_clocks_of_the_site(moment, expected):
    assert span(moment, ZONE) == expected


START = datetime(2016, 1, 1, tzinfo=UTC)
ENDS = st.integers(0, 60).map(lambda days: START + timedelta(days=days))


@st.composite
def some_facts(draw):
    """Up to eight facts, each with its own address; open at either end now and then."""
    facts = []
    for number in range(draw(st.integers(1, 8))):
        low, high = sorted((draw(ENDS), draw(ENDS)))
        low, high = draw(st.sampled_from([(low, high), (BEGINNING, high), (low, END), (BEGINNING, END), (low, low)]))
        event = frozenset({draw(st.sampled_from(["event 1", "event 2"]))})
        facts.append(Fact(draw(st.sampled_from(KINDS)), low, high, event, f"{number}/"))
    return facts


def spans_of(facts, orders=ORDERS):
    return {key: (fact.earliest, fact.latest) for key, fact in tighten(facts, orders).items()}


@settings(max_examples=examples(100, 2000))
@given(some_facts(), st.randoms(use_true_random=False))
def test_the_order_of_entry_changes_nothing(facts, random):
    shuffled = list(facts)
    random.shuffle(shuffled)
    assert tighten(facts, ORDERS) == tighten(shuffled, ORDERS)
    assert set(breaches(facts, ORDERS)) == set(breaches(shuffled, ORDERS))


@settings(max_examples=examples(100, 2000))
@given(some_facts())
def test_tightening_never_widens_never_empties_and_is_done_once(facts):
    once = spans_of(facts)
    for fact, (low, high) in once.items():
        assert fact.earliest <= low <= high <= fact.latest
    again = [replace(fact, earliest=once[fact][0], latest=once[fact][1]) for fact in facts]
    assert list(spans_of(again).values()) == [once[fact] for fact in facts]


@settings(max_examples=examples(100, 2000))
@given(some_facts(), st.integers(-1000, 1000))
def test_a_shift_of_everything_moves_every_verdict_with_it(facts, hours):
    by = timedelta(hours=hours)

    def moved(end):
        return end if end in (BEGINNING, END) else end + by

    def shifted(fact):
        return replace(fact, earliest=moved(fact.earliest), latest=moved(fact.latest))

    later = [shifted(fact) for fact in facts]
    assert [shifted(breach.first) for breach in breaches(facts, ORDERS)] == [
        breach.first for breach in breaches(later, ORDERS)
    ]
    expected = {shifted(fact): (moved(low), moved(high)) for fact, (low, high) in spans_of(facts).items()}
    assert spans_of(later) == expected


@settings(max_examples=examples(100, 2000))
@given(some_facts())
def test_more_knowledge_never_widens_a_span(facts):
    """Unless it contradicts what is there: then nobody is moved any more by what is in dispute."""
    fewer, all_spans = spans_of(facts[:-1]), tighten(facts, ORDERS)
    if any(_contradicted(facts, law) for law in ORDERS if law.law):
        return
    for fact, (low, high) in fewer.items():
        assert low <= all_spans[fact].earliest
        assert all_spans[fact].latest <= high


def _contradicted(facts, law):
    """Whether any chain of laws from one fact to another is certainly broken."""
    reach = {fact: {fact} for fact in facts}
    for _ in facts:
        for first in facts:
            for then in facts:
                if any(order.law and joins(order, first, then) for order in ORDERS):
                    reach[first] |= reach[then]
    return any(first.earliest > then.latest for first, thens in reach.items() for then in thens)


@settings(max_examples=examples(60, 1000))
@given(some_facts())
def test_a_tightened_span_is_what_brute_force_leaves(facts):
    """Every end that stays can be reached: moving everything to its earliest (or latest) keeps every law."""
    if any(_contradicted(facts, law) for law in ORDERS if law.law):
        return
    spans = spans_of(facts)
    for end in (0, 1):
        at = {fact: spans[fact][end] for fact in facts}
        for order in ORDERS:
            for first in facts:
                for then in facts:
                    if order.law and joins(order, first, then):
                        assert at[first] <= at[then]


def test_the_ends_of_a_chain_are_in_order():
    days = [known("sbrt.start", "2016-03-05"), Fact("surgery.incision"), known("death.died_on", "2016-03-20")]
    spans = tighten(days, ORDERS)
    for first, then in pairwise(days):
        assert spans[first].earliest <= spans[then].earliest
        assert spans[first].latest <= spans[then].latest
