"""Snapshots: the same bytes for ever, sealed, for whom they were made, and what changed between two."""

import io
import json
import threading
import zipfile
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, connections, transaction
from django.utils import timezone

from accounts.roles import Role
from accounts.services import give_role
from enrollment.models import Consent
from exports import snapshots
from exports.models import Snapshot, SnapshotFile
from procedures.models import Surgery
from records import redaction, services
from records.audit import verification
from records.models import Lock, Participant
from tests import builders
from tests.builders import amsterdam
from tests.conftest import superuser
from tests.exports.reading import table


@pytest.fixture
def operation(people, site):
    participant = builders.register(site, people["nurse"])
    return builders.record(
        Surgery, participant, people["nurse"], index="yes", incision_at=amsterdam("2016-03-08 14:05"), blood_loss_ml=140
    )


@pytest.fixture
def dsmb(people, site):
    builders.leave(people["nurse_b"])
    give_role(people["nurse_b"], Role.SAFETY_MONITOR, site)


def take(person, name="First look", purpose="statistician", freeze=False):
    return snapshots.take(by=person, name=name, purpose=purpose, freeze=freeze, now=timezone.now())


def rows(content, slug="surgery"):
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return table(bundle.read(f"{slug}.csv"))


def test_any_part_of_a_snapshot_is_taken_away_as_it_was(people, operation, login):
    taken = take(people["datamanager"])
    builders.change(operation, people["nurse"], blood_loss_ml=1400)
    builders.register(operation.participant.site, people["nurse"])
    browser = login("datamanager")

    def blood(tail):
        return table(b"".join(browser.get(f"/exports/surgery.csv?{tail}").streaming_content))[0]["blood_loss_ml"]

    assert blood("") == "1400"
    assert blood(f"snapshot={taken.number}") == "140"
    zipped = b"".join(browser.get(f"/exports/all.zip?snapshot={taken.number}").streaming_content)
    assert rows(zipped)[0]["blood_loss_ml"] == "140"
    assert f'value="{taken.number}" selected' in browser.get(f"/exports/?snapshot={taken.number}").content.decode()


def test_a_snapshot_that_is_not_there_or_elsewhere_and_two_instants_are_refused(people, site_b, operation, login):
    taken = take(people["datamanager"])
    browser = login("datamanager")

    unknown = browser.get("/exports/?snapshot=99")
    twice = browser.get(f"/exports/?snapshot={taken.number}&as_of=2016-03-08")

    assert (unknown.status_code, twice.status_code) == (422, 422)
    assert "There is no snapshot 99." in unknown.content.decode()
    assert "choose one of the two" in twice.content.decode()
    builders.leave(people["nurse_b"])
    give_role(people["nurse_b"], Role.DATA_MANAGER, site_b)
    assert login("nurse_b").get(f"/exports/surgery.csv?snapshot={taken.number}").status_code == 422


def test_a_correction_leaves_the_snapshot_as_it_was(people, operation, login):
    taken = take(people["datamanager"])
    first = login("datamanager").get(f"/snapshots/{taken.number}.zip").content

    builders.change(operation, people["nurse"], blood_loss_ml=1400)
    services.void(operation, by=people["nurse"], reason="wrong patient", version=operation.version)
    second = login("datamanager").get(f"/snapshots/{taken.number}.zip").content

    assert first == second
    assert rows(second)[0]["blood_loss_ml"] == "140"
    assert verification.verify() == []  # cut again from the trail it gives the same tables


def test_a_participant_voided_since_is_still_in_it(people, operation):
    taken = take(people["datamanager"])
    participant = operation.participant

    services.void(participant, by=people["nurse"], reason="registered twice", version=participant.version)

    assert rows(snapshots.content(taken))[0]["participant"] == "BLEND-01"
    assert verification.verify() == []


def test_the_manifest_and_the_row_say_the_same(people, operation):
    taken = take(people["datamanager"])
    with zipfile.ZipFile(io.BytesIO(snapshots.content(taken))) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))

    assert manifest["records"] == taken.records
    assert manifest["records"]["surgery"] == 1
    assert manifest["as_of"] == taken.at.isoformat()
    assert (taken.sites, len(taken.participants)) == ([operation.participant.site_id], 1)


def test_what_was_not_committed_yet_does_not_slip_in(committed, people, operation):
    """A save begun before the cut and committed after it belongs to the next one."""
    saved, cut = threading.Event(), threading.Event()

    def save():
        with transaction.atomic():
            builders.change(operation, people["nurse"], blood_loss_ml=1400)
            saved.set()
            cut.wait(20)
        connections.close_all()

    thread = threading.Thread(target=save)
    thread.start()
    assert saved.wait(20)
    first = take(people["datamanager"])
    cut.set()
    thread.join()
    second = take(people["datamanager"], "Second look")

    assert [rows(snapshots.content(snapshot))[0]["blood_loss_ml"] for snapshot in (first, second)] == ["140", "1400"]
    assert verification.verify() == []


