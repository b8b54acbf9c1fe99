"""Signing the casebook and the endpoint: what is shown is what is signed, and a change breaks it."""

from datetime import date

import pytest

from assessments.models import Pain, Visit
from records import services
from records.models import Signature
from tests.conftest import PASSWORD
from tests.situations.conftest import Story


@pytest.fixture
def story(people, site):
    """Treated, followed to day 60, everything complete."""
    history = Story(people, site)
    history.treated()
    history.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14), any_adverse_event="no")
    history.record(Pain, visit="d60", assessed_on=date(2016, 3, 14), worst_pain=2, takes_opioids="no")
    return history


def complete_all(story):
    book = story.book
    for record in book.forms():
        inside = book.rows_of(record)
        for part in (record, *inside):
            part.missing = {**part.missing, **{field.name: "UNK" for field in part.unanswered()}}
        services.write(record, by=story.people["nurse"], version=record.version, complete=True, rows=inside)


def text(answer):
    return " ".join(answer.content.decode().split())


def sign(login, story, scope):
    address = f"/participants/{story.participant.code}/{scope}sign/"
    page = login("pi").get(address)
    sent = {"seen": page.context["seen"], "meaning": "approved", "password": PASSWORD}
    return text(page), login("pi").post(address, sent)


def test_a_casebook_is_signed_with_every_visit_shown_once_nothing_is_a_draft(login, story):
    page, answer = sign(login, story, "")
    assert "Still drafts: " in page
    assert answer.status_code == 422
    complete_all(story)

    page, answer = sign(login, story, "")

    day_60 = page.split('<th scope="row">Day 60</th> <td>')[1].split("</td>")[0].strip()
    assert set(day_60.split("; ")) == {"Visit: Complete", "Pain and analgesics: Complete"}
    assert answer.status_code == 302
    assert Signature.objects.get().scope == "casebook"
    home = f"/participants/{story.participant.code}/"
    assert "broken" not in text(login("nurse").get(home)).split("Signatures and locks")[1]

    story.change(Pain.objects.get(), worst_pain=3, reason="source checked")

    assert "broken" in text(login("nurse").get(home)).split("Signatures and locks")[1]


def test_the_endpoint_is_signed_when_it_can_be_told_and_breaks_when_it_flips(login, story):
    event = story.event((3, "2016-03-13"))
    page, answer = sign(login, story, "endpoint/")
    assert "no: no event, and followed until 2016-03-14" in page
    assert answer.status_code == 302

    row = event.grades.get().fill(from_on="2016-03")
    event.refresh_from_db()
    services.write(event, by=story.people["nurse"], version=event.version, rows=[row])

    page, answer = sign(login, story, "endpoint/")
    assert "It cannot be told yet" in page
    assert answer.status_code == 422
    assert "broken" in text(login("nurse").get(f"/participants/{story.participant.code}/endpoint/"))
