"""Somebody who works at two hospitals is delegated at each of them: what one signed for is no leave for the other."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts import delegation
from tests import builders

SURGERY = {"version": "0", "action": "save", "index": "yes"}


@pytest.fixture
def participants(people, site, site_b):
    """One of each site."""
    return builders.register(site, people["nurse"]), builders.register(site_b, people["nurse_b"])


def test_my_delegation_in_lisbon_lets_me_write_nothing_in_utrecht(login, nurse_two, participants):
    here, there = (f"/participants/{participant.code}/surgery/new/" for participant in participants)
    browser = login("nurse_two")

    assert browser.get(here).status_code == 200
    refused = browser.post(here, SURGERY)
    assert refused.status_code == 403
    assert b"no line of the delegation log" in refused.content
    assert browser.post(there, SURGERY).status_code == 302


def test_a_new_participant_is_offered_at_the_site_that_delegated_me_alone(login, nurse_two, site, site_b):
    page = login("nurse_two").get("/participants/new/").content.decode()

    assert site_b.name in page
    assert site.name not in page


def test_a_delegation_that_was_ended_before_its_last_day_is_over(login, nurse_two, participants, people):
    """It was signed until 2040; the principal investigator ended it yesterday."""
    here = f"/participants/{participants[0].code}/surgery/new/"
    now = timezone.now()
    line = delegation.sign(
        nurse_two, participants[0].site, ["enter"], starts_at=now - timedelta(days=9),
        ends_at=now + timedelta(days=999), trained_on=date(2013, 12, 1), by=people["pi"], now=now,
    )  # fmt: skip
    assert login("nurse_two").post(here, SURGERY).status_code == 302
    delegation.end(line, ends_at=now, reason="Moves on", by=people["pi"], now=now)

    assert login("nurse_two").post(here, SURGERY).status_code == 403
