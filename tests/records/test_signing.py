"""Comparing with the source and signing: what holds, what a change breaks, and who is told."""

import pytest
from django.utils import timezone

from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent
from enrollment.models import Consent, Deviation, Eligibility, EndOfStudy
from records import services
from records.models import Signature, Verification
from records.workflow import locks
from tests import builders
from tests.conftest import PASSWORD


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


@pytest.fixture
def consent(participant, people):
    form = builders.record(Consent, participant, people["nurse"], given="yes", form_version="2.0")
    form.missing = {field.name: "UNK" for field in form.unanswered()}
    return services.write(form, by=people["nurse"], version=form.version, complete=True)


@pytest.fixture
def event(participant, people):
    row = AdverseEventGrade().fill(grade=3, from_on="2016-03-01")
    form = builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound opened")
    form.missing = {field.name: "UNK" for field in form.unanswered()}
    row.missing = {field.name: "UNK" for field in row.unanswered()}
    return services.write(form, by=people["nurse"], version=form.version, complete=True, rows=[row])


def text(answer):
    return " ".join(answer.content.decode().split())


def at(record):
    number = f"{record.number}/" if record.repeats else ""
    return f"/participants/{record.participant.code}/{record.slug}/{number}"


def version(record):
    return type(record).objects.get(pk=record.pk).version


def compare(login, record, **sent):
    return login("monitor").post(at(record) + "verify/", {"version": version(record), **sent})


def sign(login, record, by="pi", **sent):
    fields = {"version": version(record), "password": PASSWORD, "meaning": "approved", **sent}
    return login(by).post(at(record) + "sign/", fields)


def change(login, record, **answers):
    """As the nurse's page sends it: every answer that stands, and the change with its reason."""
    browser = login("nurse")
    form = browser.get(at(record)).context["form"]
    sent = {"version": form["version"].value(), "action": "complete", "reason": "Letter re-read"}
    for name in form.fields:
        if name not in ("version", "entry", "reason") and (value := form[name].value()) not in (None, ""):
            if isinstance(value, list):
                sent |= {f"{name}_{index}": part or "" for index, part in enumerate(value)}
            else:
                sent[name] = value
    sent |= answers
    return browser.post(at(record), sent)


def test_a_monitor_ticks_answers_or_takes_the_whole_form(login, consent):
    page = text(login("monitor").get(at(consent)))
    assert 'name="field" value="form_version"' in page

    assert compare(login, consent, which="ticked", field=["given", "form_version"]).status_code == 302
    assert set(Verification.objects.values_list("field", flat=True)) == {"given", "form_version"}
    assert "2 answers compared with the source" in text(login("nurse").get(at(consent)))

    compare(login, consent, which="all")
    page = text(login("monitor").get(at(consent)))
    assert "Verified" in page
    assert 'name="field"' not in page


def test_a_changed_answer_loses_its_comparison_and_no_other_does(login, consent):
    compare(login, consent, which="all")

    assert change(login, consent, form_version="3.0").status_code == 302

    lost = Verification.objects.filter(lost_at__isnull=False)
    assert [(row.field, row.lost_because) for row in lost] == [
        ("form_version", "the answer was changed after it had been compared")
    ]
    assert "Verified" not in text(login("monitor").get(at(consent)))

    change(login, consent, form_version="2.0")  # back to what was compared: it has to be compared again
    assert "Verified" not in text(login("monitor").get(at(consent)))


def test_rows_are_compared_with_their_form(login, people, event):
    compare(login, event, which="all")
    assert "Verified" in text(login("monitor").get(at(event)))
    row = AdverseEventGrade.objects.get()
    row.fill(grade=2)

    services.write(event, by=people["nurse"], version=version(event), reason="Letter re-read", rows=[row])

    assert [verification.field for verification in Verification.objects.filter(lost_at__isnull=False)] == ["grade"]


def test_only_a_monitor_compares_and_only_what_is_complete(login, people, participant, consent):
    draft = builders.record(Eligibility, participant, people["nurse"], kps=70)

    assert login("nurse").post(at(consent) + "verify/", {"version": "2", "which": "all"}).status_code == 403
    refused = compare(login, draft, which="all")
    assert refused.status_code == 422
    assert "Only a complete form" in text(refused)
    assert "Only a complete form" in text(login("monitor").get(at(draft)))  # the button says why, too


def test_an_old_page_compares_and_signs_nothing(login, consent):
    old = version(consent)
    change(login, consent, form_version="3.0")

    assert compare(login, consent, which="all", version=old).status_code == 409
    assert sign(login, consent, version=old).status_code == 409
    assert not Verification.objects.exists()
    assert not Signature.objects.exists()


def test_a_page_opened_before_a_signature_saves_nothing_unseen(login, consent):
    old = version(consent)
    sign(login, consent)

    late = login("nurse").post(at(consent), {"version": old, "action": "complete", "form_version": "3.0"})

    assert late.status_code == 409
    assert "2.0" in Consent.objects.get().form_version


