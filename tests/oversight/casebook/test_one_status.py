"""How somebody's part in the trial ended is said alike in every place, and stops the same reminders everywhere."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from adverse_events.models import AdverseEvent
from enrollment.models import Consent, Death, EndOfStudy, Screening
from oversight import calendar_feed
from oversight.models import Alert, Message
from oversight.notifications import notify
from oversight.scanning import scan
from oversight.worklist import build
from procedures.models import Sbrt, SbrtFraction
from records import services
from tests import builders
from tests.oversight.views.test_pages import page

HOURS = 20 * 24  # since the last beam: nobody operated, so visits count from SBRT and are overdue
TODAY = timezone.now().date()
STATES = {
    "died, a draft without a date": (Death, {}, "Died"),
    "died, a draft": (Death, {"died_on": str(TODAY - timedelta(days=2))}, "Died"),
    "died this month": (Death, {"died_on": f"{TODAY:%Y-%m}"}, "Died"),
    "died this year": (Death, {"died_on": f"{TODAY:%Y}"}, "Died"),
    "ended by death": (EndOfStudy, {"outcome": "died", "ended_on": TODAY - timedelta(days=2)}, "Died"),
    "completed": (EndOfStudy, {"outcome": "completed", "ended_on": TODAY - timedelta(days=2)}, "Completed"),
    "withdrew": (EndOfStudy, {"outcome": "withdrew"}, "Withdrew consent"),
    "lost": (EndOfStudy, {"outcome": "lost", "ended_on": TODAY - timedelta(days=2)}, "Lost to follow-up"),
    "consent withdrawn": (
        Consent, {"given": "yes", "withdrawn": "yes", "withdrawn_what": ["visits"]}, "Withdrew consent",
    ),
}  # fmt: skip
UNTREATED = {
    "refused": (Consent, {"given": "no"}, "Consent refused"),
    "screen failure": (Screening, {"outcome": "failed"}, "Not enrolled"),
    "died before": (Death, {}, "Died"),
}


def irradiated(site, people, hours):
    participant = builders.register(site, people["nurse"])
    off = timezone.now() - timedelta(hours=hours)
    fraction = SbrtFraction().fill(beam_on_at=off - timedelta(minutes=30), beam_off_at=off)
    builders.record(Sbrt, participant, people["nurse"], rows=[fraction], delivery="completed")
    return participant


def status_texts(login, code):
    """Every place that names this participant's state."""
    return {
        "list": page(login, "nurse", "/participants/"),
        "header": page(login, "nurse", f"/participants/{code}/sbrt/"),
        "casebook": page(login, "nurse", f"/participants/{code}/"),
        "search": page(login, "nurse", f"/find/?q={code[:5]}"),
    }


@pytest.mark.parametrize("state", STATES)
def test_it_is_said_and_acted_on_alike_everywhere(login, people, site, state):
    model, answers, words = STATES[state]
    participant = irradiated(site, people, HOURS)
    scan.scan(timezone.now())
    builders.record(model, participant, people["nurse"], **answers)
    now = timezone.now()
    scan.scan(now)

    for place, text in status_texts(login, participant.code).items():
        assert words in text, place
        assert "SBRT given" not in text, place
        assert not re.search(r"day \d+ after SBRT", text), place
        assert "SBRT + 20" not in text, place
    lines = build.for_person(people["nurse"], now).lines
    asked = [item.what for bucket in lines.values() for item in bucket]
    assert not [what for what in asked if what.startswith("Fill in") and "End of study" not in what]
    assert calendar_feed.entries(people["nurse"], now, mine=False) == []


@pytest.mark.parametrize("state", [name for name in STATES if name.startswith("died")])
def test_a_death_stops_every_reminder_and_leaves_what_is_owed(people, site, state):
    model, answers, _words = STATES[state]
    participant = irradiated(site, people, HOURS)
    scan.scan(timezone.now())
    assert Alert.objects.filter(kind="visit-overdue", outcome="open").exists()
    builders.record(model, participant, people["nurse"], **answers)
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="Sepsis", death="yes")
    now = timezone.now()
    scan.scan(now)

    lines = build.for_person(people["nurse"], now).lines
    asked = [item.what for bucket in lines.values() for item in bucket]
    assert not Alert.objects.filter(kind__startswith="visit", outcome="open").exists()
    assert "Complete: Death" in asked
    assert "Fill in: End of study" in asked
    assert "Open a serious-event case" in asked


@pytest.mark.parametrize("state", UNTREATED)
def test_who_was_never_treated_is_said_alike(login, people, site, state):
    model, answers, words = UNTREATED[state]
    participant = builders.register(site, people["nurse"])
    builders.record(model, participant, people["nurse"], **answers)
    scan.scan(timezone.now())

    for place, text in status_texts(login, participant.code).items():
        assert words in text, place
    lines = build.for_person(people["nurse"], timezone.now()).lines
    asked = [item.what for bucket in lines.values() for item in bucket if item.what.startswith("Fill in")]
    assert asked == (["Fill in: End of study"] if state == "died before" else [])


def test_a_death_in_the_window_closes_it_on_every_page_and_passes_no_alert_on(login, people, site):
    participant = irradiated(site, people, 40)
    now = timezone.now()
    scan.scan(now)
    messages = Message.objects.filter(alert__kind__startswith="window")
    before = messages.count()
    builders.record(Death, participant, people["nurse"])
    later = now + timedelta(hours=3)
    scan.scan(later)

    assert messages.count() == before
    assert not any(notify.needed(message) for message in messages)
    assert build.for_person(people["nurse"], later).lines["safety"] == []
    assert participant.code not in page(login, "nurse", "/board/")
    assert "no longer expected" in page(login, "nurse", "/participants/")
    scan.scan(now + timedelta(hours=60))
    assert not participant.deviation_records.exists()


def test_a_voided_death_brings_the_reminders_back(login, people, site):
    participant = irradiated(site, people, HOURS)
    death = builders.record(Death, participant, people["nurse"])
    scan.scan(timezone.now())
    services.void(death, by=people["nurse"], reason="Another patient", version=death.version)
    scan.scan(timezone.now())

    assert "SBRT given" in page(login, "nurse", "/participants/")
    assert Alert.objects.filter(kind="visit-overdue", outcome="open").exists()


def test_who_was_irradiated_although_consent_was_refused_is_watched(login, people, site):
    participant = irradiated(site, people, 40)
    builders.record(Consent, participant, people["nurse"], given="no")
    now = timezone.now()
    scan.scan(now)

    assert [item.code for item in build.for_person(people["nurse"], now).lines["safety"]] == [participant.code]
    assert participant.code in page(login, "nurse", "/board/")
    for place, text in status_texts(login, participant.code).items():
        assert "SBRT given" in text, place
