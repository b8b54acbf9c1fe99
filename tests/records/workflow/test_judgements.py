"""What a specialist judges, on every form: only that role answers it, and a first judgement is a first entry."""

import re
from urllib.parse import urlencode

import pytest

from accounts.roles import Permission
from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent, Death, Deviation
from records import services
from records.audit import verification
from records.model import registry
from records.models import AuditRow, Verification
from records.workflow import attestations
from tests import builders
from tests.conftest import PASSWORD
from tests.records.pages import sent_by

JUDGED = [
    (model, name, may)
    for model in (
        *registry.forms().values(),
        *(row for form in registry.forms().values() for row in registry.rows_of(form)),
    )
    for name, may in model.field_permissions.items()
]
IDS = [f"{model.slug}-{name}" for model, name, _may in JUDGED]
MODELS = sorted({model for model, _name, _may in JUDGED}, key=lambda model: model.slug)
BY_A_ROLE = re.compile("judged by (the (radiation oncologist|surgeon|principal investigator|specialists)|either)", re.I)
ENTERS = ("nurse", "surgeon", "radonc", "pi")
NEEDS = {"decided_sbrt", "decided_surgery", "decided_combination"}  # these say why in the same breath


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


def complete(model, participant, by, **answers):
    """A complete form in which whatever is not answered has a reason why."""
    form = builders.record(model, participant, by, **answers)
    form.missing = {field.name: "UNK" for field in form.unanswered()}
    rows = [AdverseEventGrade(grade=2, missing={"from_on": "UNK"})] if model is AdverseEvent else []
    return services.write(form, by=by, version=1, complete=True, rows=rows)


def address(record):
    tail = f"{record.slug}/{record.number}/" if record.repeats else f"{record.slug}/"
    return f"/participants/{record.participant.code}/{tail}"


def codes(model, name):
    field = model._meta.get_field(name)
    return [code for code, _label in field.choices] if field.choices else ["The course fits", "The scan says so"]


def judge(browser, record, name, value, **more):
    """Send the page as it stands, with one judgement."""
    page = sent_by(browser.get(address(record)))
    reason = {"decided_because": "The course fits"} if name in NEEDS else {}
    return browser.post(address(record), {**page, "action": "complete", name: value, **reason, **more})


def test_the_law_knows_every_question_that_asks_a_specialist():
    """A question whose help says who judges it is judged by nobody else."""
    questions = {
        (model, field.name)
        for model in registry.forms().values()
        for field in model._meta.local_concrete_fields
        if BY_A_ROLE.search(str(field.help_text)) or field.name.startswith("related_")
    }

    assert questions
    assert questions <= {(model, name) for model, name, _may in JUDGED}


@pytest.mark.parametrize("who", ENTERS)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.slug)
def test_a_first_judgement_of_a_complete_form_needs_no_reason_and_the_right_role(
    model, who, login, people, participant
):
    record = complete(model, participant, people["nurse"])
    browser = login(who)
    for name, may in sorted(model.field_permissions.items()):  # who decides has given no opinion before
        code, stood = codes(model, name)[0], (record.version, getattr(record, name))

        answer = judge(browser, record, name, code)
        record.refresh_from_db()

        assert answer.status_code == 302, (name, answer.context and answer.context["problems"])
        assert record.status == "complete"
        if not people[who].may(may, participant.site_id) or stood[1] == code:
            assert (record.version, getattr(record, name)) == stood, name
            continue
        assert getattr(record, name) == code
        row = AuditRow.objects.latest("id")
        assert (row.reason, row.person_id) == ("Data entry", people[who].pk)
        assert row.changes[name] == [None, code]


@pytest.mark.parametrize(("model", "name", "may"), JUDGED, ids=IDS)
def test_another_judgement_needs_a_reason_also_after_the_first_was_taken_back(
    model, name, may, login, people, participant
):
    record = complete(model, participant, people["nurse"])
    first, second = codes(model, name)[:2]
    browser = login("pi")
    judge(browser, record, name, first)

    assert judge(browser, record, name, second).status_code == 422
    assert judge(browser, record, name, "").status_code == 422
    assert judge(browser, record, name, second, reason="Scan re-read").status_code == 302
    assert judge(browser, record, name, "", decided_because="", reason="Entered by mistake").status_code == 302
    assert judge(browser, record, name, first).status_code == 422
    record.refresh_from_db()
    assert record.version == 5


