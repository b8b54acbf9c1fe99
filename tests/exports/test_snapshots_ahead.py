"""A clock that was ahead and came back: a snapshot holds what it dated, says so, and forgets no redaction."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from enrollment.models import Consent
from exports import snapshots
from procedures.models import Surgery
from records import redaction
from tests import builders
from tests.conftest import superuser
from tests.exports.test_snapshots import rows, take

YEAR = timedelta(days=365)


def move(statement, by=YEAR):
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute(statement, [by])


@pytest.fixture
def ahead(committed, people, site):
    """Everything there is was written while the clock was a year ahead."""
    participant = builders.register(site, people["nurse"])
    builders.record(Surgery, participant, people["nurse"], index="yes", blood_loss_ml=140)
    move("UPDATE records_auditrow SET at = at + %s")
    move("UPDATE records_participant SET created_at = created_at + %s")
    return participant


def test_it_holds_what_a_clock_that_was_ahead_dated_and_says_so(ahead, people, login):
    taken = take(people["datamanager"])

    assert [row["blood_loss_ml"] for row in rows(snapshots.content(taken))] == ["140"]
    assert abs(taken.at - timezone.now()) < timedelta(minutes=1)
    assert taken.dated_until - taken.at > timedelta(days=364)
    with zipfile.ZipFile(io.BytesIO(snapshots.content(taken))) as bundle:
        assert "by a clock that was ahead" in bundle.read("README.txt").decode()
    assert "by a clock that was ahead" in login("datamanager").get("/snapshots/").content.decode()


def test_what_is_written_afterwards_is_not_in_it(ahead, people, login, site):
    taken = take(people["datamanager"])
    builders.change(Surgery.objects.get(), people["nurse"], blood_loss_ml=1400)
    builders.register(site, people["nurse"])
    browser = login("datamanager")
    again = b"".join(browser.get(f"/exports/surgery.csv?snapshot={taken.number}&chosen=1").streaming_content).decode()

    assert snapshots.contradictions() == []
    assert ",140," in again
    assert ",1400," not in again


def test_an_ordinary_snapshot_says_nothing_of_clocks(people, site, login):
    builders.register(site, people["nurse"])
    taken = take(people["datamanager"])

    assert taken.dated_until is None
    assert "by a clock" not in login("datamanager").get("/snapshots/").content.decode()


def test_a_redaction_after_the_clock_came_back_closes_a_snapshot_dated_in_the_future(committed, people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(Consent, participant, people["nurse"], form_version="for Pietersen")
    taken = take(people["datamanager"])
    move("UPDATE exports_snapshot SET at = at + %s")
    taken.refresh_from_db()
    assert not snapshots.redacted(taken)

    places = [place.key for place in redaction.find(participant, "Pietersen")]
    asked = redaction.ask(participant, places, by=people["datamanager"], reason="a name", now=timezone.now())
    redaction.agree(asked, by=people["pi"])

    assert snapshots.redacted(taken)
