"""Worklist, casebook, board: what people see, and that the number of questions to the database does not grow."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Visit
from enrollment.models import Baseline, Consent, Eligibility, Screening
from oversight.models import ScanFailure
from oversight.scanning import scan
from procedures.models import Sbrt, SbrtFraction, Surgery
from records.models import Participant
from tests import builders
from tests.sizes import examples

PAGES = ["/", "/participants/", "/board/"]


def irradiated(site, people, hours_ago):
    now = timezone.now()
    participant = builders.register(site, people["nurse"])
    off = now - timedelta(hours=hours_ago)
    fraction = SbrtFraction().fill(beam_on_at=off - timedelta(minutes=30), beam_off_at=off)
    builders.record(Screening, participant, people["nurse"], outcome="eligible")
    builders.record(Sbrt, participant, people["nurse"], rows=[fraction], delivery="completed")
    return participant


def page(login, who, address):
    return login(who).get(address).content.decode()


def test_a_nurse_sees_first_what_is_closing(login, people, site):
    irradiated(site, people, 2)
    closing = irradiated(site, people, 41)
    scan.scan(timezone.now())

    text = page(login, "nurse", "/")

    assert text.index(closing.code) < text.index("BLEND-01")
    assert "48-hour window is closing" in text
    assert "left" in text


def test_one_page_to_be_filled_is_one_line(login, people, site):
    participant = irradiated(site, people, 41)
    for model in (Consent, Eligibility, Baseline):
        builders.record(model, participant, people["nurse"])
    scan.scan(timezone.now())

    text = page(login, "nurse", "/")

    assert text.count(f"/participants/{participant.code}/surgery/new/") == 1


@pytest.mark.parametrize("tail", ["", "sbrt/", "endpoint/", "adverse-event/1/"])
def test_a_date_that_means_unknown_takes_no_page_down(login, people, site, tail):
    """Such a date cannot be typed any more, but it may have come another way."""
    never = datetime(9999, 12, 31, 10, tzinfo=UTC)
    participant = builders.register(site, people["nurse"])
    fraction = SbrtFraction().fill(beam_on_at=never - timedelta(minutes=30), beam_off_at=never)
    builders.record(Sbrt, participant, people["nurse"], rows=[fraction], delivery="completed")
    grade = AdverseEventGrade().fill(grade=3, from_on="9999")
    builders.record(AdverseEvent, participant, people["nurse"], rows=[grade], onset_on="9999", ended_on="9999-12-31")
    scan.scan(timezone.now())

    assert login("nurse").get(f"/participants/{participant.code}/{tail}").status_code == 200
    assert login("nurse").get("/participants/").status_code == 200
    assert not ScanFailure.objects.exists()


def test_somebody_with_nothing_to_do_reads_so(login, people, site):
    assert "Nothing needs you now" in page(login, "nurse", "/")


def test_relatedness_is_asked_of_the_specialists(login, people, site):
    participant = irradiated(site, people, 100)
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="Wound opened", ctcae_code="10048031")

    assert "is it related to surgery" in page(login, "surgeon", "/").split("Waiting for others")[0]
    assert "is it related to SBRT" in page(login, "radonc", "/").split("Waiting for others")[0]
    assert "is it related" not in page(login, "nurse", "/").split("Waiting for others")[0]


def test_the_casebook_tells_window_endpoint_and_what_would_settle_it(login, people, site):
    participant = irradiated(site, people, 24 * 20)
    incision = timezone.now() - timedelta(days=19)
    builders.record(Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=incision)
    grade = AdverseEventGrade().fill(grade=3, from_on=(incision + timedelta(days=5)).date().isoformat())
    builders.record(
        AdverseEvent, participant, people["nurse"], rows=[grade], verbatim="Wound opened", ctcae_code="10048031"
    )

    text = page(login, "pi", f"/participants/{participant.code}/")

    assert "compliant" in text
    assert "undetermined" in text
    assert "is it related to SBRT, to surgery" in text
    assert "Wound dehiscence · grade 3" in text


def test_the_board_shows_who_is_in_the_window(login, people, site):
    open_one = irradiated(site, people, 20)
    irradiated(site, people, 24 * 30)
    scan.scan(timezone.now())

    text = page(login, "nurse", "/board/")

    assert open_one.code in text
    assert "BLEND-02" not in text


def test_participants_are_searched_and_paged_by_code(login, people, site):
    for _each in range(52):
        builders.register(site, people["nurse"])
    browser = login("nurse")

    first = browser.get("/participants/").content.decode()
    second = browser.get("/participants/?after=BLEND-25").content.decode()
    hits = browser.get("/participants/?q=blend-07").content.decode()

    assert "BLEND-25" in first
    assert "?after=BLEND-25" in first
    assert "BLEND-26" not in first
    assert "BLEND-50" in second
    assert "?after=BLEND-50" in second
    assert "BLEND-07" in hits
    assert "BLEND-08" not in hits


EVERY_PAGE = [
    *PAGES, "/safety/", "/progress/", "/outcomes/", "/report/report.html", "/figures/swimmer/", "/figures/boundary.svg",
    "/exports/", "/protocol/", "/participants/BLEND-01/", "/participants/BLEND-01/endpoint/",
    "/participants/BLEND-01/w4/pain/", "/participants/BLEND-01/adverse-event/1/",
]  # fmt: skip


def grown(site, people, participants, events):
    """A trial of so many, the first of whom has so many events and visits; everybody is judged."""
    for _each in range(participants):
        irradiated(site, people, 20)
    first = Participant.objects.get(code="BLEND-01")
    for number in range(events):
        grade = AdverseEventGrade().fill(grade=3, from_on="2026-01")
        builders.record(AdverseEvent, first, people["nurse"], rows=[grade], verbatim="Fever", ctcae_code="10016558",
                        death="yes")  # fmt: skip
        builders.record(Visit, first, people["nurse"], visit=f"u{number + 1 + 10 * events}", done="yes")
    scan.scan(timezone.now())


def test_no_page_asks_more_of_the_database_for_hundreds_of_participants_than_for_13(login, people, site):
    browser = login("pi")

    def counted():
        counts = {}
        for address in EVERY_PAGE:
            with CaptureQueriesContext(connection) as statements:
                assert browser.get(address).status_code == 200, address
            counts[address] = len(statements)
        return counts

    grown(site, people, 13, 2)
    few = counted()
    grown(site, people, examples(107, 487), 8)

    assert {address: asked for address, asked in counted().items() if asked > few[address]} == {}


def test_saving_does_not_touch_the_queue(login, people, site, settings):
    """With Redis away a save takes the way it always takes: nothing is published."""
    settings.CELERY_BROKER_URL = settings.REDIS_URL = "redis://127.0.0.1:1/0"
    participant = builders.register(site, people["nurse"])

    answer = login("nurse").post(
        f"/participants/{participant.code}/consent/", {"action": "save", "version": "0", "given": "yes"}
    )

    assert answer.status_code == 302
