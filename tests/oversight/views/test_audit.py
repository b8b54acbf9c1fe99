"""Reviewing the audit trail: what is odd is found by its filter, and that somebody looked is written down."""

import inspect
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Visit
from enrollment.models import Consent
from oversight.casebook import facts
from oversight.endpoint import fields
from procedures.models import Surgery
from records import services, signing
from records.audit import seals, trail, verification
from records.audit.trail import TrailFilter
from records.model import registry
from records.model.fields import crf_fields
from records.models import AuditReview, AuditRow
from tests import builders
from tests.builders import amsterdam
from tests.conftest import superuser

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)
REASON = "Read from the theatre list"


@pytest.fixture(autouse=True)
def outside(settings, tmp_path):
    settings.SEALS = tmp_path / "seals"
    settings.SEAL_KEY_FILE = tmp_path / "key"


def oddities_of(site, *odd, **asked):
    """(form, changed questions) of the lines that a filter shows."""
    lines = trail.lines(TrailFilter(odd=odd, **asked), [site.pk], fields.columns(), 500)
    return [(line.what, {change.name for change in line.changes}) for line in lines]


def complete(record, by):
    record.refresh_from_db()
    record.missing = {field.name: "UNK" for field in record.unanswered()}
    services.write(record, by=by, version=record.version, complete=True)
    record.refresh_from_db()
    return record


def text(answer):
    return " ".join(answer.content.decode().split())


def test_it_reads_like_a_logbook_in_words(login, people, site):
    participant = builders.register(site, people["nurse"])
    surgery = builders.record(Surgery, participant, people["nurse"], incision_at=amsterdam("2016-03-08 13:40"))
    builders.change(surgery, people["nurse"], incision_at=amsterdam("2016-03-08 13:04"), reason=REASON)

    page = text(login("monitor").get("/audit/"))

    assert "<strong>Noor de Vries (research nurse)</strong> changed Surgery 1" in page
    assert '/participants/BLEND-01/surgery/1/history/">BLEND-01' in page
    assert "<em>Knife to skin</em> from" in page
    assert "13:40 CET" in page.split("Knife to skin</em> from")[1]
    assert f"Reason:</span> {REASON}" in page or f"Reason: {REASON}" in page


def test_what_is_entered_late_is_found(people, site):
    participant = builders.register(site, people["nurse"])
    today = timezone.now()
    builders.record(Surgery, participant, people["nurse"], incision_at=today - timedelta(days=40))
    builders.record(Surgery, participant, people["nurse"], incision_at=today - timedelta(days=2))
    builders.record(Visit, participant, people["nurse"], visit="d1", visited_on=(today - timedelta(days=30)).date())

    assert [what for what, _changes in oddities_of(site, "late")] == ["began Visit · Day 1", "began Surgery 1"]


def test_what_changes_after_it_was_compared_or_signed_is_found(people, site):
    participant = builders.register(site, people["nurse"])
    event = builders.record(
        AdverseEvent, participant, people["nurse"], verbatim="Wound red", ctcae_code="10048031",
        rows=[AdverseEventGrade().fill(grade=1, from_on="2016-03-01")],
    )  # fmt: skip
    complete(event, people["nurse"])
    builders.change(event, people["nurse"], verbatim="Wound redder")
    assert oddities_of(site, "after-verification") == oddities_of(site, "after-signature") == []

    event.refresh_from_db()
    signing.verify(event, by=people["monitor"], version=event.version, now=timezone.now(), names=["verbatim"])
    event.refresh_from_db()
    signing.sign_record(event, by=people["pi"], version=event.version, meaning="approved", now=timezone.now())
    builders.change(event, people["nurse"], onset_order="after-surgery")
    assert oddities_of(site, "after-verification") == []
    [grade] = AdverseEventGrade.objects.all()
    event.refresh_from_db()
    services.write(event.fill(verbatim="Wound opened"), by=people["nurse"], version=event.version, reason="Seen again",
                   rows=[grade.fill(grade=3)])  # fmt: skip

    assert oddities_of(site, "after-verification") == [("changed Adverse event 1", {"verbatim"})]
    assert [names for _what, names in oddities_of(site, "after-signature")] == [
        {"grade"},
        {"verbatim"},
        {"onset_order"},
    ]


