"""Signing the casebook and the endpoint: what is shown is what is signed, and a change breaks it."""

from datetime import date

import pytest

from assessments.models import Pain, Visit
from records import services
from records.models import Signature
from tests.conftest import PASSWORD
from tests.situations.conftest import Told


@pytest.fixture
def told(people, site):
    """Treated, followed to day 60, everything complete."""
    told = Told(people, site)
    told.treated()
    told.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14), any_adverse_event="no")
    told.record(Pain, visit="d60", assessed_on=date(2016, 3, 14), worst_pain=2, takes_opioids="no")
    return told


def complete_all(told):
    book = told.book
    for record in book.forms():
        inside = book.rows_of(record)
        for each in (record, *inside):
            each.missing = {**each.missing, **{field.name: "UNK" for field in each.unanswered()}}
        services.write(record, by=told.people["nurse"], version=record.version, complete=True, rows=inside)


def text(answer):
    return " ".join(answer.content.decode().split())


def sign(login, told, scope):
    address = f"/participants/{told.participant.code}/{scope}sign/"
    page = login("pi").get(address)
    sent = {"seen": page.context["seen"], "meaning": "approved", "password": PASSWORD}
    return text(page), login("pi").post(address, sent)


def test_a_casebook_is_signed_with_every_visit_shown_once_nothing_is_a_draft(login, told):
    page, answer = sign(login, told, "")
    assert "Still drafts: " in page
    assert answer.status_code == 422
    complete_all(told)

    page, answer = sign(login, told, "")

    day_60 = page.split('<th scope="row">Day 60</th> <td>')[1].split("</td>")[0].strip()
    assert set(day_60.split("; ")) == {"Visit: Complete", "Pain and analgesics: Complete"}
    assert answer.status_code == 302
    assert Signature.objects.get().scope == "casebook"
    home = f"/participants/{told.participant.code}/"
    assert "broken" not in text(login("nurse").get(home)).split("Signatures and locks")[1]

    told.change(Pain.objects.get(), worst_pain=3, reason="source checked")

    assert "broken" in text(login("nurse").get(home)).split("Signatures and locks")[1]


def test_the_endpoint_is_signed_when_it_can_be_told_and_breaks_when_it_flips(login, told):
    event = told.event((3, "2016-03-13"))
    page, answer = sign(login, told, "endpoint/")
    assert "no: no event, and followed until 2016-03-14" in page
    assert answer.status_code == 302

    row = event.grades.get().fill(from_on="2016-03")
    event.refresh_from_db()
    services.write(event, by=told.people["nurse"], version=event.version, rows=[row])

    page, answer = sign(login, told, "endpoint/")
    assert "It cannot be told yet" in page
    assert answer.status_code == 422
    assert "broken" in text(login("nurse").get(f"/participants/{told.participant.code}/endpoint/"))
