"""Queries: a thread between who asks and who answers; those of rules follow the data, and what was accepted rests."""

import io
import zipfile

import pytest

from accounts.roles import Role
from enrollment.models import Consent
from oversight.checks import rules
from oversight.models import Finding, ScanState
from oversight.scanning import rules_fingerprint, scan
from procedures.models import Surgery
from records import services
from records.models import Query
from tests.builders import amsterdam
from tests.situations.conftest import Story

LATER = "2016-06-01 12:00"


@pytest.fixture
def story(people, site):
    return Story(people, site)


def text(answer):
    return " ".join(answer.content.decode().split())


def states(**which):
    return list(Query.objects.filter(**which).order_by("pk").values_list("state", "ending"))


def test_a_question_goes_to_and_fro(login, story):
    consent = story.record(Consent, given="yes")
    at = "/participants/BLEND-01/consent/"
    assert login("nurse").get(at + "query/?field=form_version").status_code == 403
    assert login("monitor").post(at + "query/?field=form_version", {"text": " "}).status_code == 422

    login("monitor").post(at + "query/?field=form_version", {"text": "Which version was signed?", "assignee": "nurse"})
    query = Query.objects.get()
    thread = f"/queries/{query.pk}/"

    assert "Which version was signed?" in text(login("nurse").get(at))  # beside the answer
    assert "Which version was signed?" in text(login("nurse").get("/"))  # on the worklist
    assert "Which version was signed?" in text(login("nurse").get("/participants/BLEND-01/"))
    assert login("nurse").post(thread, {"act": "closed", "text": "mine"}).status_code == 403
    login("nurse").post(thread, {"act": "answered", "text": "2.0, typed now"})
    assert "Look at the answer" in text(login("monitor").get("/"))
    login("monitor").post(thread, {"act": "reopened", "text": "The footer says 2.1"})
    login("nurse").post(thread, {"act": "answered", "text": "2.1 indeed"})
    login("monitor").post(thread, {"act": "closed", "text": "Thank you"})

    page = text(login("nurse").get(thread))
    for words in (
        "Which version",
        "2.0, typed now",
        "The footer says 2.1",
        "Thank you",
        "Mila Mulder",
        "Noor de Vries",
    ):
        assert words in page
    assert login("nurse").post(thread, {"act": "answered", "text": "late"}).status_code == 422
    assert "Which version was signed?" not in text(login("nurse").get(at))
    assert consent.version == Consent.objects.get().version  # asking changes no data


def test_several_are_answered_at_once_and_filtered(login, story):
    story.record(Consent, given="yes")
    for words in ("One?", "Two?"):
        login("monitor").post("/participants/BLEND-01/consent/query/", {"text": words, "assignee": "nurse"})
    keys = [str(pk) for pk in Query.objects.values_list("pk", flat=True)]

    assert login("nurse").post("/queries/", {"text": "Both are right"}).status_code == 422
    login("nurse").post("/queries/", {"text": "Both are right", "query": keys})

    assert states() == [("answered", ""), ("answered", "")]
    assert "One?" not in text(login("nurse").get("/queries/?state=open"))
    assert "One?" in text(login("nurse").get("/queries/?state=answered&for=nurse&code=blend-01"))
    assert "One?" in text(login("nurse").get("/queries/?by=monitor&rule=hand&site=umcu"))
    assert "One?" not in text(login("nurse").get("/queries/?by=datamanager"))
    assert "Mila Mulder" in text(login("datamanager").get("/queries/?state=closed"))  # who waits, whatever is shown
    assert "One?" not in text(login("nurse_b").get("/queries/"))
    assert login("nurse_b").get(f"/queries/{keys[0]}/").status_code == 404


def fallen(story):
    """Karnofsky fell between eligibility and baseline."""
    from assessments.models import Function

    story.consented()
    story.eligible(kps=60)
    return story.record(Function, visit="bas", kps=50)


def test_the_query_of_a_rule_closes_itself_when_the_rule_holds(story):
    record = fallen(story)
    story.scan(LATER)
    story.scan(LATER)
    assert states(rule="karnofsky-fell") == [("open", "")]

    story.change(record, kps=60)
    story.scan(LATER)

    assert states(rule="karnofsky-fell") == [("closed", "holds")]
    assert "sbrtspine (automatic)" in str(Query.objects.get(rule="karnofsky-fell").messages.last().by)


def test_what_was_accepted_is_not_asked_again_for_the_same_values(login, story):
    record = fallen(story)
    story.scan(LATER)
    query = Query.objects.get(rule="karnofsky-fell")

    login("datamanager").post(f"/queries/{query.pk}/", {"act": "accepted", "text": "The PI looked at it again"})
    story.scan(LATER)
    scan.scan(amsterdam("2016-06-02 12:00"))
    assert states(rule="karnofsky-fell") == [("closed", "accepted")]
    assert not Finding.objects.filter(code="karnofsky-fell").exists()

    story.change(record, kps=40)  # other values: asked again
    story.scan(LATER)
    assert states(rule="karnofsky-fell") == [("closed", "accepted"), ("open", "")]


def test_other_values_are_asked_about_also_where_the_sentence_stays_the_same(login, story):
    story.consented("2016-01-08 10:00")
    event = story.event((2, "2016-01-02"), onset_on="2016-01-02")
    story.scan(LATER)
    query = Query.objects.get(rule="before-consent")
    login("datamanager").post(f"/queries/{query.pk}/", {"act": "accepted", "text": "Known and kept"})
    story.scan(LATER)
    assert states(rule="before-consent") == [("closed", "accepted")]

    story.change(event, onset_on="2016-01-03")
    story.scan(LATER)

    assert states(rule="before-consent") == [("closed", "accepted"), ("open", "")]
    assert "2016-01-03" in Query.objects.filter(rule="before-consent").last().raised_by_values


