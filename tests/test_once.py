"""Every address that takes a POST: sent twice, or eight times at once, it makes one thing and answers alike."""

import re
from uuid import uuid4

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.marks import carried_out_once
from accounts.models import Person, Sending
from accounts.roles import Role
from accounts.services import give_role
from enrollment.models import Consent
from records import redaction, services
from records.models import Query, QueryMessage
from tests import builders
from tests.conftest import PASSWORD
from tests.records.test_numbers import AT_ONCE, at_once
from tests.records.test_races import browser_of

# What is sent more than once without harm, or is told apart in another way.
OTHERWISE = {
    "login": "logging in twice is being logged in",
    "login-factor": "a code works once",
    "login-passkey": "asks, and writes nothing",
    "logout": "logging out twice is being logged out",
    "again": "the password after a pause; writes no row but the try",
    "password": "the same password again",
    "second-factor": "a code works once, and the answer shows what is shown once",
    "second-factor-passkey": "asks, and writes nothing",
    "calendar-address": "the address is shown once; the last one made is the one that works",
    "messages-seen": "seen is seen",
    "understood": "says how a number or a date is read, and writes nothing",
    "eligibility-verdict": "judges what is typed, and writes nothing",
    **dict.fromkeys(
        ("form", "new-form", "repeating-form", "visit-form"), "has an entry of its own, records.entry.save"
    ),
}
FRAGMENTS = ("-scores", "-typing")  # of what is being typed: nothing is made
COMMON = {"reason": "Interim look", "text": "Which version?", "note": "Looked at all of it"}
ADMIN = {"first_name": "Ans", "last_name": "Mol", "username": "ans", "email": "ans@example.org", "role": "nurse"}
SIGNED = {"password": PASSWORD, "meaning": "approved", "version": "2"}
LINE = {"tasks": "", "task": "enter", "trained_on": "2016-01-01", "password": PASSWORD, "starts_on": ""}
VISIT = {"site": "", "kind": "routine", "visited_on": "2016-05-01", "findings": "none", "opened": "0"}

HOME = "/participants/BLEND-01/"
CREATES = {  # address: who, what is sent, the tables that gain one row
    "query": ("nurse", "/queries/{query}/", {"act": "answered"}, {"records_querymessage": 1}),
    "queries": ("nurse", "/queries/", {"query": "{query}"}, {"records_querymessage": 1}),
    "form-query": ("monitor", f"{HOME}consent/query/", {}, {"records_query": 1, "records_querymessage": 1}),
    "redactions": ("pi", f"{HOME}redactions/", {"act": "ask", "place": "{place}"}, {"records_redaction": 1}),
    "locks": ("datamanager", f"{HOME}locks/", {"what": "participant", "kind": "freeze"}, {"records_lock": 1}),
    "study-locks": ("datamanager", "/locks/", {"what": "study", "kind": "freeze"}, {"records_lock": 1}),
    "form-verify": (
        "monitor",
        f"{HOME}consent/verify/",
        {"version": "2", "field": "given"},
        {"records_verification": 1},
    ),
    "form-sign": ("pi", f"{HOME}consent/sign/", SIGNED, {"records_signature": 1}),
    "audit": ("datamanager", "/audit/", {"newest": "1"}, {"records_auditreview": 1}),
    "monitoring": ("monitor", "/monitoring/", {}, {"oversight_monitoringdraw": 1}),
    "monitoring-visit-new": ("monitor", "/monitoring/visits/new/", VISIT, {"oversight_monitoringvisit": 1}),
    "snapshots": ("datamanager", "/snapshots/", {"name": "Look", "purpose": "statistician"}, {"exports_snapshot": 1}),
    "export-prepare": ("datamanager", "/exports/prepare/", {"choice": ""}, {"exports_exportjob": 1}),
    "board-take": ("nurse", "/board/BLEND-01/take/", {}, {"oversight_responsible": 1}),
    "participant-new": ("nurse", "/participants/new/", {}, {"records_participant": 1}),
    "people": ("admin", "/people/", {"person": "{nurse}"}, {"accounts_recertification": 1}),
    "invite": ("admin", "/people/invite/", ADMIN, {"accounts_person": 1, "accounts_invitation": 1}),
    "person": ("admin", "/people/{nurse}/", {"act": "reset"}, {"accounts_invitation": 1}),
    "delegation": ("pi", "/delegation/", LINE, {"accounts_delegation": 1}),
}