def test_changes_of_what_the_endpoint_rests_on_are_found(people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(Consent, participant, people["nurse"], form_version="1.0")
    event = builders.record(AdverseEvent, participant, people["nurse"], death="no")
    builders.change(event, people["surgeon"], related_surgery="possible")

    assert oddities_of(site, "endpoint") == [("changed Adverse event 1", {"related_surgery"})]


READERS = [facts.treatment, facts.ended, facts.endpoint, facts.seen_until, facts._event]
HELD_IN = {
    "sbrt": ["sbrt"], "operation": ["surgery"], "record": ["surgery"], "death": ["death"], "end": ["end-of-study"],
    "consent": ["consent"], "visit": ["visit"], "event": ["adverse-event"],
    "row": ["sbrt-fraction", "adverse-event-grade"],
}  # fmt: skip


def test_every_answer_that_the_facts_of_the_endpoint_read_is_watched():
    source = "".join(inspect.getsource(reader) for reader in READERS)
    read = re.findall(r"\b(\w+)\.(?:moment\(\"(\w+)\"\)|(\w+))", source)
    models = {model.slug: model for model in registry.clinical_models()}
    watched = 0
    for variable, moment, name in read:
        for slug in HELD_IN.get(variable, ()):
            if (moment or name) in {field.name for field in crf_fields(models[slug])}:
                assert (moment or name) in fields.FIELDS[slug], f"{slug}.{moment or name}"
                watched += 1
    assert watched > 15
    assert all(column for _table, column in fields.columns())


def test_many_changes_within_minutes_are_found(people, site, monkeypatch):
    monkeypatch.setattr(trail, "BURST_SIZE", 5)
    participant = builders.register(site, people["nurse"])
    records = [builders.record(Surgery, participant, people["nurse"], performed="yes") for _each in range(5)]
    for record in records[:4]:
        builders.change(record, people["nurse"], performed="no")
    builders.change(records[0], people["surgeon"], performed="yes")
    assert oddities_of(site, "mass") == []

    builders.change(records[4], people["nurse"], performed="no")

    assert len(oddities_of(site, "mass")) == 5


def test_by_person_form_question_period_reason_and_participant(people, site):
    for _each in range(2):
        participant = builders.register(site, people["nurse"])
        consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")
        builders.change(consent, people["surgeon"], form_version="2.0", reason="New version")
        builders.change(consent, people["nurse"], given="no", reason="Misread")
    middle = AuditRow.objects.filter(reason="New version").latest("pk").at

    assert len(oddities_of(site)) == 8
    assert oddities_of(site, person=people["surgeon"].pk) == [("changed Consent", {"form_version"})] * 2
    assert len(oddities_of(site, form="consent")) == 6
    assert oddities_of(site, form="consent", name="given", reason="misREAD") == [("changed Consent", {"given"})] * 2
    assert len(oddities_of(site, code="BLEND-02")) == 4
    assert len(oddities_of(site, since=middle, code="BLEND-02")) == 2
    assert len(oddities_of(site, until=middle - timedelta(microseconds=1))) == 6
    assert oddities_of(site, name="%", form="consent") == []


def test_what_is_done_at_night_or_at_the_weekend_is_found(committed, people, site):
    participant = builders.register(site, people["nurse"])
    consent = builders.record(Consent, participant, people["nurse"], form_version="0")
    for version in range(1, 6):
        builders.change(consent, people["nurse"], form_version=str(version), reason=f"change {version}")
    local = ["2016-03-08 06:59", "2016-03-08 07:00", "2016-03-08 18:59", "2016-03-08 19:00", "2016-03-12 12:00"]
    with superuser() as server:  # the clock of the database cannot be asked to be wrong, so the rows are changed
        server.execute("SET session_replication_role = replica")
        for version, at in enumerate(local, start=1):
            server.execute(
                "UPDATE records_auditrow SET at = %s WHERE reason = %s", [amsterdam(at), f"change {version}"]
            )
    lines = trail.lines(TrailFilter(odd=("after-hours",), reason="change"), [site.pk], [], 50)

    assert {line.reason for line in lines} == {"change 1", "change 4", "change 5"}


def test_seeded_oddities_are_all_found(committed, people, site, monkeypatch):
    """One of each kind among ordinary changes: late, at night, after a signature, and four at once."""
    monkeypatch.setattr(trail, "BURST_SIZE", 4)
    participant = builders.register(site, people["nurse"])
    builders.record(Surgery, participant, people["nurse"], incision_at=timezone.now() - timedelta(days=50))
    consents = [
        builders.record(Consent, builders.register(site, people["nurse"]), people["nurse"]) for _each in range(4)
    ]
    event = builders.record(AdverseEvent, participant, people["surgeon"], verbatim="Wound")
    signed = complete(event, people["surgeon"])
    signing.sign_record(signed, by=people["pi"], version=signed.version, meaning="approved", now=timezone.now())
    builders.change(signed, people["surgeon"], verbatim="Wound red", reason="after the signature")
    for consent in consents:
        builders.change(consent, people["radonc"], form_version="9", reason="all at once")
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        day, night = "at = '2016-03-08 12:00+01'", "at = '2016-03-08 02:30+01'"
        server.execute(f"UPDATE records_auditrow SET {day} WHERE \"table\" = 'records_participant'")
        server.execute(
            f"UPDATE records_auditrow SET {night} WHERE record_id = %s AND action = 'insert'"
            " AND \"table\" = 'enrollment_consent'",
            [consents[0].pk],
        )

    def reasons(*odd, **asked):
        return [line.reason for line in trail.lines(TrailFilter(odd=odd, **asked), [site.pk], [], 500)]

    assert len(reasons("late")) == 1
    assert reasons("after-signature") == ["after the signature"]
    assert reasons("mass") == ["all at once"] * 4
    assert len(reasons("after-hours", until=builders.amsterdam("2016-04-01"))) == 1


def test_an_administrator_sees_that_and_when_and_who_but_no_answer_and_no_reason(login, people, site):
    participant = builders.register(site, people["nurse"])
    consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="secret 1")
    builders.change(consent, people["nurse"], form_version="secret 2", reason="because of secret 3")

    for address in ("/audit/", "/audit/?reason=nothing+like+it"):
        page = text(login("admin").get(address))
        assert "secret" not in page
        assert "changed Consent" in page
        assert "Noor de Vries" in page
        assert "/participants/BLEND-01/" not in page


