"""A citizen number, a birth date or a name in free text is warned about before it is stored; nothing typed is lost."""

import io
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adverse_events.models import AdverseEvent
from enrollment.models import Consent
from exports.documents import dictionary
from records import personal_data, services
from records.model import form_registry, registry
from records.model.fields import Text, crf_fields
from records.models import AuditRow, KnownName, Lock, Query
from tests import builders

TODAY = date(2026, 11, 25)
BSN = "123456782"
AT = "/participants/BLEND-01/adverse-event/1/"
SUSPECT = {
    f"Patient {BSN} called": "citizen number",
    "bsn 1234.56.782": "citizen number",
    "123 456 782": "citizen number",
    "geb. 3-2-1951": "birth date",
    "born 1951": "birth date",
    "DOB: 12/03/51": "birth date",
    "patient of 12-03-1951": "birth date",
    "1951-03-12": "birth date",
    "12 mrt 1951": "birth date",
    "Mevr. de Wit came": "name",
    "mw. Van den Akker": "name",
    "Mrs Pietersen said": "name",
    "dhr. J.H. van der Meer": "name",
}
FINE = [
    "123456783", "1234567820", "lot 0123456782", "123456782.5", "000000000", "since 2016-03-08", "3 x 8 Gy in 2 weeks",
    "born by the implant", "dr. Bakker has seen her", "Mr Smit of data management", "mr of the spine", "wound 3.5 cm",
    "Th12-L1", "2015/16",
]  # fmt: skip


@pytest.fixture
def event(people, site):
    participant = builders.register(site, people["nurse"])
    return builders.record(AdverseEvent, participant, people["nurse"], verbatim="Wound red")


def text(answer):
    return " ".join(answer.content.decode().split())


def send(login, words, **more):
    return login("nurse").post(AT, {"version": "1", "verbatim": words, "action": "save", **more})


@pytest.mark.django_db
@pytest.mark.parametrize("words", SUSPECT)
def test_what_is_suspected(words, people):
    assert SUSPECT[words] in personal_data.suspects({"x": words}, TODAY)["x"]


@pytest.mark.django_db
@pytest.mark.parametrize("words", FINE)
def test_what_is_not(words, people):
    assert personal_data.suspects({"x": words}, TODAY) == {}


def test_it_is_refused_once_beside_the_field_and_nothing_typed_is_lost(login, event):
    refused = send(login, f"Her number is {BSN}")

    assert refused.status_code == 422
    assert "citizen number (BSN)" in refused.context["form"].errors["verbatim"][0]
    assert f"Her number is {BSN}" in text(refused)
    summary = text(refused).partition('class="error-summary"')[2].partition("</div>")[0]
    assert 'name="not_personal" value="yes" form="crf"' in summary  # also where the sentence is read first
    assert text(refused).count('name="not_personal"') == 2
    assert AdverseEvent.objects.get().verbatim == "Wound red"
    assert not AuditRow.objects.filter(changes__icontains=BSN).exists()


def test_who_insists_saves_it_and_that_is_written_down(login, event):
    saved = send(login, f"Screw of lot {BSN}", not_personal="yes")

    assert saved.status_code == 302
    row = AuditRow.objects.filter(table=AdverseEvent._meta.db_table).latest("pk")
    assert row.reason.startswith("Data entry [insisted: no personal data in “")
    assert row.actor == "Noor de Vries (research nurse)"
    assert send(login, f"Screw of lot {BSN}", version="2").status_code == 302  # what stands is not asked about again


def test_the_tick_alone_says_nothing(login, event):
    send(login, "Wound red again", not_personal="yes")

    assert AuditRow.objects.latest("pk").reason == "Data entry"
    assert 'name="not_personal"' not in text(login("nurse").get(AT))


