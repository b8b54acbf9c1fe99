"""A save that changes nothing writes nothing; of a double click the second sending is answered as the first was."""

import pytest

from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import OpioidDose, Pain
from enrollment.models import Consent
from procedures.models import Surgery
from records import services
from records.audit import verification
from records.model import registry
from records.models import AuditRow, Verification
from tests import builders
from tests.builders import amsterdam
from tests.conftest import PASSWORD
from tests.records.pages import sent_by
from tests.test_every_record import filled_record

FORMS = list(registry.forms().values())


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


@pytest.fixture
def pain(participant, people):
    """A complete form with two rows."""
    rows = [OpioidDose(drug="oxycodone_po_mg", dose=20), OpioidDose(drug="fentanyl_td_ug_per_h", dose=25)]
    record = builders.record(
        Pain, participant, people["nurse"], visit="d60", worst_pain=5, takes_opioids="yes", rows=rows
    )
    record.missing = {field.name: "UNK" for field in record.unanswered()}
    return services.write(record, by=people["nurse"], version=1, complete=True, rows=rows)


def address(record):
    visit = f"{record.visit}/" if hasattr(record, "visit") else ""
    tail = f"{record.slug}/{record.number}/" if record.repeats else f"{record.slug}/"
    return f"/participants/{record.participant.code}/{visit}{tail}"


def trail():
    """Everything that a save could leave: the rows of the trail, and who saved which version when."""
    stamps = {
        model: list(model._base_manager.order_by("pk").values_list("pk", "version", "updated_at", "updated_by"))
        for model in registry.clinical_models()
    }
    return AuditRow.objects.count(), stamps


def sentence(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model.slug)
def test_a_draft_that_is_saved_as_it_stands_leaves_nothing(model, login, people, site):
    record = filled_record(model, people, site)
    before = trail()
    browser = login("surgeon")

    answer = browser.post(address(record), {**sent_by(browser.get(address(record))), "action": "save"}, follow=True)

    assert answer.status_code == 200
    assert "Nothing was changed, so nothing was saved" in sentence(answer)
    assert "reason" not in sentence(answer).split("nothing was saved")[1].split("</p>")[0]
    assert trail() == before


@pytest.mark.parametrize("reason", ["", "Source checked"])
def test_a_complete_form_asks_for_no_reason_where_nothing_changes(login, pain, reason):
    before = trail()
    browser = login("surgeon")
    page = sent_by(browser.get(address(pain)))

    answer = browser.post(address(pain), {**page, "action": "complete", "reason": reason}, follow=True)

    assert answer.status_code == 200
    assert ("The reason you gave was not needed" in sentence(answer)) == bool(reason)
    assert trail() == before


@pytest.mark.parametrize(
    ("name", "typed"),
    [("worst_pain", " 5 "), ("opioids-0-dose", "20.0"), ("opioids-0-dose", "20,0"), ("worst_pain", "05")],
)
def test_an_answer_typed_in_another_way_is_no_change(login, pain, name, typed):
    before = trail()
    browser = login("nurse")

    answer = browser.post(address(pain), {**sent_by(browser.get(address(pain))), name: typed, "action": "complete"})

    assert answer.status_code == 302
    assert trail() == before


def test_a_change_of_one_row_stamps_that_row_and_its_form_and_no_other(login, pain):
    browser = login("nurse")
    page = sent_by(browser.get(address(pain)))

    browser.post(address(pain), {**page, "opioids-1-dose": "50", "action": "complete", "reason": "Dose re-read"})
    pain.refresh_from_db()

    assert pain.version == 3
    assert list(OpioidDose.objects.order_by("pk").values_list("version", "dose")) == [(2, 20), (3, 50)]


def test_completing_a_draft_is_a_change_once(login, people, participant):
    consent = builders.record(Consent, participant, people["nurse"], given="yes")
    consent.missing = {field.name: "UNK" for field in consent.unanswered()}
    services.write(consent, by=people["nurse"], version=1)
    browser = login("nurse")

    browser.post(address(consent), {**sent_by(browser.get(address(consent))), "action": "complete"})
    consent.refresh_from_db()
    before = trail()
    browser.post(address(consent), {**sent_by(browser.get(address(consent))), "action": "complete"})

    assert (consent.status, consent.version) == ("complete", 3)
    assert trail() == before


def test_the_data_door_writes_nothing_either(people, pain):
    before = trail()
    rows = list(OpioidDose.objects.order_by("pk"))

    services.write(pain, by=people["surgeon"], version=2, reason="Source checked", complete=True, rows=rows)

    assert trail() == before
    assert pain.version == 2


def test_what_was_typed_is_not_offered_again_where_it_said_nothing_new(login, pain):
    browser = login("nurse")
    page = sent_by(browser.get(address(pain)))
    browser.post(address(pain) + "typing/", page)

    browser.post(address(pain), {**page, "action": "complete"})

    assert "You typed something here" not in sentence(browser.get(address(pain)))