def test_a_signature_prints_name_role_time_zone_and_meaning(login, event):
    assert sign(login, event, by="surgeon", meaning="reviewed").status_code == 302

    page = text(login("nurse").get(at(event)))
    assert "Signed" in page
    for words in ("Sem Bakker", "spine surgeon", "UMC Utrecht", "Europe/Amsterdam", "I have reviewed this"):
        assert words in page


def test_what_is_frozen_for_the_interim_look_is_still_compared_and_signed(login, people, participant, event):
    """Freezing closes data entry; the investigator signs what is frozen, and a lock closes that too."""
    about = locks.target("participant", participant)
    now = timezone.now()
    locks.close(about, "freeze", by=people["datamanager"], reason="Interim look", now=now)

    assert "Sign" in text(login("pi").get(at(event)))
    assert sign(login, event).status_code == 302
    assert compare(login, event, which="all").status_code == 302
    assert change(login, event, verbatim="Wound closed").status_code == 422
    assert ">signature broken<" not in text(login("pi").get(at(event)))

    locks.close(about, "lock", by=people["datamanager"], reason="Database lock", now=now)
    assert sign(login, event).status_code == 422
    assert Signature.objects.count() == 1


def test_a_draft_that_is_frozen_is_signed_and_compared_by_nobody(login, people, participant):
    """The freeze came in the middle of an entry; a signature says that the form is complete."""
    draft = builders.record(Consent, participant, people["nurse"], given="yes")
    about = locks.target("participant", participant)
    locks.close(about, "freeze", by=people["datamanager"], reason="Interim look", now=timezone.now())

    assert "Only a complete form is signed" in text(login("pi").get(at(draft)))
    assert sign(login, draft).status_code == 422
    assert compare(login, draft, which="all").status_code == 422
    assert not Signature.objects.exists()


def test_a_change_breaks_the_signature_visibly_and_it_is_signed_again(login, consent):
    sign(login, consent)
    change(login, consent, form_version="3.0")

    page = text(login("pi").get(at(consent)))
    assert ">signature broken<" in page
    assert "<td>2.0</td> <td>3.0</td>" in page

    assert sign(login, consent).status_code == 302
    page = text(login("pi").get(at(consent)))
    assert ">signature broken<" not in page
    assert page.count('class="signature') == 2  # the broken one stays


def test_comparing_does_not_break_a_signature(login, consent):
    sign(login, consent)
    compare(login, consent, which="all")

    assert ">signature broken<" not in text(login("pi").get(at(consent)))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"password": "wrong"}, "not your password"),
        ({"password": ""}, "not your password"),
        ({"meaning": ""}, "what your signature means"),
    ],
)
def test_a_signature_wants_password_and_meaning(login, consent, sent, sentence):
    refused = sign(login, consent, **sent)

    assert refused.status_code == 422
    assert sentence in text(refused)
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    ("model", "answers"),
    [
        (Eligibility, {"kps": 70}),
        (Deviation, {"kind": "window-late"}),
        (SeriousEvent, {"kind": "other"}),
        (EndOfStudy, {"outcome": "completed"}),
    ],
)
def test_what_the_principal_investigator_answers_for_is_signed_by_nobody_else(
    login, people, participant, event, model, answers
):
    extra = {"adverse_event": event} if model is SeriousEvent else {}
    form = builders.record(model, participant, people["nurse"], **answers, **extra)
    form.missing = {field.name: "UNK" for field in form.unanswered()}
    services.write(form, by=people["nurse"], version=form.version, complete=True)

    assert sign(login, form, by="surgeon").status_code == 403
    assert "sign/" not in text(login("surgeon").get(at(form)))
    assert sign(login, form, by="pi").status_code == 302
    assert ">signature broken<" not in text(login("pi").get(at(form)))


def test_a_signature_is_not_movable(login, people, participant, consent):
    """Copied to another record, by whatever route, it does not hold there."""
    from records.workflow import signatures

    sign(login, consent)
    other = builders.register(participant.site, people["nurse"])
    there = builders.record(Consent, other, people["nurse"], given="yes")
    [standing] = signatures.compare(list(Signature.objects.all()), signatures.content_of(there))

    assert not standing.holds


def test_a_question_asked_since_and_not_answered_does_not_break_a_signature(login, consent):
    """A later version of the form has more columns than what was signed; only an answer in one is a change."""
    from records.workflow import signatures

    sign(login, consent)
    content = signatures.content_of(consent)
    content["answers"] |= {"asked_since": None}

    assert signatures.compare(list(Signature.objects.all()), content)[0].holds
    content["answers"] |= {"asked_since": "yes"}
    [standing] = signatures.compare(list(Signature.objects.all()), content)
    assert (standing.holds, standing.differs) == (False, (("answers › asked_since", "–", "yes"),))