def test_a_rule_that_cannot_be_evaluated_closes_nothing_and_is_said(login, story, monkeypatch):
    record = fallen(story)
    story.scan(LATER)

    def broken(book, now):
        raise ZeroDivisionError
        yield

    changed_rules = [rules.Rule(broken, rule.codes) if rule.name == "performance" else rule for rule in rules.RULES]
    monkeypatch.setattr(rules, "RULES", changed_rules)
    story.change(record, kps=60)
    report = story.scan(LATER)

    assert report.failed == 0  # the others are judged
    assert states(rule="karnofsky-fell") == [("open", "")]
    assert states(rule="rule-failed") == [("open", "")]
    assert Query.objects.get(rule="rule-failed").assignee == "datamanager"
    assert "The check “broken” cannot be evaluated" in text(login("datamanager").get("/"))
    assert "could not be evaluated (ZeroDivisionError)" in text(login("datamanager").get("/checks/"))
    assert "could not be evaluated (ZeroDivisionError)" in text(login("nurse").get("/participants/BLEND-01/"))


def test_a_rule_that_is_switched_off_takes_its_questions_back(story, monkeypatch):
    fallen(story)
    story.scan(LATER)
    changed_rules = [rules.Rule(rule.find, rule.codes, on=rule.name != "performance") for rule in rules.RULES]
    monkeypatch.setattr(rules, "RULES", changed_rules)

    story.scan(LATER)  # nobody's records changed: another set of rules is reason enough to judge everybody

    assert states(rule="karnofsky-fell") == [("closed", "holds")]


def test_an_unusual_answer_of_a_complete_form_is_asked_about_once(story):
    operation = story.record(Surgery, index="no", blood_loss_ml=6000)
    story.scan(LATER)
    assert states(rule="unusual") == []  # a draft is still being typed

    operation.missing = {field.name: "UNK" for field in operation.unanswered()}
    services.write(operation, by=story.people["nurse"], version=operation.version, complete=True)
    story.scan(LATER)
    story.scan(LATER)

    asked = Query.objects.filter(rule="unusual", field="blood_loss_ml")
    assert [query.state for query in asked] == ["open"]
    assert asked.get().tail == f"surgery/{operation.number}/#q-blood_loss_ml"


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.name)
def test_a_rule_declares_every_code_it_raises(rule):
    import inspect
    import re

    source = inspect.getsource(rule.find)
    assert set(re.findall(r'CheckResult\(\s*"([a-z0-9-]+)"', source)) == set(rule.codes)
    assert rule.find.__doc__


def test_a_query_under_a_lock_is_still_answered(login, story, people):
    from records.workflow import locks

    story.record(Consent, given="yes")
    login("monitor").post("/participants/BLEND-01/consent/query/", {"text": "Which?", "assignee": "nurse"})
    what = locks.target("participant", story.participant)
    locks.close(what, "freeze", by=people["datamanager"], reason="Look", now=amsterdam(LATER))

    login("nurse").post(f"/queries/{Query.objects.get().pk}/", {"act": "answered", "text": "2.0"})

    assert states() == [("answered", "")]


def test_what_a_rule_would_raise_is_shown_before_it_is_switched_on(login, story, monkeypatch):
    fallen(story)
    changed_rules = [rules.Rule(rule.find, rule.codes, on=rule.name != "performance") for rule in rules.RULES]
    monkeypatch.setattr(rules, "RULES", changed_rules)

    page = text(login("datamanager").get("/checks/"))

    assert "If “performance” were on, it would ask" in page
    assert "Karnofsky was 60 at eligibility and 50 at baseline" in page
    assert not Query.objects.exists()


def test_a_new_rule_that_breaks_is_seen_before_it_is_switched_on(login, story, monkeypatch):
    fallen(story)

    def broken(book, now):
        """Divides."""
        yield 1 / 0

    monkeypatch.setattr(rules, "RULES", [*rules.RULES, rules.Rule(broken, ("new",), on=False)])

    assert "It could not be evaluated: BLEND-01 (ZeroDivisionError)" in text(login("datamanager").get("/checks/"))


def test_a_new_rule_asks_of_everybody_once_it_is_on(story, monkeypatch):
    fallen(story)
    story.scan(LATER)

    def new(book, now):
        """Asks everybody."""
        yield rules.CheckResult("new", "", "A new question", "consent/")

    rule = rules.Rule(new, ("new",), to=Role.SURGEON, urgent=True)
    monkeypatch.setattr(rules, "RULES", [*rules.RULES, rule])
    assert ScanState.objects.get().rules != rules_fingerprint.fingerprint()
    story.scan(LATER)
    assert ScanState.objects.get().rules == rules_fingerprint.fingerprint()

    query = Query.objects.get(rule="new")
    assert (query.assignee, query.priority, query.raised_by_values) == ("surgeon", "high", "A new question")


def test_the_threads_are_exported(login, story):
    story.record(Consent, given="yes")
    login("monitor").post("/participants/BLEND-01/consent/query/?field=form_version", {"text": "=Which?"})

    export = b"".join(login("datamanager").get("/exports/all.zip"))
    with zipfile.ZipFile(io.BytesIO(export)) as files:
        [header, line] = files.read("queries.csv").decode().splitlines()

    assert header.startswith("participant,site,query,form,field,rule,question")
    assert line.startswith('BLEND-01,umcu,1,consent,form_version,"",=Which?,nurse,normal,open')  # exact, as given