def test_comparing_again_what_was_compared_leaves_nothing(login, pain):
    browser = login("monitor")
    browser.post(address(pain) + "verify/", {"version": "2", "field": "worst_pain"})
    before = trail()

    assert browser.post(address(pain) + "verify/", {"version": "3", "field": "worst_pain"}).status_code == 302
    assert trail() == before
    assert Verification.objects.count() == 1


# Of a double click


def twice(browser, record, **changed):
    """The very same submission, sent a second time after the first was answered."""
    sent = {**sent_by(browser.get(address(record))), **changed}
    return [browser.post(address(record), sent) for _ in range(2)], sent


@pytest.mark.parametrize("action", ["save", "complete"])
def test_a_second_sending_of_a_draft_is_answered_as_the_first(login, people, participant, action):
    consent = builders.record(Consent, participant, people["nurse"], given="yes")
    consent.missing = {field.name: "UNK" for field in consent.unanswered()}
    services.write(consent, by=people["nurse"], version=1)

    answers, sent = twice(login("nurse"), consent, action=action, form_version="2.0", form_version_missing="")
    consent.refresh_from_db()

    assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [(302, address(consent))] * 2
    assert (consent.version, consent.form_version) == (3, "2.0")
    assert login("nurse").post(address(consent), {**sent, "form_version": "2.1"}).status_code == 409
    assert login("surgeon").post(address(consent), sent).status_code == 409


def test_complete_right_after_the_saving_of_a_draft_completes_it(login, people, participant):
    consent = builders.record(Consent, participant, people["nurse"], given="yes")
    consent.missing = {field.name: "UNK" for field in consent.unanswered()}
    services.write(consent, by=people["nurse"], version=1)
    browser = login("nurse")
    sent = {**sent_by(browser.get(address(consent))), "form_version": "2.0", "form_version_missing": ""}

    statuses = [
        browser.post(address(consent), {**sent, "action": action}).status_code for action in ("save", "complete")
    ]
    consent.refresh_from_db()

    assert statuses == [302, 302]
    assert (consent.status, consent.version) == ("complete", 4)


@pytest.mark.parametrize(
    "changed",
    [
        {"worst_pain": "7"},
        {"opioids-1-dose": "50"},
        {"opioids-1-remove": "on"},
        {"opioids-TOTAL_FORMS": "3", "opioids-2-drug": "morphine_po_mg", "opioids-2-dose": "10"},
        {
            "opioids-0-remove": "on",
            "opioids-TOTAL_FORMS": "3",
            "opioids-2-drug": "morphine_po_mg",
            "opioids-2-dose": "1",
        },
    ],
    ids=["an answer", "a row", "a row less", "a row more", "one less and one more"],
)
def test_a_second_sending_of_a_change_is_answered_as_the_first(login, pain, changed):
    answers, sent = twice(login("nurse"), pain, action="complete", reason="Diary re-read", **changed)
    pain.refresh_from_db()

    assert [answer.status_code for answer in answers] == [302, 302]
    assert pain.version == 3
    assert login("nurse").post(address(pain), {**sent, "reason": "Another reason"}).status_code == 409
    assert login("nurse").post(address(pain), {**sent, "average_pain": "3"}).status_code in (409, 422)
    assert verification.verify() == []


def test_after_somebody_elses_save_a_second_sending_is_a_conflict(login, people, pain):
    answers, sent = twice(login("nurse"), pain, action="complete", reason="Diary re-read", worst_pain="7")
    builders.change(pain, people["surgeon"], worst_pain=6)

    assert [answer.status_code for answer in answers] == [302, 302]
    assert login("nurse").post(address(pain), sent).status_code == 409


def test_a_second_sending_of_a_new_event_with_grades_is_that_event(login, participant):
    browser = login("nurse")
    new = f"/participants/{participant.code}/adverse-event/new/"
    sent = {
        **sent_by(browser.get(new)), "action": "save", "verbatim": "Wound", "grades-TOTAL_FORMS": "2",
        "grades-0-grade": "2", "grades-1-grade": "3",
    }  # fmt: skip

    urls = [browser.post(new, sent).url for _ in range(3)]

    assert urls == [f"/participants/{participant.code}/adverse-event/1/"] * 3
    assert AdverseEvent.objects.get().version == 1
    assert AdverseEventGrade.objects.count() == 2


def test_an_instant_and_a_signature_stay_where_nothing_changes(login, people, participant):
    operation = builders.record(
        Surgery, participant, people["nurse"], index="yes", incision_at=amsterdam("2016-10-30 02:30")
    )
    operation.missing = {field.name: "UNK" for field in operation.unanswered()}
    services.write(operation, by=people["nurse"], version=1, complete=True)
    login("pi").post(address(operation) + "sign/", {"version": "2", "password": PASSWORD, "meaning": "approved"})
    browser = login("nurse")
    before = trail()

    browser.post(address(operation), {**sent_by(browser.get(address(operation))), "action": "complete"})

    assert trail() == before
    assert "Signed" in sentence(browser.get(address(operation)))
