"""Monitoring: the plan, the draw that nobody can pick, progress, what was lost, and the log of visits."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from accounts.services import give_role
from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Pain
from enrollment.models import Consent
from oversight.monitoring import plan, progress
from oversight.monitoring.plan import MonitoringDraw, place_of
from oversight.monitoring.visits import MonitoringVisit
from oversight.views import monitoring
from oversight.worklist import build
from protocol.study import STUDY
from records import signing
from records.model import registry
from records.model.fields import crf_fields
from records.models import AuditRow, Participant
from records.workflow import source_verification
from tests import builders
from tests.builders import amsterdam

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"], now=NOW)


@pytest.fixture
def consent(participant, people):
    answers = {"given": "yes", "consented_at": amsterdam("2016-03-01 10:00")}
    return _complete(builders.record(Consent, participant, people["nurse"], now=NOW, **answers), people)


def _complete(record, people):
    """With a code for every required answer that there is none of."""
    record.missing = {field.name: "UNK" for field in record.unanswered()}
    return builders.services.write(record, by=people["nurse"], version=record.version, complete=True, now=NOW)


def tasks(people):
    return progress.tasks(Participant.objects.filter(site__in=people["monitor"].site_ids()))


def draw(people, reason="", now=NOW):
    return plan.draw(Participant.objects.all(), by=people["monitor"], reason=reason, now=now)


def test_the_plan_names_forms_and_answers_that_exist():
    models = {model.slug: model for model in registry.clinical_models()}

    assert set(STUDY.monitoring["forms"]) <= set(registry.forms())
    for slug, names in STUDY.monitoring["fields"].items():
        assert set(names) <= {field.name for field in crf_fields(models[slug])}, slug
    assert 0 < STUDY.monitoring["fraction"] < 1


def test_every_answer_of_consent_is_asked_for_and_of_a_draft_none(consent, participant, people):
    builders.record(Pain, participant, people["nurse"], visit="d60", now=NOW)

    [task] = tasks(people)

    assert (task.form, task.why, task.compared) == ("consent", "whole", 0)
    assert task.wanted == len(source_verification.to_compare(Consent.objects.get()))
    assert task.url == "/participants/BLEND-01/consent/"


def test_of_an_event_only_what_the_endpoint_rests_on_its_grades_included(participant, people):
    grade = AdverseEventGrade().fill(grade=3, from_on="2016-03-10")
    event = builders.record(
        AdverseEvent, participant, people["nurse"], rows=[grade], now=NOW, verbatim="Wound", ctcae_code="10048031"
    )
    _complete(event, people)

    [task] = tasks(people)

    assert task.why == "fields"
    names = {name for name in source_verification.to_compare(AdverseEvent.objects.get())}
    assert task.wanted == len(names & set(STUDY.monitoring["fields"]["adverse-event"])) + 2  # and of its grade row both


def test_comparing_counts_and_a_change_after_it_is_lost_and_said(consent, people, login):
    signing.verify(consent, by=people["monitor"], version=consent.version, now=NOW)
    [task] = tasks(people)
    assert (task.left, task.lost) == (0, 0)

    builders.change(consent, people["nurse"], given="no")

    [task] = tasks(people)
    assert (task.left, task.lost) == (1, 1)
    page = login("monitor").get("/monitoring/").content.decode()
    assert "1 lost" in page
    assert "changed since compared" in login("monitor").get("/participants/BLEND-01/consent/").content.decode()
    lines = build.for_person(people["monitor"], NOW).lines["today"]
    assert [line.url for line in lines if line.what.startswith("Compare")] == ["/participants/BLEND-01/consent/"]

    consent.refresh_from_db()
    signing.verify(consent, by=people["monitor"], version=consent.version, now=LATER)
    [task] = tasks(people)
    assert (task.left, task.lost) == (0, 0)


def test_progress_is_of_a_part_that_is_named_and_goes_on_and_who_lost_a_comparison_comes_first(
    consent, people, site, login, monkeypatch
):
    monkeypatch.setattr(progress, "MAX_ROWS", 2)
    monkeypatch.setattr(monitoring, "LEFT", 1)
    for _ in range(2):
        participant = builders.register(site, people["nurse"], now=NOW)
        last = _complete(builders.record(Consent, participant, people["nurse"], now=NOW, given="yes"), people)
    signing.verify(last, by=people["monitor"], version=last.version, now=NOW)
    builders.change(last, people["nurse"], given="no")
    browser = login("monitor")
    first, whole, second = (
        browser.get(f"/monitoring/{asked}").content.decode() for asked in ("", "?whole=1", "?page=2")
    )
    codes = [re.findall(r'class="code">\s*<a[^>]*>\s*(BLEND-\d+)\s*<', text) for text in (first, whole, second)]

    assert codes == [["BLEND-03"], ["BLEND-03", "BLEND-01"], ["BLEND-02"]]
    assert "participants 1 to 2 of 3, those of whom a comparison was lost first" in first
    assert 'href="?form=&amp;page=2">Further participants' in first
    assert "and 1 more forms" in first
    assert "and 1 more forms" not in whole
    assert "participants 3 to 3 of 3" in second
    assert browser.get("/monitoring/?page=99999").status_code == 200


def test_the_worklist_of_the_monitor_alone_has_what_the_plan_asks(consent, people):
    def asked(person):
        return [
            item.what
            for items in build.for_person(person, NOW).lines.values()
            for item in items
            if "source" in item.what
        ]

    assert asked(people["monitor"]) == ["Compare with the source: Consent"]
    assert asked(people["nurse"]) == asked(people["datamanager"]) == []


def test_the_draw_is_recorded_with_its_seed_and_forms_to_come_join_by_the_same_seed(participant, people, login):
    first = [
        builders.record(Pain, participant, people["nurse"], visit=visit, now=NOW) for visit in ("bas", "w2", "d60")
    ]

    drawn = draw(people)

    places = [place_of("BLEND-01", form) for form in first]
    assert len(drawn.seed) == 32
    assert drawn.drawn_by == people["monitor"]
    assert drawn.of == 3
    assert drawn.chosen == [place for place in places if drawn.takes(place)]
    assert AuditRow.objects.filter(table="oversight_monitoringdraw", person=people["monitor"]).count() == 1
    to_come = [f"BLEND-{code:02} {visit} pain 1" for code in range(1, 400) for visit in ("bas", "d60")]
    share = sum(drawn.takes(place) for place in to_come) / len(to_come)
    assert share == pytest.approx(0.2, abs=0.06)  # four standard deviations
    assert drawn.seed in login("pi").get("/monitoring/").content.decode()


def test_what_was_drawn_wants_every_answer(participant, people, monkeypatch):
    pain = _complete(builders.record(Pain, participant, people["nurse"], visit="d60", now=NOW, worst_pain=5), people)
    assert tasks(people) == []
    monkeypatch.setattr(MonitoringDraw, "takes", lambda self, place: place == "BLEND-01 d60 pain 1")

    draw(people)

    [task] = tasks(people)
    assert (task.why, task.which, task.wanted) == ("drawn", "Day 60", len(source_verification.to_compare(pain)))


def test_drawing_again_wants_a_reason_and_takes_nothing_out(participant, people):
    early = builders.record(Pain, participant, people["nurse"], visit="bas", now=NOW)
    first = draw(people)
    with pytest.raises(ValidationError):
        draw(people, now=LATER)
    second = draw(people, "The sponsor wants more", now=LATER)
    late = builders.record(Pain, participant, people["nurse"], visit="d60", now=LATER + timedelta(hours=1))

    draws = list(MonitoringDraw.objects.all())
    assert plan.draw_for(draws, early) == first
    assert plan.draw_for(draws, late) == second
    assert plan.draw_for([], late) is None


def test_the_application_cannot_change_a_draw_unsaid(participant, people):
    from django.db import transaction
    from django.db.utils import ProgrammingError

    draw(people)

    with pytest.raises(ProgrammingError), transaction.atomic():
        MonitoringDraw.objects.update(seed="mine")


def test_a_visit_is_logged_corrected_and_read_by_others(participant, people, login, site):
    typed = {
        "site": site.pk, "kind": "routine", "visited_on": "8-3-16", "seen": "blend-01",
        "findings": "Consent copy missing",
        "follow_up": "", "report_received_on": "", "opened": "0",
    }  # fmt: skip
    browser = login("monitor")
    assert browser.post("/monitoring/visits/new/", typed).status_code == 302
    visit = MonitoringVisit.objects.get()
    assert (visit.seen, str(visit.visited_on), visit.made_by) == (["BLEND-01"], "2016-03-08", people["monitor"])

    there = f"/monitoring/visits/{visit.pk}/"
    more = {**typed, "visited_on": "2016-03-08", "opened": "1", "report_received_on": "2016-03-20"}
    assert browser.post(there, more).status_code == 302
    assert browser.post(there, {**more, "findings": "overwritten"}).status_code == 422  # opened before that
    assert MonitoringVisit.objects.get().findings == "Consent copy missing"
    assert AuditRow.objects.filter(table="oversight_monitoringvisit").count() == 2

    reader = login("pi")
    assert "Consent copy missing" in reader.get("/monitoring/").content.decode()
    assert reader.get(there).status_code == 200
    assert reader.post(there, more).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seen": "BLEND-01 BLEND-77"}, "Not a participant of this site: BLEND-77"),
        ({"visited_on": "31-2-16"}, "does not exist on the calendar"),
        ({"report_received_on": "2016-03-01"}, "before the visit"),
        ({"findings": ""}, "required"),
        ({"findings": "a\x00b"}, "U+0000"),
        ({"site": "99999"}, "valid choice"),
        ({"opened": "x"}, "This must be a whole number"),
    ],
)
def test_what_is_wrong_in_a_visit_is_said_and_kept(wrong, sentence, participant, login, site):
    typed = {
        "site": site.pk, "kind": "routine", "visited_on": "2016-03-08", "seen": "", "findings": "none",
        "follow_up": "Kept as typed", "report_received_on": "", "opened": "0", **wrong,
    }  # fmt: skip
    page = login("monitor").post("/monitoring/visits/new/", typed)

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert "Kept as typed" in page.content.decode()
    assert not MonitoringVisit.objects.exists()


def test_another_sites_visits_and_participants_are_not_there(consent, people, site_b, login):
    give_role(people["nurse_b"], Role.DATA_MANAGER, site_b)
    visit = MonitoringVisit(site=consent.participant.site, kind="remote", visited_on="2016-03-08", findings="Secret")
    visit.made_at, visit.made_by = NOW, people["monitor"]
    from records.audit.context import audit_context

    with audit_context(people["monitor"], "Monitoring visit"):
        visit.save()
    browser = login("nurse_b")

    assert "Secret" not in browser.get("/monitoring/").content.decode()
    assert "BLEND-01" not in browser.get("/monitoring/").content.decode()
    assert browser.get(f"/monitoring/visits/{visit.pk}/").status_code == 404


def test_the_page_asks_as_many_questions_of_the_database_for_many_as_for_one(people, site, login):
    def asked():
        browser = login("monitor")
        browser.get("/monitoring/")
        with CaptureQueriesContext(connection) as caught:
            assert browser.get("/monitoring/").status_code == 200
        return len(caught)

    def one():
        participant = builders.register(site, people["nurse"], now=NOW)
        _complete(builders.record(Consent, participant, people["nurse"], now=NOW, given="yes"), people)

    one()
    few = asked()
    for _more in range(6):
        one()
    assert asked() == few
