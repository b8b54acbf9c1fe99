"""A name that got into a text goes, everywhere, by two people and a reason; the stub stays and the chain verifies."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from adverse_events.models import AdverseEvent
from enrollment.models import Consent
from oversight.models import Finding, KeptFigures
from oversight.scanning import scan
from records import queries, redaction, services, signing
from records.audit import offline_verifier, seals, time_travel, trail_bundle, verification
from records.audit.context import audit_context
from records.models import AuditCheck, AuditRow, Redaction, Signature, Typing, Verification
from records.workflow import locks, signatures, source_verification
from tests import builders
from tests.conftest import superuser

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)
NAME = "Jacoba Pietersen"
TEXT = f'Her sister {NAME} found the wound "red"'
REASON = "A name was typed into the description"
AT = "/participants/BLEND-01/redactions/"


@pytest.fixture(autouse=True)
def outside(settings, tmp_path):
    settings.SEALS = tmp_path / "seals"
    settings.SEAL_KEY_FILE = tmp_path / "key"


@pytest.fixture
def event(people, site):
    """An event whose description held a name, was signed and compared, asked about, quoted and half typed again."""
    participant = builders.register(site, people["nurse"])
    form = builders.record(AdverseEvent, participant, people["nurse"], verbatim=TEXT, ctcae_code="10048031")
    form.missing = {field.name: "UNK" for field in form.unanswered()}
    services.write(form, by=people["nurse"], version=form.version, complete=True, now=NOW)
    form.refresh_from_db()
    signing.verify(form, by=people["monitor"], version=form.version, now=NOW, names=["verbatim"])
    form.refresh_from_db()
    signing.sign_record(form, by=people["pi"], version=form.version, meaning="approved", now=NOW)
    queries.ask(participant, by=people["monitor"], text=f"Is “{TEXT}” one event?", now=NOW, tail="adverse-event/1/")
    asked = queries.ask(participant, by=people["monitor"], text="Which day?", now=NOW, tail="adverse-event/1/")
    queries.move(asked, "answered", by=people["nurse"], text="Ask jacoba  pietersen", now=NOW)
    Finding.objects.create(participant=participant, code="x", sentence=f"“{TEXT}”: look", tail="", since=NOW)
    AuditCheck.objects.create(at=NOW, rows=1, findings=1, sentences=[f"the record holds {json.dumps(TEXT)}"])
    typed = f"version=3&verbatim={TEXT.replace(' ', '+')}+and"
    Typing.objects.create(
        person=people["nurse"], address="/participants/BLEND-01/adverse-event/1/", data=typed, typed_at=NOW
    )
    form.refresh_from_db()
    return form


def everything():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        lines = []
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t")
            lines += [f"{table}: {text}" for (text,) in cursor.fetchall()]
    return lines


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


def holding(words):
    return [text for text in everything() if words.casefold() in text.casefold()]


def keys(event, words=NAME):
    return [place.key for place in redaction.find(event.participant, words)]


def redacted(event, people):
    asked = redaction.ask(event.participant, keys(event), by=people["datamanager"], reason=REASON, now=NOW)
    redaction.agree(asked, by=people["pi"])
    asked.refresh_from_db()
    return asked


def offline():
    buffer = io.BytesIO()
    trail_bundle.write(buffer, NOW)
    with zipfile.ZipFile(buffer) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    return offline_verifier.proved(files)[0]


def test_the_words_are_found_where_they_stand_and_where_they_stood(event, people):
    builders.change(event, people["nurse"], verbatim="Wound red")

    places = redaction.find(event.participant, "JACOBA  pietersen")

    assert {(place.table, place.field) for place in places} == {
        ("adverse_events_adverseevent", "verbatim"),
        ("records_query", "sentence"),
        ("records_querymessage", "text"),
        ("records_auditrow", "reason"),
    }
    with pytest.raises(ValidationError, match="three letters"):
        redaction.find(event.participant, " a ")


def test_the_value_is_gone_everywhere_the_stub_stays_and_the_chain_verifies(event, people, login):
    seals.make(NOW)
    login("pi").get("/safety/")  # figures are kept
    assert len(holding(NAME)) > 8
    before = {
        row.pk: (row.seq, row.at, row.person_id, row.digest, row.hash, row.salt) for row in AuditRow.objects.all()
    }

    asked = redacted(event, people)
    seals.make(NOW)

    assert holding(NAME) == []
    assert not KeptFigures.objects.exists()
    event.refresh_from_db()
    assert event.verbatim == "[redacted]"
    assert verification.verify() == []
    assert offline() == []
    assert (asked.asked_by, asked.agreed_by, asked.reason) == (people["datamanager"], people["pi"], REASON)
    changed = {seq for seq, _digest in asked.blanked}
    for row in AuditRow.objects.filter(pk__in=before):
        assert (row.seq, row.at, row.person_id, row.digest, row.hash) == before[row.pk][:5]
        assert (row.salt != before[row.pk][5]) == (row.seq in changed)  # the old text cannot be guessed from its digest


def test_signature_and_comparison_still_hold_for_what_is_left(event, people):
    redacted(event, people)
    event.refresh_from_db()

    [standing] = signatures.check_all(event.participant, "record", signatures.content_of(event), event)
    assert standing.holds
    assert json.loads(Signature.objects.get().content)["answers"]["verbatim"] == "[redacted]"
    assert Verification.objects.get(field="verbatim").lost_at is None
    assert source_verification.valid_verifications([event])[event._meta.db_table, event.pk].keys() == {"verbatim"}


def test_time_travel_shows_the_stub_at_every_time(event, people):
    redacted(event, people)

    [then] = time_travel.rows(AdverseEvent, timezone.now(), [event.participant_id])
    [signed] = time_travel.rows(Signature, timezone.now(), [event.participant_id])
    assert then.verbatim == "[redacted]"
    assert signatures.digest_of(signed.content) == signed.digest


def test_what_is_locked_is_redacted_too(event, people):
    what = locks.target("participant", event.participant)
    locks.close(what, "lock", by=people["datamanager"], reason="Done", now=NOW)

    redacted(event, people)

    event.refresh_from_db()
    assert event.verbatim == "[redacted]"
    assert verification.verify() == []


def test_a_rule_judges_again_without_the_name(event, people):
    redacted(event, people)
    scan.scan(timezone.now())

    assert not any(NAME in finding.sentence for finding in Finding.objects.all())


def test_nobody_agrees_with_himself_whatever_the_route(event, people):
    asked = redaction.ask(event.participant, keys(event), by=people["pi"], reason=REASON, now=NOW)

    with pytest.raises(ValidationError, match="somebody else has to agree"):
        redaction.agree(asked, by=people["pi"])
    with (
        pytest.raises(ProgrammingError, match="another one agrees"),
        transaction.atomic(),
        audit_context(people["pi"], "x"),
    ):
        sql(f"SELECT records_redact({asked.pk})")
    redaction.agree(asked, by=people["datamanager"])
    with pytest.raises(ValidationError, match="decided already"):
        redaction.agree(asked, by=people["datamanager"])


@pytest.mark.parametrize(
    "short_cut",
    [
        "UPDATE records_redaction SET agreed_at = now(), agreed_by_id = asked_by_id + 1, blanked = '[]'",
        "UPDATE records_redaction SET transaction = pg_current_xact_id()::text::bigint",
        "UPDATE records_redaction SET reason = 'another'",
        "UPDATE records_auditrow SET reason = 'x'",
        "DELETE FROM records_redaction",
    ],
)
def test_the_application_cannot_take_a_short_cut(short_cut, event, people):
    redaction.ask(event.participant, keys(event), by=people["pi"], reason=REASON, now=NOW)

    with pytest.raises(ProgrammingError), transaction.atomic(), audit_context(people["datamanager"], "short cut"):
        sql(short_cut)


def test_a_redaction_that_says_it_was_agreed_to_is_not_taken(event, people):
    forged = {"places": [], "reason": "x", "asked_at": NOW, "asked_by": people["pi"], "participant": event.participant}
    for more in ({"agreed_at": NOW, "agreed_by": people["nurse"]}, {"transaction": 1}, {"asked_by": people["nurse"]}):
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic(), audit_context(people["pi"], "x"):
            Redaction.objects.create(**{**forged, **more})


def test_the_reason_does_not_repeat_the_name_and_one_is_wanted(event, people):
    for reason, sentence in ((f"Took out: {TEXT}", "repeats"), ("  ", "Say why")):
        with pytest.raises(ValidationError, match=sentence):
            redaction.ask(event.participant, keys(event), by=people["pi"], reason=reason, now=NOW)
    with pytest.raises(ValidationError, match="Tick"):
        redaction.ask(event.participant, ["enrollment_consent 1 given"], by=people["pi"], reason=REASON, now=NOW)


def test_one_that_was_dropped_blanks_nothing(event, people):
    asked = redaction.ask(event.participant, keys(event), by=people["pi"], reason=REASON, now=NOW)
    redaction.drop(asked, by=people["datamanager"], now=NOW)

    with pytest.raises(ValidationError, match="decided already"):
        redaction.agree(asked, by=people["datamanager"])
    assert holding(NAME)
    assert verification.verify() == []


def test_other_texts_and_other_participants_stay(event, people, site):
    other = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, other, people["nurse"], verbatim="Wound red")
    builders.record(Consent, event.participant, people["nurse"], given="yes", form_version="2.0 of May")
    redacted(event, people)

    assert AdverseEvent.objects.get(participant=other).verbatim == "Wound red"
    assert Consent.objects.get().form_version == "2.0 of May"
    assert AuditRow.objects.filter(reason="Data entry").exists()


def test_it_can_be_done_twice_over_the_same_row(event, people):
    redacted(event, people)
    builders.change(event, people["nurse"], verbatim="Wound red, said Kornelis Blok")
    asked = redaction.ask(event.participant, keys(event, "blok"), by=people["pi"], reason=REASON, now=NOW)
    redaction.agree(asked, by=people["datamanager"])

    assert holding("Kornelis Blok") == []
    assert verification.verify() == []


def test_a_superuser_who_just_blanks_a_text_is_found(committed, people, site):
    participant = builders.register(site, people["nurse"])
    form = builders.record(AdverseEvent, participant, people["nurse"], verbatim=TEXT)
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("UPDATE adverse_events_adverseevent SET verbatim = '[redacted]'")
        server.execute(
            "UPDATE records_auditrow SET salt = '',"
            " changes = jsonb_set(changes, '{verbatim}', '[null, \"[redacted]\"]') WHERE changes ? 'verbatim'"
        )

    assert ["altered after it was written" in str(finding) for finding in verification.verify()] == [True]
    assert form.pk


def test_two_people_do_it_on_the_page(login, event, people):
    answer = login("datamanager").post(AT, {"act": "find", "words": NAME})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Her sister" in text
    assert login("datamanager").post(AT, {"act": "find", "words": "Nobody Else"}).status_code == 422

    sent = {"act": "ask", "place": keys(event), "reason": REASON}
    refused = login("datamanager").post(AT, {**sent, "reason": ""})
    assert refused.status_code == 422
    assert "Say why, without the words themselves." in refused.content.decode()
    assert keys(event)[0] in refused.content.decode()  # what was ticked is still there
    assert login("datamanager").post(AT, sent).status_code == 302

    asked = Redaction.objects.get()
    assert login("datamanager").post(AT, {"act": "agree", "redaction": asked.pk}).status_code == 422
    assert "Her sister" in login("pi").get(AT).content.decode()
    assert login("pi").post(AT, {"act": "agree", "redaction": asked.pk}).status_code == 302
    page = login("pi").get(AT).content.decode()
    assert NAME not in page
    assert REASON in page
    assert "Daan Smit" in page
    history = login("nurse").get("/participants/BLEND-01/adverse-event/1/history/").content.decode()
    assert NAME not in history
    assert "redacted" in history
