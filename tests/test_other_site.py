"""What there is about a participant of one site, seen from another one: on no page, and in no row of the database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import site_scope
from accounts.models import Person
from accounts.roles import Role
from accounts.services import give_role
from exports import snapshots
from exports.models import ExportJob, ExportLog, Snapshot, SnapshotFile
from oversight.models import KeptFigures, Message, MonitoringDraw, MonitoringVisit, Snooze
from oversight.monitoring import plan
from oversight.scanning import scan
from records import services
from records.entry.target import FormTarget
from records.models import AuditCheck, AuditReview, Participant, Read, Typing
from tests import population
from tests.conftest import CAST, delegate
from tests.test_every_url import GET

CANARY, CODE, NOBODY = "Kanarie 4711", "BLEND-77", "BLEND-78"
NAMED_OTHERWISE = [
    AuditReview, ExportJob, ExportLog, KeptFigures, Message, MonitoringDraw, MonitoringVisit, Read, Snapshot,
    SnapshotFile, Snooze, Typing,
]  # fmt: skip


@pytest.fixture
def subject(people, site, site_b, client, monkeypatch):
    """A participant of the first site, with everything that people and the machine leave about one."""
    participant = services.write(Participant(code=CODE, site=site), by=people["nurse"], version=0)
    records = population.everything(participant, "verified", people, text=CANARY)
    home = f"/participants/{participant.code}/"
    now = timezone.now()
    monkeypatch.setattr(plan.MonitoringDraw, "takes", lambda self, place: True)
    client.force_login(people["nurse"])
    for record in records[:3]:
        place = FormTarget(participant, type(record), record, getattr(record, "visit", None))
        client.get(place.url())
        client.post(place.url("typing/"), {"note": CANARY})
    Snooze.objects.create(person=people["nurse"], url=home, reason=CANARY, at=now, until=now + timedelta(days=1))
    client.force_login(people["datamanager"])
    client.get(f"/exports/surgery.csv?participants={participant.code}")
    client.post("/exports/prepare/", {"choice": f"participants={participant.code}"})
    client.get("/progress/")
    client.post(f"/audit/?participant={participant.code}", {"note": CANARY, "newest": "1"})
    client.force_login(people["monitor"])
    client.post("/monitoring/")
    client.post(
        "/monitoring/visits/new/",
        {"site": site.pk, "kind": "routine", "visited_on": "1-6-2016", "seen": participant.code, "findings": CANARY,
         "opened": "0"},
    )  # fmt: skip
    snapshots.take(by=people["datamanager"], name=CANARY, purpose="statistician", freeze=False, now=now)
    scan.scan(now)
    AuditCheck.objects.create(at=now, rows=1, findings=1, sentences=[f"{participant.code} {CANARY}"])
    return participant


def cast_of(site, by):
    """Every role, at another site."""
    people = {}
    for username, (first, last, role) in CAST.items():
        person = Person.objects.create_user(username=f"{username}-there", first_name=first, last_name=last)
        give_role(person, role, site)
        if role in (Role.NURSE, Role.SURGEON, Role.RADIATION_ONCOLOGIST):
            delegate(person, site, by)
        people[username] = person
    return people


def leaks(text):
    return CODE in text or CANARY in text


def answers(client, address):
    """Status and text; what was asked for is said back."""
    answer = client.get(address)
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, text.decode(errors="replace")


def said_back(client, address, text):
    """How often the page of somebody who is not there says back the code that was asked for."""
    return answers(client, address.replace(CODE, NOBODY))[1].count(NOBODY) if CODE in text else 0


def test_no_row_of_any_table_tells_another_site(subject, people):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        tables = [name for (name,) in cursor.fetchall()]
        seen = {}
        for who in ("everybody", "nurse_b"):
            with site_scope.all_sites() if who == "everybody" else site_scope.sites_of(people[who]):
                for table in tables:
                    if table != "django_migrations":
                        cursor.execute(f'SELECT t::text FROM "{table}" AS t')
                        seen[who, table] = [row for (row,) in cursor.fetchall() if leaks(row)]

    assert {table for (who, table), rows in seen.items() if who == "nurse_b" and rows} == set()
    assert len([table for (who, table), rows in seen.items() if who == "everybody" and rows]) > 30
    assert [model.__name__ for model in NAMED_OTHERWISE if not model.objects.exists()] == []


@pytest.mark.parametrize("role", CAST)
def test_no_page_tells_another_site(role, subject, people, site_b, client, monkeypatch):
    monkeypatch.setattr("oversight.health.check", lambda now: {"status": "ok"})
    person = cast_of(site_b, people["pi"])[role]
    ids = [model.objects.order_by("pk").last().pk for model in (Snapshot, ExportJob, MonitoringVisit)]
    addresses = [address.replace("BLEND-01", CODE) for name, (address, _all) in GET.items() if name[:3] != "log"]
    addresses += ["/audit/?all=yes", f"/find/?q={CODE}", "/monitoring/?code=" + CODE]
    others = [f"/snapshots/{Snapshot.objects.last().number}.zip", f"/exports/jobs/{ids[1]}/file/",
              f"/monitoring/visits/{ids[2]}/"]  # fmt: skip
    client.force_login(person)
    telling = {}
    for address in addresses:
        status, text = answers(client, address)
        if CANARY in text or text.count(CODE) > said_back(client, address, text):
            at = max(text.find(CANARY), text.find(CODE))
            telling[address] = status, text[max(0, at - 80) : at + 40]

    assert telling == {}
    assert {answers(client, address)[0] for address in others} <= {403, 404}
