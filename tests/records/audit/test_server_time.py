"""The time of a change is the server's, with its zone: no client counts, and the autumn hour keeps its order."""

from datetime import timedelta

from django.utils import timezone

from enrollment.models import Consent
from records.audit import history
from records.models import AuditRow
from tests import builders
from tests.builders import AMSTERDAM, amsterdam
from tests.conftest import superuser


def test_a_client_three_days_ahead_changes_no_time(login, people, site):
    builders.register(site, people["nurse"])
    ahead = (timezone.now() + timedelta(days=3)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    sent = {"version": "0", "given": "yes", "action": "save", "at": ahead, "updated_at": ahead}
    answer = login("nurse").post("/participants/BLEND-01/consent/", sent, headers={"Date": ahead})

    assert answer.status_code == 302
    row = AuditRow.objects.latest("pk")
    assert abs(timezone.now() - row.at) < timedelta(minutes=1)
    assert abs(timezone.now() - Consent.objects.get().updated_at) < timedelta(minutes=1)


def test_the_hour_that_happens_twice_keeps_its_order_and_says_which(committed, people, site):
    consent = builders.record(Consent, builders.register(site, people["nurse"]), people["nurse"], form_version="0")
    for version in ("1", "2"):
        builders.change(consent, people["nurse"], form_version=version, reason=f"change {version}")
    with superuser() as server:  # the clock of the database cannot be asked to be wrong, so the rows are changed
        server.execute("SET session_replication_role = replica")
        for fold in (0, 1):
            at = amsterdam("2016-10-30 02:50" if fold == 0 else "2016-10-30 02:10", fold)
            server.execute("UPDATE records_auditrow SET at = %s WHERE reason = %s", [at, f"change {fold + 1}"])

    later, earlier, _first = history.history_of([consent], AMSTERDAM)

    assert (earlier.reason, later.reason) == ("change 1", "change 2")
    assert earlier.at < later.at
    assert [f"{entry.at.astimezone(AMSTERDAM):%H:%M %Z}" for entry in (earlier, later)] == ["02:50 CEST", "02:10 CET"]