def test_another_sites_participants_are_not_in_it(login, people, site, site_b):
    builders.register(site, people["nurse"])
    builders.record(Consent, builders.register(site_b, people["nurse_b"]), people["nurse_b"], form_version="1.0")

    page = text(login("pi").get("/audit/"))

    assert "BLEND-01" in page
    assert "BLEND-02" not in page
    assert "Bea Silva" not in page


def test_the_review_itself_is_recorded_with_its_filter_and_stays(login, people, site):
    builders.register(site, people["nurse"])
    address = "/audit/?odd=late&odd=mass&since=2016-03-08&participant="
    refused = login("monitor").post(address, {"note": " ", "newest": "1"})
    assert refused.status_code == 422
    assert "Write what you looked at" in text(refused)

    assert login("monitor").post(address, {"note": "All explained", "newest": "7"}).status_code == 302

    review = AuditReview.objects.get()
    assert (review.by, review.note, review.newest) == (people["monitor"], "All explained", 7)
    assert review.asked == "odd=late&odd=mass&since=2016-03-08"
    assert "entered two weeks or more after it happened" in review.in_words
    assert AuditRow.objects.filter(table="records_auditreview", record_id=review.pk).exists()
    assert "All explained" in text(login("pi").get("/audit/"))
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("UPDATE records_auditreview SET note = 'nothing'")


def test_a_period_that_cannot_be_read_says_so_and_keeps_what_was_typed(login, people, site):
    answer = login("pi").get("/audit/?since=tomorrowish&reason=kept")

    assert answer.status_code == 422
    assert "tomorrowish” is not a day or a time" in text(answer)
    assert 'value="tomorrowish"' in text(answer)
    assert 'value="kept"' in text(answer)


@pytest.mark.parametrize(
    "query", ["person=x", "before=99999999999999999999", "odd=horoscope", "form=x&field=y", "reason=%00%25"]
)
def test_what_is_no_filter_is_ignored(query, login, people, site):
    assert login("pi").get(f"/audit/?{query}").status_code == 200


def test_it_is_paged_by_key_and_asks_the_same_number_of_questions(login, people, site):
    seals.make(NOW)
    participant = builders.register(site, people["nurse"])
    event = builders.record(AdverseEvent, participant, people["nurse"], verbatim="0")
    browser = login("pi")

    def statements():
        with CaptureQueriesContext(connection) as queries:
            page = text(browser.get("/audit/?odd=endpoint"))
        return len(queries), page

    few, _page = statements()
    for number in range(1, 61):
        builders.change(event, people["nurse"], verbatim=str(number), reason=f"change {number};")
    many, page = statements()

    assert many == few
    assert "change 60;" in page
    assert "change 10;" not in page
    last = AuditRow.objects.get(reason="change 11;").pk
    assert f"odd=endpoint&amp;before={last}" in page
    assert "change 10;" in text(browser.get(f"/audit/?odd=endpoint&before={last}"))


def test_the_last_proof_and_the_last_seal_are_on_the_page(login, people, site):
    builders.register(site, people["nurse"])
    assert "Not proved yet" in text(login("pi").get("/audit/"))
    seals.make(NOW)
    verification.prove(NOW)

    page = text(login("pi").get("/audit/"))

    assert "nothing found" in page
    assert "seal 1" in page


def test_it_is_in_the_menu_of_who_may(login, people):
    assert 'href="/audit/"' in text(login("monitor").get("/"))
    assert 'href="/audit/"' not in text(login("nurse").get("/"))
