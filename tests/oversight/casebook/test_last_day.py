"""The last day of somebody in the trial: as it is stated, and no later than it was first entered."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.models import Consent, Death, EndOfStudy
from oversight.casebook import facts, loading
from tests import builders

FIRST, SECOND, THIRD = (datetime(2016, month, 10, 9, 0, tzinfo=UTC) for month in (3, 6, 9))
ENTERED, CORRECTED = date(2016, 3, 10), date(2016, 6, 10)
VISITS = {"given": "yes", "withdrawn": "yes", "withdrawn_what": ["visits"]}
# form, first entry, a later correction, the last day
CASES = {
    "the year": (Death, {"died_on": "2016"}, {"cause": "progression"}, ENTERED),
    "the month": (Death, {"died_on": "2016-03"}, {"note": "asked again"}, ENTERED),
    "no day": (Death, {}, {"cause": "unknown"}, ENTERED),
    "the year, then the month": (Death, {"died_on": "2016"}, {"died_on": "2016-03"}, ENTERED),
    "the year, then an earlier month": (Death, {"died_on": "2016"}, {"died_on": "2016-02"}, date(2016, 2, 29)),
    "no day, then one": (Death, {}, {"died_on": "2016-03-01"}, date(2016, 3, 1)),
    "corrected to a later day": (Death, {"died_on": "2016-03-01"}, {"died_on": "2016-04-03"}, date(2016, 4, 3)),
    "corrected to a later month": (Death, {"died_on": "2016-02"}, {"died_on": "2016-06"}, CORRECTED),
    "learned of": (Death, {"learned_on": date(2016, 3, 4)}, {"cause": "unknown"}, date(2016, 3, 4)),
    "withdrew, no day": (EndOfStudy, {"outcome": "withdrew"}, {"note": "by telephone"}, ENTERED),
    "withdrew, the day later": (EndOfStudy, {"outcome": "withdrew"}, {"ended_on": date(2016, 4, 1)}, date(2016, 4, 1)),
    "withdrew, an earlier day": (
        EndOfStudy,
        {"outcome": "withdrew", "ended_on": date(2016, 3, 9)},
        {"ended_on": date(2016, 3, 2)},
        date(2016, 3, 2),
    ),
    "not ended at first": (EndOfStudy, {"note": "to come"}, {"outcome": "lost"}, CORRECTED),
    "another end": (EndOfStudy, {"outcome": "completed"}, {"outcome": "lost"}, CORRECTED),
    "consent withdrawn": (Consent, VISITS, {"form_version": "2.0"}, ENTERED),
    "consent withdrawn later": (Consent, {"given": "yes"}, VISITS, CORRECTED),
    "withdrawn from more": (Consent, VISITS | {"withdrawn_what": ["questionnaires"]}, VISITS, CORRECTED),
}


@pytest.mark.parametrize("case", CASES)
def test_a_correction_moves_no_last_day_but_the_one_it_states(people, site, case):
    model, first, correction, last = CASES[case]
    participant = builders.register(site, people["nurse"], now=FIRST)
    form = builders.record(model, participant, people["nurse"], now=FIRST, **first)
    builders.change(form, people["nurse"], now=SECOND, **correction)
    builders.change(form, people["nurse"], now=THIRD, **_nothing_much(model))

    [book] = loading.load([participant]).values()
    assert facts.ended(book).on == last


@pytest.mark.parametrize("case", CASES)
def test_the_same_as_it_stood(people, site, case):
    """Read as of an instant, from the audit trail."""
    model, first, correction, last = CASES[case]
    participant = builders.register(site, people["nurse"], now=FIRST)
    form = builders.record(model, participant, people["nurse"], now=FIRST, **first)
    builders.change(form, people["nurse"], now=SECOND, **correction)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at = cursor.fetchone()[0]
    builders.change(
        form, people["nurse"], now=THIRD, **({"outcome": "died"} if model is EndOfStudy else {}), **_nothing_much(model)
    )

    [book] = loading.load([participant], at=at).values()
    assert facts.ended(book).on == last


def _nothing_much(model):
    return {Death: {"autopsy": "no"}, EndOfStudy: {"note": "checked"}, Consent: {"copy_given": "yes"}}[model]


def test_who_completed_without_a_day(people, site):
    participant = builders.register(site, people["nurse"], now=FIRST)
    form = builders.record(EndOfStudy, participant, people["nurse"], outcome="completed", now=FIRST)
    builders.change(form, people["nurse"], now=SECOND, note="checked")

    [book] = loading.load([participant]).values()
    assert facts.finished_on(book) == ENTERED


def test_many_without_a_day_are_one_question_more(people, site):
    def asked(participants):
        with CaptureQueriesContext(connection) as statements:
            books = loading.load(participants)
            assert all(facts.ended(book).on == ENTERED for book in books.values())
        return len(statements)

    several = []
    for _ in range(4):
        several.append(builders.register(site, people["nurse"], now=FIRST))
        form = builders.record(EndOfStudy, several[-1], people["nurse"], outcome="lost", now=FIRST)
        builders.change(form, people["nurse"], now=SECOND, note="checked")

    assert asked(several) == asked(several[:1])
