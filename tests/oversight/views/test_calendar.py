"""The calendar and its feed: the same lines, but outside the login nothing about anybody."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from icalendar import Calendar

from oversight import calendar_feed
from oversight.models import CalendarFeed
from oversight.scanning import scan
from procedures.models import Surgery
from tests import builders
from tests.oversight.views.test_pages import irradiated, page


@pytest.fixture
def operated(people, site):
    """Nine days after the operation: weeks 2 to 6 and day 60 are to come."""
    participant = irradiated(site, people, 24 * 10)
    incision = timezone.now() - timedelta(days=9)
    builders.record(Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=incision)
    scan.scan(timezone.now())
    return participant


def address(browser):
    """The secret address, as the page shows it this once."""
    return re.search(r"/calendar/[\w-]{40,}\.ics", browser.post("/calendar/address/").content.decode())[0]


def test_the_page_lists_coming_visits_with_their_last_day(operated, login):
    text = page(login, "nurse", "/calendar/")

    assert operated.code in text
    assert "Visit: Week 4" in text
    assert "/d60/visit/#q-done" in text


def test_only_what_my_roles_act_on_is_mine(operated, login):
    assert operated.code not in page(login, "surgeon", "/calendar/")
    assert operated.code in page(login, "surgeon", "/calendar/?all=1")


def test_the_feed_is_read_without_a_login_and_tells_nothing_of_anybody(operated, login, client, people):
    at = address(login("nurse"))
    client.logout()

    answer = client.get(at)

    read = Calendar.from_ical(answer.content)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert len(read.walk("VEVENT")) == len(calendar_feed.entries(people["nurse"], timezone.now())) > 2
    assert {str(event["SUMMARY"]) for event in read.walk("VEVENT")} == {"BLEND: visit"}
    for word in (operated.code, "UMC", "Week", "day 60", "Day", "surgery", "Noor"):
        assert word.encode() not in answer.content, word


def test_a_line_keeps_its_identity_from_one_reading_to_the_next(operated, login, client):
    at = address(login("nurse"))

    def identities():
        return [str(event["UID"]) for event in Calendar.from_ical(client.get(at).content).walk("VEVENT")]

    assert identities() == identities()
    assert len(set(identities())) == len(identities())


def test_a_renewed_or_ended_address_and_a_leavers_do_not_exist(operated, login, client, people):
    first = address(login("nurse"))
    second = address(login("nurse"))
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)

    people["nurse"].is_active = False
    people["nurse"].save()
    assert client.get(second).status_code == 404
    people["nurse"].is_active = True
    people["nurse"].save()

    login("nurse").post("/calendar/address/", {"stop": "1"})
    assert client.get(second).status_code == 404


def test_the_secret_itself_is_not_kept(people):
    secret = calendar_feed.renew(people["nurse"], timezone.now())

    assert secret not in str(CalendarFeed.objects.values())


def test_another_site_is_in_nobodys_feed(operated, login, client):
    at = address(login("nurse_b"))

    assert Calendar.from_ical(client.get(at).content).walk("VEVENT") == []