@pytest.mark.parametrize("who", ENTERS)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.slug)
def test_a_wrong_role_begins_no_form_with_a_judgement(model, who, login, people, participant):
    """Neither in what is sent nor by an address that brings answers along."""
    mine = {name for name, may in model.field_permissions.items() if people[who].may(may, participant.site_id)}
    sent = {name: codes(model, name)[0] for name in model.field_permissions}
    new = f"/participants/{participant.code}/{model.slug}/" + ("new/" if model.repeats else "") + f"?{urlencode(sent)}"
    browser = login(who)
    shown = sent_by(browser.get(new))

    assert browser.post(new, {"version": "0", "action": "save", **sent}).status_code == 302

    record = model.objects.get()
    assert {name for name in sent if getattr(record, name) is not None} == mine
    assert {name for name in sent if shown.get(name, [""]) != [""]} == mine


def test_a_judgement_with_another_change_needs_a_reason(login, people, participant):
    event = complete(AdverseEvent, participant, people["nurse"], verbatim="Wound")

    refused = judge(login("surgeon"), event, "related_surgery", "possible", verbatim="Wound opened")
    event.refresh_from_db()

    assert refused.status_code == 422
    assert "reason" in refused.context["form"].errors
    assert (event.related_surgery, event.verbatim, event.version) == (None, "Wound", 2)


def test_a_judgement_with_a_change_of_a_row_needs_a_reason(login, people, participant):
    event = complete(AdverseEvent, participant, people["nurse"], verbatim="Wound")

    assert judge(login("surgeon"), event, "related_surgery", "possible", **{"grades-0-grade": "3"}).status_code == 422
    assert event.grades.get().grade == 2


def test_what_is_no_judgement_needs_a_reason_also_the_first_time(login, people, participant):
    event = complete(AdverseEvent, participant, people["nurse"], verbatim="Wound")

    assert judge(login("surgeon"), event, "alternative_cause", "progression").status_code == 422


def test_a_first_judgement_breaks_the_signature_and_leaves_what_was_compared(login, people, participant):
    """What was signed has changed; the answers that a monitor compared have not."""
    event = complete(AdverseEvent, participant, people["nurse"], verbatim="Wound")
    login("monitor").post(address(event) + "verify/", {"version": "2", "field": "verbatim"})
    signed = {"version": "3", "password": PASSWORD, "meaning": "approved"}
    assert login("surgeon").post(address(event) + "sign/", signed).status_code == 302

    judge(login("surgeon"), event, "related_surgery", "possible")
    event = AdverseEvent.objects.select_related("participant").get()
    attestations.load([event], {attestations.key(event): list(event.grades.all())})

    assert not event.signature.holds
    assert list(Verification.objects.filter(lost_at=None).values_list("field", flat=True)) == ["verbatim"]
    assert verification.verify() == []


def test_a_death_that_a_nurse_judged_before_is_changed_with_a_reason(login, people, participant):
    """What stands there from before stays, and says who wrote it."""
    death = complete(Death, participant, people["nurse"], related_sbrt="none")

    assert judge(login("nurse"), death, "related_sbrt", "possible").status_code == 302
    assert judge(login("radonc"), death, "related_sbrt", "possible").status_code == 422
    assert judge(login("radonc"), death, "related_sbrt", "possible", reason="Autopsy").status_code == 302
    assert Death.objects.get().related_sbrt == "possible"


def test_the_page_says_that_a_first_judgement_needs_no_reason(login, people, participant):
    deviation = complete(Deviation, participant, people["nurse"])

    assert "judge for the first time" in login("pi").get(address(deviation)).content.decode()
    assert "judge for the first time" not in login("surgeon").get(address(deviation)).content.decode()
    judge(login("pi"), deviation, "classification", "major")
    assert "judge for the first time" not in login("pi").get(address(deviation)).content.decode()


def test_whoever_fills_in_a_form_may_judge_or_not_and_nobody_else_gets_that_far(login, people, participant):
    consent = complete(Consent, participant, people["nurse"])
    assert {may for _model, _name, may in JUDGED} == {
        Permission.JUDGE_SBRT, Permission.JUDGE_SURGERY, Permission.JUDGE_COMBINATION, Permission.ADJUDICATE,
        Permission.CLASSIFY,
    }  # fmt: skip
    for who in ("monitor", "datamanager"):
        assert login(who).post(address(consent), {"version": "2", "action": "complete"}).status_code == 403
