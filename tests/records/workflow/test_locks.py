"""Freezing and locking: the database refuses what is closed, whatever the route, and two people open a lock."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from assessments.models import Visit
from enrollment.models import Consent, Deviation, Screening
from oversight.scanning import scan
from records import services
from records.audit import context
from records.workflow import locks
from records.workflow.locks import Lock
from tests import builders
from tests.builders import amsterdam
from tests.situations.conftest import Story

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


@pytest.fixture
def consent(participant, people):
    return builders.record(Consent, participant, people["nurse"], given="yes")


@pytest.fixture
def visit(participant, people):
    return builders.record(Visit, participant, people["nurse"], visit="d60", done="yes")


def close(people, kind, scope, participant=None, **what):
    target = locks.target(scope, participant, **what)
    return locks.close(target, kind, by=people["datamanager"], reason="Interim look", now=NOW)


def text(answer):
    return " ".join(answer.content.decode().split())


SCOPES = {
    "record": lambda consent: {"scope": "record", "participant": consent.participant, "record": consent},
    "participant": lambda consent: {"scope": "participant", "participant": consent.participant},
    "study": lambda consent: {"scope": "study"},
}


@pytest.mark.parametrize("kind", ["freeze", "lock"])
@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_closed_is_changed_by_no_route(people, consent, kind, scope):
    close(people, kind, **SCOPES[scope](consent))
    consent.fill(form_version="3.0")

    with pytest.raises(ValidationError, match="This is locked"):
        services.write(consent, by=people["nurse"], version=consent.version)
    with pytest.raises(ValidationError, match="This is locked"):
        services.void(Consent.objects.get(), by=people["nurse"], reason="Twice", version=1)
    routes = [
        lambda: Consent.objects.update(form_version="9"),
        lambda: Consent.objects.bulk_update([consent], ["form_version"]),
        lambda: connection.cursor().execute("UPDATE enrollment_consent SET form_version = '9'"),
    ]
    for route in routes:
        with (
            pytest.raises(IntegrityError, match="locked"),
            transaction.atomic(),
            context.audit_context(people["nurse"], "trying"),
        ):
            route()
    assert Consent.objects.get().form_version in (None, "")


def test_nothing_new_comes_into_what_is_closed(people, site, participant, visit):
    close(people, "lock", "visit", participant, visit="d60")
    builders.record(Screening, participant, people["nurse"], outcome="eligible")
    with pytest.raises(ValidationError, match="This is locked"):
        builders.change(visit, people["nurse"], done="no")

    close(people, "lock", "participant", participant)
    with pytest.raises(ValidationError, match="This is locked"):
        builders.record(Consent, participant, people["nurse"], given="yes")

    close(people, "lock", "study")
    with pytest.raises(ValidationError, match="This is locked"):
        builders.register(site, people["nurse"])


def test_a_lock_of_one_closes_nothing_of_another(people, site, participant, consent):
    other = builders.register(site, people["nurse"])
    close(people, "lock", "participant", participant)

    assert builders.record(Consent, other, people["nurse"], given="yes").pk


def test_two_people_open_a_lock_and_one_lifts_a_freeze(people, participant, consent):
    lock = close(people, "lock", "participant", participant)
    with pytest.raises(ValidationError, match="Nobody has asked"):
        locks.agree(lock, by=people["pi"], now=NOW)
    with pytest.raises(ValidationError, match="Say why"):
        locks.ask(lock, by=people["datamanager"], reason=" ", now=NOW)
    locks.ask(lock, by=people["datamanager"], reason="A late letter", now=NOW)
    with pytest.raises(ValidationError, match="yourself"):
        locks.agree(lock, by=people["datamanager"], now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic(), context.audit_context(people["datamanager"], "alone"):
        Lock.objects.update(released_at=NOW, released_by=people["datamanager"])

    locks.agree(lock, by=people["pi"], now=NOW)
    builders.change(consent, people["nurse"], form_version="3.0")

    freeze = close(people, "freeze", "participant", participant)
    locks.ask(freeze, by=people["datamanager"], reason="Done", now=NOW)
    builders.change(consent, people["nurse"], form_version="4.0")


def test_locking_what_is_frozen_lifts_the_freeze(people, participant):
    close(people, "freeze", "participant", participant)
    close(people, "lock", "participant", participant)
    with pytest.raises(ValidationError, match="already"):
        close(people, "lock", "participant", participant)

    assert [lock.kind for lock in locks.covering(participant)] == ["lock"]


def test_the_page_closes_says_why_it_does_not_and_opens_again(login, participant, consent):
    address = f"/participants/{participant.code}/locks/"
    sent = {"what": "participant", "kind": "lock", "reason": "Database lock"}

    assert login("nurse").post(address, sent).status_code == 403
    refused = login("datamanager").post(address, sent)
    assert refused.status_code == 422
    assert "2 drafts are open" in text(refused) or "1 drafts are open" in text(refused)
    assert 'value="Database lock"' in text(refused)
    assert login("datamanager").post(address, {**sent, "kind": "freeze"}).status_code == 302

    page = text(login("nurse").get(f"/participants/{participant.code}/consent/"))
    assert "Not while the participant is frozen: ask the data manager. Reason: Database lock" in page
    assert 'value="save"' not in page
    late = login("nurse").post(f"/participants/{participant.code}/consent/", {"version": "1", "form_version": "9"})
    assert late.status_code == 422
    assert "This is locked" in text(late)
    assert 'value="9"' in text(late)

    [lock] = Lock.objects.all()
    assert login("nurse").post(f"/locks/{lock.pk}/", {"reason": "please"}).status_code == 403
    assert login("datamanager").post(f"/locks/{lock.pk}/", {"reason": "Done"}).status_code == 302
    assert 'value="save"' in text(login("nurse").get(f"/participants/{participant.code}/consent/"))


def test_the_study_is_locked_from_its_own_page(login, participant, whole_study):
    assert login("datamanager").post("/locks/", {"what": "study", "kind": "freeze", "reason": "Cut"}).status_code == 302
    assert "Frozen" in text(login("monitor").get("/locks/"))
    assert login("nurse").post("/participants/new/").status_code in (409, 422)


def test_the_scan_goes_on_under_a_lock_and_drafts_later(people, site):
    story = Story(people, site)
    story.irradiated()
    story.operated("2016-01-20 09:00")
    lock = close(people, "lock", "participant", story.participant)

    report = scan.scan(amsterdam("2016-06-01 12:00"))
    assert (report.judged, report.failed) == (1, 0)
    assert not Deviation.objects.exists()

    locks.ask(lock, by=people["datamanager"], reason="A deviation is to be written", now=NOW)
    locks.agree(lock, by=people["pi"], now=NOW)
    scan.scan(amsterdam("2016-06-01 12:01"))
    assert Deviation.objects.filter(kind="window-late").exists()
