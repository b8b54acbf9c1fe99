"""The worklist lands on the very field, is gathered in three ways, and lets one put aside what can wait."""

import re
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent
from oversight.models import Alert, Message, Snooze
from oversight.scanning import scan
from oversight.views import worklist
from oversight.worklist import build, snooze
from procedures.models import Surgery
from protocol.toxicity import SERIOUSNESS
from tests import builders
from tests.conftest import PASSWORD
from tests.oversight.views.test_pages import irradiated, page


@pytest.fixture
def draft(people, site):
    """A consent form that was begun."""
    participant = builders.register(site, people["nurse"])
    builders.record(Consent, participant, people["nurse"], given="yes")
    return participant


def of(code):
    return f"/participants/{code}/consent/#q-consented_at"


def test_a_draft_lands_on_its_first_open_question(draft, login):
    assert of(draft.code) in page(login, "nurse", "/")


def test_a_long_list_says_that_there_is_more(login, people, site):
    codes = [builders.register(site, people["nurse"]).code for _each in range(worklist.SHOWN + 2)]

    first, whole = page(login, "nurse", "/"), page(login, "nurse", "/?all=1")

    assert "Show all" in first
    assert sum(f">{code}<" in first for code in codes) == worklist.SHOWN
    assert all(f">{code}<" in whole for code in codes)
    assert "Show all" not in whole


def test_it_is_gathered_by_participant_and_by_kind(login, people, site, draft):
    closing = irradiated(site, people, 41)
    scan.scan(timezone.now())

    def headings(by):
        return re.findall(r"<h2>([^<]+) <small", page(login, "nurse", f"/?by={by}"))

    assert headings("participant") == ["Safety", draft.code, closing.code]
    assert headings("kind")[:2] == ["Safety", "Forms"]
    assert headings("nonsense")[0] == "Safety"


def test_what_is_put_aside_comes_back_and_its_reason_is_kept(draft, login, people):
    browser = login("nurse")
    answer = browser.post("/aside/", {"url": of(draft.code), "days": "3", "reason": "The ward has the form"})

    text = browser.get("/").content.decode()
    assert answer.status_code == 302
    assert "Put aside by you" in text
    assert "The ward has the form" in text

    later = timezone.now() + timedelta(days=3, minutes=1)
    lines = build.for_person(people["nurse"], later).lines
    assert snooze.split(people["nurse"], lines, later) == []
    assert of(draft.code).partition("#")[0] in [item.url for item in lines["today"]]
    assert Snooze.objects.get().reason == "The ward has the form"


def test_a_second_click_puts_aside_once(draft, login):
    browser = login("nurse")
    form = browser.get("/").content.decode().partition('<details class="later"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'<input type="hidden" name="(entry|url)" value="([^"]+)"', form))

    for _click in range(2):
        browser.post("/aside/", {**sent, "days": "3", "reason": "The ward has the form"})

    assert sent["url"] == of(draft.code)
    assert Snooze.objects.count() == 1


def test_it_is_put_aside_for_oneself_alone(draft, login):
    login("nurse").post("/aside/", {"url": of(draft.code), "days": "3", "reason": "waits"})

    assert "Put aside" not in page(login, "surgeon", "/")


def test_it_can_be_taken_back(draft, login):
    browser = login("nurse")
    browser.post("/aside/", {"url": of(draft.code), "days": "3", "reason": "waits"})
    browser.post("/aside/", {"url": of(draft.code), "days": "0"})

    assert "Put aside" not in browser.get("/").content.decode()


@pytest.mark.parametrize(("days", "reason", "says"), [("3", "  ", "Say why"), ("99", "waits", "Choose for how long")])
def test_without_a_reason_nothing_is_put_aside(draft, login, days, reason, says):
    answer = login("nurse").post("/aside/", {"url": of(draft.code), "days": days, "reason": reason})

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert Snooze.objects.count() == 0


def test_the_window_is_never_put_aside(login, people, site):
    closing = irradiated(site, people, 41)
    scan.scan(timezone.now())
    url = f"/participants/{closing.code}/surgery/new/#q-incision_at"

    answer = login("nurse").post("/aside/", {"url": url, "days": "1", "reason": "waits"})

    assert answer.status_code == 422
    assert "48-hour window is closing" in answer.content.decode()


def test_a_visit_that_is_due_tomorrow_is_back_tomorrow(login, people, site):
    """Put aside for a week; the reminder slept through the day on which the visit was due."""
    participant = irradiated(site, people, 24 * 13)
    now = timezone.now()
    builders.record(
        Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=now - timedelta(days=12)
    )
    scan.scan(now)
    due = Alert.objects.get(kind="visit-due", subject="w2").due_at
    assert timedelta(hours=12) < due - now < timedelta(days=7)
    url = f"/participants/{participant.code}/w2/visit/#q-done"

    answer = login("nurse").post("/aside/", {"url": url, "days": "7", "reason": "The ward calls back"})

    assert answer.status_code == 302
    assert Snooze.objects.get().until == due
    [line] = [line for line in build.for_person(people["nurse"], due).lines["now"] if line.url == url]
    assert line.due_at == due


def test_what_was_put_aside_is_never_changed(draft, people):
    snooze.snooze_item(people["nurse"], of(draft.code), "1", "waits", timezone.now())

    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM oversight_snooze")


def test_a_window_is_acknowledged_on_its_line(login, people, site):
    irradiated(site, people, 41)
    scan.scan(timezone.now())
    message = Message.objects.get(person=people["nurse"], alert__kind="window-closing")
    browser = login("nurse")
    assert "Acknowledge<" in browser.get("/").content.decode()

    answer = browser.post(f"/messages/{message.pk}/acknowledge/", {"back": "worklist"})

    assert answer.url == f"/#m-{message.pk}"
    assert "Acknowledged by Noor de Vries" in page(login, "surgeon", "/")


def test_a_complete_severe_event_waits_for_a_signature_until_it_is_signed(people, site, login):
    """And again once it was changed: the signature no longer says what stands there."""
    participant = builders.register(site, people["nurse"])
    event = builders.record(
        AdverseEvent, participant, people["nurse"], rows=[AdverseEventGrade().fill(grade=3, from_on="2016-03-01")],
        complete=True, verbatim="Wound", ctcae_code="10048031", onset_on="2016-03-01", at_baseline="no", ongoing="yes",
        outcome="recovering", **dict.fromkeys(SERIOUSNESS, "no"),
    )  # fmt: skip
    where = f"/participants/{participant.code}/adverse-event/{event.number}/sign/"

    def waits(who, later=timedelta()):
        lines = build.for_person(people[who], timezone.now() + later).lines
        return [(bucket, item.tone) for bucket, items in lines.items() for item in items if item.url == where]

    assert waits("pi") == [("today", "")]
    assert waits("surgeon", timedelta(days=8)) == [("today", "late")]
    assert waits("nurse") == [("others", "")]

    login("pi").post(where, {"version": "1", "password": PASSWORD, "meaning": "approved"})
    assert waits("pi") == []
    builders.change(event, people["nurse"], verbatim="Wound opened further")
    assert waits("pi") == [("today", "")]