def posts(patterns=None):
    """(name, view) of every address whose view takes a POST."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            yield from posts(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and _takes_a_post(pattern.callback):
            yield pattern.name, pattern.callback


def _takes_a_post(view):
    """What `require_http_methods` was given stands in a cell of the function that it made."""
    while view is not None:
        for cell in getattr(view, "__closure__", None) or ():
            if isinstance(cell.cell_contents, list) and "POST" in cell.cell_contents:
                return True
        view = getattr(view, "__wrapped__", None)
    return False


def test_every_address_that_takes_a_post_takes_it_once_or_says_why_not():
    open_ones = {name for name, view in posts() if view not in carried_out_once}
    open_ones = {name for name in open_ones if not name.endswith(FRAGMENTS)}

    assert len(list(posts())) > 40
    assert open_ones == set(OTHERWISE)
    assert set(CREATES) <= {name for name, view in posts() if view in carried_out_once}


@pytest.fixture
def stage(people, site, site_b):
    """A participant with a complete form, a query, and somebody to invite, delegate to and look at again."""
    give_role(people["datamanager"], Role.DATA_MANAGER, site_b)  # the study is locked by who is there at every site
    participant = builders.register(site, people["nurse"])
    consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="2.0")
    consent.missing = {field.name: "UNK" for field in consent.unanswered()}
    services.write(consent, by=people["nurse"], version=1, complete=True)
    browser_of(people["monitor"]).post(f"{HOME}consent/query/", {"text": "Which version was signed?"})
    place = redaction.find(participant, "which version")[0]
    return {
        "query": str(Query.objects.get().pk), "place": place.key, "nurse": str(people["nurse"].pk),
        "site": site, "who": str(people["surgeon"].memberships.get().pk),
    }  # fmt: skip


def sending(name, stage):
    """Who sends what where; the same page, so the same entry."""
    who, where, sent, created = CREATES[name]
    sent = {key: value.format(**stage) for key, value in {**COMMON, **sent}.items()}
    sent |= {"entry": str(uuid4()), "who": stage["who"]}
    sent["site"] = str(stage["site"].pk) if name == "monitoring-visit-new" else stage["site"].code
    return who, where.format(**stage), sent, created


def counted():
    return {model._meta.db_table: model._base_manager.count() for model in apps.get_models()}


def gained(before, created):
    return {table: n - before[table] for table, n in counted().items() if table in created}


@pytest.mark.parametrize("name", CREATES)
def test_the_same_page_sent_twice_makes_one_thing(name, people, stage):
    who, where, sent, created = sending(name, stage)
    browser, before = browser_of(people[who]), counted()

    answers = [browser.post(where, sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302], answers[0].content.decode()[-3000:]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert gained(before, created) == created


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("name", CREATES)
def test_the_same_page_sent_eight_times_at_once_makes_one_thing(name, people, stage):
    who, where, sent, created = sending(name, stage)
    before = counted()

    def send():
        answer = browser_of(people[who]).post(where, sent)
        return answer.status_code, answer.headers.get("Location")

    answers = at_once(send)

    assert {status for status, _where in answers} == {302}
    assert len(answers) == AT_ONCE
    assert len({where for _status, where in answers}) == 1
    assert gained(before, created) == created


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("name", ["invite", "locks", "query", "form-query", "board-take", "person"])
def test_without_an_entry_eight_at_once_are_eight_acts_and_none_is_an_error(name, people, stage):
    who, where, sent, _made = sending(name, stage)
    sent.pop("entry")

    assert set(at_once(lambda: browser_of(people[who]).post(where, sent).status_code)) <= {302, 422}


def test_what_was_refused_is_sent_again_and_what_is_typed_anew_is_another_act(people, stage):
    who, where, sent, _made = sending("form-query", stage)
    browser = browser_of(people[who])

    assert browser.post(where, {**sent, "text": " "}).status_code == 422
    assert Sending.objects.count() == 0
    assert browser.post(where, sent).status_code == 302
    assert browser.post(where, {**sent, "text": "And who signed?"}).status_code == 302
    assert QueryMessage.objects.count() == 3


def test_somebody_elses_sending_is_an_act_of_his_own(people, stage):
    _who, where, sent, _made = sending("form-query", stage)

    urls = {browser_of(people[who]).post(where, sent).url for who in ("monitor", "datamanager")}

    assert len(urls) == 2


def test_nothing_of_what_was_sent_is_kept(people, stage):
    who, where, sent, _made = sending("form-sign", stage)
    browser = browser_of(people[who])
    assert browser.post(where, {**sent, "password": "wrong"}).status_code == 422
    assert browser.post(where, sent).status_code == 302

    [kept] = Sending.objects.values_list("digest", "led_to")
    assert re.fullmatch("[0-9a-f]{64}", kept[0])
    assert kept[1] == f"{HOME}consent/"


def test_every_page_that_makes_something_carries_an_entry(people, stage):
    for name, (who, where, _sent, _made) in CREATES.items():
        address = {"board-take": "/board/", "export-prepare": "/exports/"}.get(name, where.format(**stage))
        page = browser_of(people[who]).get(address.removesuffix("verify/")).content.decode()
        if name != "board-take":
            assert 'name="entry"' in page, name
    assert Person.objects.filter(username="ans").count() == 0
