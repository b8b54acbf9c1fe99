"""What was typed and not saved is kept for the person who typed it, offered again, and gone once it is saved."""

from datetime import timedelta

import pytest
from django.utils import timezone

from enrollment.models import Consent
from records.models import Typing
from tests import builders

AT = "/participants/BLEND-01/consent/"


@pytest.fixture
def consent(people, site):
    participant = builders.register(site, people["nurse"])
    return builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")


def text(answer):
    return " ".join(answer.content.decode().split())


def typed(version=1, **changed):
    return {"version": version, "given": "yes", "form_version": "2.0 (half", **changed}


def test_it_is_offered_to_who_typed_it_and_to_nobody_else(login, consent):
    assert login("nurse").post(AT + "typing/", typed()).status_code == 204

    page = text(login("nurse").get(AT))
    assert "You typed something here" in page
    assert "2.0 (half" not in page
    assert "2.0 (half" in text(login("nurse").get(AT + "?typed=again"))
    assert "You typed something here" not in text(login("pi").get(AT))
    assert "2.0 (half" not in text(login("pi").get(AT + "?typed=again"))
    assert Consent.objects.get().form_version == "1.0"  # nothing of it is data


def test_saving_or_throwing_away_forgets_it(login, consent):
    login("nurse").post(AT + "typing/", typed())
    login("nurse").post(AT, {**typed(), "action": "save"})
    assert "You typed something here" not in text(login("nurse").get(AT))

    login("nurse").post(AT + "typing/", typed(version=2))
    assert login("nurse").post(AT + "typing/", {"forget": "yes"}).status_code == 302
    assert not Typing.objects.exists()


def test_what_was_refused_is_still_kept(login, consent):
    login("nurse").post(AT + "typing/", typed(consented_at_0="31-2-2016"))

    assert login("nurse").post(AT, typed(consented_at_0="31-2-2016", action="save")).status_code == 422
    assert Typing.objects.exists()


def test_taken_back_after_somebody_else_saved_it_is_a_conflict_with_both_values(login, people, consent):
    login("nurse").post(AT + "typing/", typed())
    builders.change(consent, people["pi"], form_version="3.0")

    form = login("nurse").get(AT + "?typed=again").context["form"]
    refused = login("nurse").post(AT, {**typed(version=form["version"].value()), "action": "save"})

    assert refused.status_code == 409
    assert "3.0" in text(refused)
    assert "2.0 (half" in text(refused)


def test_a_new_form_keeps_its_typing_too(login, consent):
    at = "/participants/BLEND-01/adverse-event/new/"
    sent = {"version": "0", "verbatim": "wound op", "entry": "0a9d3c3e-6f0e-4f0e-9a53-5d4b8f3a1c11"}
    login("nurse").post(at + "typing/", sent)

    assert "wound op" in text(login("nurse").get(at + "?typed=again"))
    assert login("nurse").post(at, {**sent, "action": "save"}).status_code == 302
    assert "You typed something here" not in text(login("nurse").get(at))


def test_no_password_is_kept_nor_anything_for_ever(login, consent):
    login("nurse").post(AT + "typing/", typed(password="secret", csrfmiddlewaretoken="token"))
    assert "secret" not in Typing.objects.get().data
    Typing.objects.update(typed_at=timezone.now() - timedelta(days=15))

    login("nurse").post("/participants/BLEND-01/screening/typing/", {"version": "0"})

    assert [draft.address for draft in Typing.objects.all()] == ["/participants/BLEND-01/screening/"]


def test_more_than_a_form_can_be_is_not_kept(login, consent):
    assert login("nurse").post(AT + "typing/", typed(form_version="x" * 300_000)).status_code == 413
    assert login("monitor").post(AT + "typing/", typed()).status_code == 403
