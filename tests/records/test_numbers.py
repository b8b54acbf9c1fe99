"""Whoever takes the next number waits for whoever took the last: eight at one moment all succeed."""

import pytest

from adverse_events.models import AdverseEvent
from enrollment.models import Consent, Deviation
from oversight.monitoring import plan
from oversight.monitoring.plan import MonitoringDraw
from protocol.study import STUDY
from records import numbers, queries, services
from records.audit import verification
from records.model import registry
from records.models import Participant, Query
from tests import builders
from tests.builders import amsterdam
from tests.records.test_races import browser_of, together

AT_ONCE = 8
NOW = amsterdam("2016-05-01 12:00")

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


def at_once(act):
    """Eight people do it at one moment; what each was answered."""
    first, others = together(act, [act] * (AT_ONCE - 1))
    return [first, *others]


def test_eight_people_ask_at_one_moment_and_all_are_heard(people, participant):
    builders.record(Consent, participant, people["nurse"], given="yes")

    def ask():
        asked = {"text": "Which version was signed?"}
        return browser_of(people["monitor"]).post(f"/participants/{participant.code}/consent/query/", asked).status_code

    assert at_once(ask) == [302] * AT_ONCE
    assert sorted(Query.objects.values_list("number", flat=True)) == list(range(1, AT_ONCE + 1))
    assert verification.verify() == []


@pytest.mark.parametrize("slug", [slug for slug, model in registry.forms().items() if model.repeats])
def test_eight_people_add_a_record_at_one_moment_and_none_is_told_to_try_again(people, participant, slug):
    def add():
        sent = {"version": "0", "action": "save"}
        return browser_of(people["nurse"]).post(f"/participants/{participant.code}/{slug}/new/", sent).status_code

    assert at_once(add) == [302] * AT_ONCE
    taken = registry.forms()[slug].objects.values_list("number", flat=True)
    assert sorted(taken) == list(range(1, AT_ONCE + 1))


def test_a_voided_number_is_not_given_again(people, participant):
    last = [builders.record(AdverseEvent, participant, people["nurse"], verbatim="Wound") for _ in range(2)][-1]
    services.void(last, by=people["nurse"], reason="twice", version=1)

    assert numbers.following(AdverseEvent, participant.pk) == 3


def test_eight_registrations_are_eight_participants(people, site):
    at_once(lambda: browser_of(people["nurse"]).post("/participants/new/", {}).status_code)

    codes = [f"{STUDY.name}-{number:02}" for number in range(1, AT_ONCE + 1)]
    assert sorted(Participant.objects.values_list("code", flat=True)) == codes


def test_of_eight_first_draws_one_is_drawn_and_the_others_are_asked_why_again(people, participant):
    def draw():
        return browser_of(people["monitor"]).post("/monitoring/", {}).status_code

    assert sorted(at_once(draw)) == [302] + [422] * (AT_ONCE - 1)
    assert [draw.number for draw in MonitoringDraw.objects.all()] == [1]


def test_eight_draws_with_a_reason_are_numbered_one_after_the_other(people, participant):
    def draw():
        everybody = Participant.objects.all()
        return plan.draw(everybody, by=people["monitor"], reason="more forms", now=NOW).number

    assert sorted(at_once(draw)) == list(range(1, AT_ONCE + 1))


def test_rules_and_people_ask_at_one_moment_without_waiting_for_each_other_for_ever(people, participant):
    """A rule closes one query and asks another in one transaction, while people ask."""
    closing = queries.RuleFinding("rule-one", "a", "1", "One is missing", "consent/")
    queries.follow(participant, [closing], [], by=people["datamanager"], now=NOW)
    findings = [queries.RuleFinding("rule-two", str(number), "2", "Two is missing", "consent/") for number in range(5)]

    def follow():
        return queries.follow(participant, findings, ["rule-one"], by=people["datamanager"], now=NOW)

    def ask():
        return queries.ask(participant, by=people["monitor"], text="Why?", now=NOW).number

    together(follow, [ask] * AT_ONCE)

    assert sorted(Query.objects.values_list("number", flat=True)) == list(range(1, AT_ONCE + 7))


def test_drafted_deviations_and_typed_ones_share_their_numbers(people, participant):
    def draft():
        deviation = Deviation(participant=participant, rule="window-late", rule_values={})
        return services.write(deviation, by=people["datamanager"], reason="Drafted", version=0).number

    def enter():
        return builders.record(Deviation, participant, people["nurse"], description="Late").number

    first, others = together(draft, [enter] * (AT_ONCE - 1))

    assert sorted([first, *others]) == list(range(1, AT_ONCE + 1))