@pytest.mark.parametrize("what", ["content", "sha256", "at", "records", "sums"])
def test_a_byte_changed_by_a_superuser_is_said_and_not_given_out(committed, people, operation, login, what):
    taken = take(people["datamanager"])
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        if what == "content":
            server.execute("UPDATE exports_snapshotfile SET content = set_byte(content, 60, 7)")
        elif what == "sha256":
            server.execute("UPDATE exports_snapshot SET sha256 = repeat('0', 64)")
        elif what == "at":
            server.execute("UPDATE exports_snapshot SET at = at + interval '1 s'")
        else:
            server.execute(f"UPDATE exports_snapshot SET {what} = '{{}}'")

    answer = login("datamanager").get(f"/snapshots/{taken.number}.zip")

    assert answer.status_code == 409
    assert "is not given out" in answer.content.decode()
    assert any(finding.form == "exports_snapshot" and finding.field == "file" for finding in verification.verify())


def test_a_record_changed_behind_the_trail_is_found_by_cutting_again(committed, people, operation):
    take(people["datamanager"])
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute(
            "UPDATE records_auditrow SET changes = jsonb_set(changes, '{blood_loss_ml,1}', '150')"
            " WHERE changes ? 'blood_loss_ml'"
        )

    assert any("surgery.csv differ" in finding.what for finding in verification.verify())


def test_what_was_redacted_since_is_given_to_nobody(committed, people, operation, login):
    builders.change(operation, people["nurse"], implant_system="Jacoba Pietersen (fictional)")
    taken = take(people["datamanager"])
    places = [place.key for place in redaction.find(operation.participant, "Pietersen")]
    asked = redaction.ask(operation.participant, places, by=people["datamanager"], reason="a name", now=timezone.now())
    redaction.agree(asked, by=people["pi"])

    answer = login("datamanager").get(f"/snapshots/{taken.number}.zip")

    assert answer.status_code == 409
    assert "personal data were taken out" in answer.content.decode()
    part = login("datamanager").get(f"/exports/surgery.csv?snapshot={taken.number}")
    assert part.status_code == 422
    assert "Personal data were taken out of it since" in part.content.decode()
    assert verification.verify() == []
    assert "Pietersen" not in str(rows(snapshots.content(take(people["datamanager"], "Second look"))))


@pytest.mark.parametrize("sql", ["UPDATE exports_snapshot SET name = 'x'", "DELETE FROM exports_snapshotfile"])
def test_the_application_can_neither_change_nor_take_away_one(people, operation, sql):
    take(people["datamanager"])

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(sql)
    assert SnapshotFile.objects.count() == 1


def test_freezing_first_closes_the_study_and_says_so(people, operation, login, whole_study):
    sent = {"name": "Interim", "purpose": "statistician", "freeze": "yes"}
    assert login("nurse").post("/snapshots/", sent).status_code == 403
    assert login("datamanager").post("/snapshots/", sent).status_code == 302

    assert Snapshot.objects.get().closed == Lock.Kind.FREEZE
    with pytest.raises(ValidationError, match="locked"):
        builders.change(operation, people["nurse"], blood_loss_ml=1400)
    assert "Frozen" in login("datamanager").get("/snapshots/").content.decode()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"name": " ", "purpose": "safety"}, "Give it a name"),
        ({"name": "Second", "purpose": "x"}, "Choose what it is for"),
        ({"name": "First look", "purpose": "safety"}, "of this name already"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(people, operation, login, sent, sentence):
    take(people["datamanager"])

    answer = login("datamanager").post("/snapshots/", sent)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Snapshot.objects.count() == 1


def test_the_independent_monitor_reads_what_was_made_for_it_and_nothing_else(people, operation, login, dsmb):
    mine, other = take(people["datamanager"], purpose="safety"), take(people["datamanager"], "For the analysis")
    browser = login("nurse_b")

    assert browser.get(f"/snapshots/{mine.number}.zip").status_code == 200
    assert browser.get(f"/snapshots/{mine.number}/changes/").status_code == 200
    assert browser.get(f"/snapshots/{other.number}.zip").status_code == 404
    assert browser.post("/snapshots/", {"name": "x", "purpose": "safety"}).status_code == 403
    assert browser.get("/participants/BLEND-01/").status_code == 404
    page = browser.get("/snapshots/").content.decode()
    assert ("First look" in page, "For the analysis" in page) == (True, False)


def test_another_site_has_its_own(people, site_b, operation, login):
    here = take(people["datamanager"])
    builders.register(site_b, people["nurse_b"])
    there = take(people["nurse_b"], "Of the second site")

    assert login("nurse_b").get(f"/snapshots/{here.number}.zip").status_code == 404
    assert rows(snapshots.content(there)) == []
    assert there.participants == [Participant.objects.get(site=site_b).pk]


def test_what_changed_since_the_one_before(people, site, operation, login):
    consent = builders.record(Consent, operation.participant, people["nurse"], given="yes")
    take(people["datamanager"])
    builders.change(operation, people["nurse"], blood_loss_ml=1400)
    services.void(consent, by=people["nurse"], reason="wrong patient", version=consent.version)
    builders.record(Surgery, operation.participant, people["nurse"], index="no")
    later = take(people["datamanager"], "Second look")

    page = login("datamanager").get(f"/snapshots/{later.number}/changes/").content.decode()

    assert "3 records differ" in page
    assert "Blood loss: 140 → <strong>1400</strong>" in page
    assert '<a href="/participants/BLEND-01/surgery/1/">' in page
    assert '<a href="/participants/BLEND-01/surgery/2/">' in page
    assert "voided" in page


def test_the_first_has_nothing_before_it(people, operation, login):
    taken = take(people["datamanager"])

    assert "no earlier snapshot" in login("datamanager").get(f"/snapshots/{taken.number}/changes/").content.decode()
    assert taken.at - timezone.now() < timedelta(0)
