"""No list cuts what is urgent, and where one is cut it says how many more there are and leads to them."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from icalendar import Calendar

from accounts.security_log import Act, log
from oversight import calendar_feed, search, window_board
from oversight.models import Alert, Deadline, Message, Urgency
from oversight.views import notifications
from records import queries
from records.audit import review
from records.views import queries as query_pages
from tests import builders

NOW = timezone.now()


@pytest.fixture
def several(people, site):
    return [builders.register(site, people["nurse"]) for _ in range(5)]


def page_of(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def codes(text):
    return re.findall(r">(BLEND-\d+)<", text.split("<h1>")[1])


def link(text, words):
    return re.search(rf'<a href="([^"]*)">{words}</a>', text)[1].replace("&amp;", "&")


@pytest.fixture
def deadlines(several):
    """Four visits that have been open for long, and a window that began an hour ago."""
    for number, participant in enumerate(several[:4]):
        Deadline.objects.create(
            participant=participant, kind="visit-due", subject="w2", met=False,
            raise_at=NOW - timedelta(days=9 - number), due_at=NOW + timedelta(days=9 - number),
        )  # fmt: skip
    Deadline.objects.create(
        participant=several[4], kind="window-closing", subject="", met=False,
        raise_at=NOW - timedelta(hours=1), due_at=NOW + timedelta(hours=3),
    )  # fmt: skip


def test_the_calendar_leaves_no_time_limit_out_and_leads_to_the_later_visits(deadlines, login, monkeypatch):
    monkeypatch.setattr(calendar_feed, "MAX_ENTRIES", 2)
    browser = login("nurse")
    first = page_of(browser, "/calendar/")
    second = page_of(browser, "/calendar/" + link(first, "Later visits"))

    assert sorted(codes(first)) == ["BLEND-03", "BLEND-04", "BLEND-05"]
    assert "Visits 1 to 2 of 4" in first
    assert sorted(codes(second)) == ["BLEND-01", "BLEND-02"]
    assert "Visits 3 to 4 of 4" in second
    assert "Later visits" not in second
    assert page_of(browser, "/calendar/?page=99999").count("BLEND-") == 0
    assert sorted(codes(page_of(browser, "/calendar/?page=-1"))) == sorted(codes(first))


def test_a_feed_says_that_it_does_not_hold_everything(deadlines, login, client, monkeypatch):
    monkeypatch.setattr(calendar_feed, "IN_FEED", 3)
    address = re.search(r"/calendar/[\w-]{40,}\.ics", login("nurse").post("/calendar/address/").content.decode())[0]
    summaries = [str(event["summary"]) for event in Calendar.from_ical(client.get(address).content).walk("VEVENT")]

    assert summaries.count("BLEND: visit") == 3
    assert summaries[-1] == "BLEND: 1 later visits are not in this calendar"
    assert "BLEND: time limit" in summaries


def message(person, participant, urgency=Urgency.ORDINARY, **more):
    kind = "window-closing" if urgency == Urgency.SAFETY else "visit-due"
    subject = f"u{Alert.objects.count()}"
    alert = Alert.objects.create(
        participant=participant, kind=kind, subject=subject, due_at=NOW, because="-", raised_at=NOW, told_at=NOW
    )
    return Message.objects.create(person=person, alert=alert, urgency=urgency, raised_at=NOW, **more)


def test_what_waits_to_be_acknowledged_is_shown_however_many_others_are_unread(several, people, login, monkeypatch):
    """Also when it was seen before."""
    monkeypatch.setattr(notifications, "PAGE", 2)
    waits = [message(people["nurse"], several[0], Urgency.SAFETY, seen_at=NOW) for _ in range(3)]
    ordinary = [message(people["nurse"], several[1]) for _ in range(5)]
    browser = login("nurse")
    text = page_of(browser, "/messages/")

    shown = [int(pk) for pk in re.findall(r'<li id="m-(\d+)"', text)]
    assert shown == [unread.pk for unread in [*waits[::-1], *ordinary[:2:-1]]]
    assert text.count("/acknowledge/") == 3
    assert "3 more messages are not shown here" in text
    seen, at = [], "/messages/" + link(text, "All messages, the newest first")
    while at:
        text = page_of(browser, at)
        seen += [int(pk) for pk in re.findall(r'<li id="m-(\d+)"', text)]
        at = "/messages/" + link(text, "Older messages") if "Older messages" in text else ""
    assert seen == [unread.pk for unread in [*ordinary[::-1], *waits[::-1]]]


def test_the_log_of_messages_goes_on(several, people, login, monkeypatch):
    monkeypatch.setattr(notifications, "PAGE", 2)
    for _ in range(3):
        message(people["nurse"], several[0], Urgency.SAFETY)
    browser = login("datamanager")
    first = page_of(browser, "/messages/log/?only=open")
    second = page_of(browser, "/messages/log/" + link(first, "Older messages"))

    assert [text.count('<th scope="row">') for text in (first, second)] == [2, 1]
    assert "Older messages" not in second


def test_the_board_says_how_many_more(several, login, monkeypatch):
    monkeypatch.setattr(window_board, "MAX_OPEN", 2)
    monkeypatch.setattr(window_board, "MAX_OVER", 1)
    for number, participant in enumerate(several):
        due = NOW + timedelta(hours=number + 1) if number < 3 else NOW - timedelta(hours=number)
        Deadline.objects.create(
            participant=participant, kind="window-missed", subject="", met=number >= 3, raise_at=NOW, due_at=due
        )
    text = page_of(login("nurse"), "/board/")
    whole = page_of(login("nurse"), "/board/?all=1")

    assert "1 more window is open than is shown here" in text
    assert "1 more ended in the last week." in text
    assert len(codes(text)) == 3
    assert len(codes(whole)) == 5
    assert "more window" not in whole


def test_the_list_of_queries_goes_on_with_its_filter(several, people, login, monkeypatch):
    monkeypatch.setattr(query_pages, "PAGE", 2)
    for number, participant in enumerate(several[:3]):
        queries.ask(participant, by=people["monitor"], text=f"Sure of {number}?", now=NOW, form="consent")
    browser = login("datamanager")
    first = page_of(browser, "/queries/?state=open")
    second = page_of(browser, "/queries/" + link(first, "the next ones"))

    assert "and 1 more" in first
    assert [re.findall(r"Sure of (\d)\?", text) for text in (first, second)] == [["0", "1"], ["2"]]
    assert "state=open" in link(first, "the next ones")


def test_a_search_that_found_more_says_so(several, login, monkeypatch):
    monkeypatch.setattr(search, "MAX_HITS", 3)
    text = page_of(login("nurse"), "/find/?q=BLEND")

    assert "The first 3; there are more" in text
    assert "there are more" not in page_of(login("nurse"), "/find/?q=Nobody")


def test_the_acts_about_somebody_are_all_to_be_had(people, login):
    there = Act.objects.filter(person=people["nurse"]).count()
    for number in range(60):
        log(Act.What.RESET, now=NOW, by=people["admin"], person=people["nurse"], reason=f"Lost it, time {number}")
    browser = login("admin")
    first = page_of(browser, f"/people/{people['nurse'].pk}/")
    whole = page_of(browser, f"/people/{people['nurse'].pk}/" + link(first, "Show all"))

    assert [text.count("Lost it, time") for text in (first, whole)] == [50, 60]
    assert f"{there + 10} older lines are not shown." in first
    assert "not shown" not in whole
    own = page_of(login("nurse"), "/account/")
    assert own.count("Lost it, time") == 20
    assert page_of(login("nurse"), "/account/" + link(own, "Show all")).count("Lost it, time") == 60


def test_the_reviews_of_the_trail_are_all_to_be_had(several, people, login):
    for number in range(12):
        review.record(people["monitor"], "", "everything", 1, f"Looked at part {number}", NOW)
    browser = login("pi")
    first = page_of(browser, "/audit/")
    whole = page_of(browser, "/audit/" + link(first, "Show all"))

    assert [text.count("Looked at part") for text in (first, whole)] == [10, 12]
    assert "The last ten reviews." not in whole