def test_a_name_that_the_site_watches_for_is_found_and_not_stored(login, event, site, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Jacoba van der Pietersen-Höfman\n\n"))
    call_command("watch_for_names", "--site", "umcu", stdout=io.StringIO())

    refused = send(login, "sister of HOFMAN found it")

    assert refused.status_code == 422
    assert "somebody's name" in refused.context["form"].errors["verbatim"][0]
    assert KnownName.objects.count() == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM records_knownname AS t")
        assert not any("hofman" in row.casefold() for (row,) in cursor.fetchall())


def test_the_reason_of_a_change_is_looked_at_too(login, people, event):
    consent = builders.record(Consent, event.participant, people["nurse"], given="yes")
    codes = {field.name: "UNK" for field in consent.unanswered()}
    consent.missing = codes
    services.write(consent, by=people["nurse"], version=1, complete=True)
    sent = {"version": "2", "given": "no", "action": "complete", **{f"{name}_missing": "UNK" for name in codes}}
    at = "/participants/BLEND-01/consent/"

    refused = login("nurse").post(at, {**sent, "reason": "Mrs Pietersen called"})

    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"reason"}
    assert login("nurse").post(at, {**sent, "reason": "The source says so"}).status_code == 302


def every_row_text():
    return [
        (row.slug, field.name)
        for model in registry.forms().values()
        for row in (model, *registry.rows_of(model))
        for field in crf_fields(row)
        if isinstance(field, Text) and field.editable
    ]


def test_no_free_text_of_any_form_is_left_out():
    """What is looked at is found by its type: every text of every form and row is one of these."""
    assert len(every_row_text()) > 30
    for model in registry.forms().values():
        form = form_registry.form_of(model)
        for part in (form, *form.row_forms.values()):
            for field in crf_fields(part._meta.model):
                kind = field.get_internal_type()
                if field.editable and kind in ("TextField", "CharField") and not field.choices:
                    assert isinstance(field, Text) or field.crf_type == "partial date", f"{model.slug}.{field.name}"


def test_messages_of_queries_voids_and_locks_are_looked_at_too(login, event):
    words = f"number {BSN}"
    asked = login("monitor").post(AT + "query/", {"text": words})
    closed = login("datamanager").post(
        "/participants/BLEND-01/locks/", {"what": "visit d1", "kind": "freeze", "reason": words}
    )
    voided = login("nurse").post(AT + "void/", {"version": "1", "reason": words})

    for answer in (asked, closed, voided):
        assert answer.status_code == 422
        assert "citizen number" in text(answer)
        assert 'name="not_personal"' in text(answer)
    assert not Query.objects.exists()
    assert not Lock.objects.exists()
    event.refresh_from_db()
    assert not event.is_void
    assert login("monitor").post(AT + "query/", {"text": words, "not_personal": "yes"}).status_code == 302
    assert "insisted" in AuditRow.objects.latest("pk").reason


def test_a_save_with_new_text_asks_the_database_once_more_and_one_without_never(login, event):
    def asked(words):
        with CaptureQueriesContext(connection) as statements:
            assert send(login, words, version=str(AdverseEvent.objects.get().version)).status_code == 302
        return sum("records_knownname" in query["sql"] for query in statements)

    assert (asked("Wound red"), asked("Wound open")) == (0, 1)


def test_no_column_is_made_for_a_name_a_number_or_a_birth_date():
    """The schema scan: nothing in a clinical table is a place for what identifies somebody."""
    identifying = ("surname", "first_name", "last_name", "patient_name", "bsn", "citizen", "hospital_number", "mrn",
                   "birth_date", "born", "date_of_birth", "dob", "postcode", "phone", "email")  # fmt: skip
    for model in registry.audited_models():
        for field in model._meta.local_concrete_fields:
            assert not any(word in field.column for word in identifying), f"{model.__name__}.{field.column}"
    assert not any(any(word in row["field"] for word in identifying) for row in dictionary.rows())


def test_exports_hold_no_planted_name(login, people, site, event):
    personal_data.watch_for(site, ["Jacoba Pietersen"])
    assert send(login, "Pietersen says: wound red").status_code == 422
    builders.record(Consent, event.participant, people["nurse"], given="yes")

    for address in ("/exports/adverse-event.csv", "/exports/consent.csv"):
        answer = login("datamanager").get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"BLEND-01" in content
        assert b"ietersen" not in content
        assert b"Noor" not in content
