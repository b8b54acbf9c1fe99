"""What the scan made by itself follows the data: drafts, alerts, lines, queries and mails that are still owed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from assessments.models import Visit
from enrollment.models import Consent, Deviation, Eligibility
from oversight import calendar_feed
from oversight.models import Alert, Message
from oversight.notifications import notify
from oversight.scanning import scan
from oversight.worklist import build
from procedures.models import Sbrt, SbrtFraction, Surgery
from records import services
from records.models import Query
from tests import builders
from tests.oversight.views.test_pages import irradiated, page

NOW = timezone.now()


def standing():
    return list(Deviation.objects.filter(voided_at__isnull=True).order_by("pk"))


def operate(participant, people, hours_ago, **more):
    """With the knife so many hours before now, by the clock of the beam where one ended 60 hours ago."""
    beam = SbrtFraction.objects.filter(participant=participant).first()
    now = beam.beam_off_at + timedelta(hours=60) if beam else NOW
    return builders.record(
        Surgery, participant, people["nurse"], index="yes", performed="yes",
        incision_at=now - timedelta(hours=hours_ago), **more,
    )  # fmt: skip


@pytest.fixture
def missed(people, site):
    """Irradiated 60 hours ago, no surgery entered, judged."""
    participant = irradiated(site, people, 60)
    scan.scan(NOW)
    assert [deviation.kind for deviation in standing()] == ["window-not-done"]
    return participant


def test_surgery_entered_late_closes_everything_that_was_made_of_its_absence(missed, people, login):
    operate(missed, people, 37.5)
    scan.scan(NOW)

    draft = Deviation.objects.get()
    assert draft.is_void
    assert draft.voided_by.username == "system"
    assert draft.void_reason == "Closed: surgery was entered, 22.5 h after SBRT."
    assert not Alert.objects.filter(outcome="open", kind__startswith="window").exists()
    assert build.for_person(people["nurse"], NOW).lines["safety"] == []
    assert "No surgery within 48 hours" not in page(login, "nurse", "/")
    assert not any(notify.needed(message) for message in Message.objects.filter(alert__kind__startswith="window"))
    assert not [entry for entry in calendar_feed.entries(people["nurse"], NOW) if entry.kind.startswith("window")]
    assert not Query.objects.filter(rule="deviation-unfounded").exists()


def test_a_second_scan_does_nothing_more(missed, people):
    operate(missed, people, 37.5)
    scan.scan(NOW)
    scan.scan(NOW)

    assert Deviation.objects.count() == 1


def test_surgery_voided_again_is_missed_again(missed, people):
    operation = operate(missed, people, 37.5)
    scan.scan(NOW)
    services.void(operation, by=people["nurse"], reason="Another patient", version=operation.version)
    scan.scan(NOW)

    assert [(deviation.number, deviation.kind) for deviation in standing()] == [(2, "window-not-done")]
    assert Alert.objects.filter(outcome="open", kind="window-missed").exists()


def test_surgery_corrected_to_late_leaves_one_draft_with_the_new_values(missed, people):
    operation = operate(missed, people, 37.5)
    scan.scan(NOW)
    builders.change(operation, people["nurse"], incision_at=NOW - timedelta(hours=8))
    scan.scan(NOW)
    assert [deviation.kind for deviation in standing()] == ["window-late"]

    builders.change(operation, people["nurse"], incision_at=NOW - timedelta(hours=7))
    scan.scan(NOW)
    assert [deviation.kind for deviation in standing()] == ["window-late"]
    assert standing()[0].rule_values["incision"].startswith((NOW - timedelta(hours=7)).isoformat()[:16])


def test_a_corrected_time_of_sbrt_closes_it(missed, people):
    row = SbrtFraction.objects.get()
    row.fill(beam_on_at=NOW - timedelta(hours=20, minutes=30), beam_off_at=NOW - timedelta(hours=20))
    sbrt = Sbrt.objects.get()
    services.write(sbrt, by=people["nurse"], reason="Source checked", version=sbrt.version, rows=[row])
    scan.scan(NOW)

    assert standing() == []


def test_one_that_a_person_has_worked_on_becomes_a_question(missed, people):
    builders.change(standing()[0], people["nurse"], cause="theatre")
    operate(missed, people, 37.5)
    scan.scan(NOW)
    scan.scan(NOW)

    assert [deviation.kind for deviation in standing()] == ["window-not-done"]
    query = Query.objects.get(rule="deviation-unfounded")
    assert query.state == "open"
    deviation = standing()[0]
    services.void(deviation, by=people["nurse"], reason="It was in time", version=deviation.version)
    scan.scan(NOW)
    assert Query.objects.get(rule="deviation-unfounded").state == "closed"


def test_one_that_a_person_voided_is_not_drafted_again(missed, people):
    deviation = standing()[0]
    services.void(deviation, by=people["nurse"], reason="Not a deviation", version=deviation.version)
    scan.scan(NOW)
    builders.record(Consent, missed, people["nurse"])
    scan.scan(NOW)

    assert standing() == []


def _levels(participant, people):
    operation = operate(participant, people, 30, upper_level="T1", lower_level="T9")
    return lambda: builders.change(operation, people["nurse"], lower_level="T3")


def _visit(participant, people):
    operate(participant, people, 30)
    visit = builders.record(Visit, participant, people["nurse"], visit="d60", done="no")
    return lambda: services.void(visit, by=people["nurse"], reason="Other visit", version=visit.version)


def _consent(participant, people):
    operate(participant, people, 30)
    consent = builders.record(Consent, participant, people["nurse"], given="yes", consented_at=NOW - timedelta(hours=2))
    return lambda: builders.change(consent, people["nurse"], consented_at=NOW - timedelta(hours=200))


def _eligibility(participant, people):
    operate(participant, people, 30)
    form = builders.record(Eligibility, participant, people["nurse"], kps=30)
    return lambda: builders.change(form, people["nurse"], kps=90)


@pytest.mark.parametrize("arrange", [_levels, _visit, _consent, _eligibility], ids=lambda arrange: arrange.__name__)
def test_every_other_draft_follows_too(people, site, arrange):
    participant = irradiated(site, people, 52)
    correct = arrange(participant, people)
    scan.scan(NOW)
    assert len(standing()) == 1
    correct()
    scan.scan(NOW)

    assert standing() == []
    assert Deviation.objects.get().void_reason.startswith("Closed:")
