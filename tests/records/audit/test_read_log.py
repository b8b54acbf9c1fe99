"""Who was shown what: one row a page, list and export, which nobody changes or avoids, and which is found again."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from records import queries
from records.models import Read
from tests import builders
from tests.test_every_url import GET, SEES, records

__all__ = ["records"]

OF_A_PARTICIPANT = sorted(
    (name, address)
    for name, (address, expected) in GET.items()
    if address.startswith("/participants/BLEND-01/") and expected[1:7] == SEES[1:7]
)


def body(answer):
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")


@pytest.mark.parametrize(("name", "address"), OF_A_PARTICIPANT, ids=[name for name, _address in OF_A_PARTICIPANT])
def test_every_page_of_a_participant_leaves_exactly_one_row(name, address, login, records):
    assert login("nurse").get(address).status_code == 200

    [row] = Read.objects.all()
    assert (row.participant, row.kind, row.address) == ("BLEND-01", "page", address.partition("?")[0])
    assert row.reader == "Noor de Vries (research nurse)"
    assert row.origin == "127.0.0.1"
    assert timezone.now() - row.at < timedelta(minutes=1)


def test_a_query_names_the_participant_though_its_address_does_not(login, people, records):
    asked = queries.ask(records, by=people["monitor"], text="Which day?", now=timezone.now(), tail="consent/")

    login("nurse").get(f"/queries/{asked.pk}/")

    assert Read.objects.get().participant == "BLEND-01"


@pytest.mark.parametrize("address", ["/exports/surgery.csv", "/exports/all.zip"])
def test_every_export_leaves_exactly_one_row(address, login, people, site, records):
    body(login("datamanager").get(address))

    row = Read.objects.get()
    assert (row.kind, row.participant, row.sites, row.address) == ("export", "", [site.pk], address)
    assert row.reader == "Daan Smit (data manager)"


def test_a_list_names_the_sites_it_could_show(login, site, records):
    login("nurse").get("/participants/?q=BLEND")

    assert [(row.kind, row.sites, row.address) for row in Read.objects.all()] == [("list", [site.pk], "/participants/")]


@pytest.mark.parametrize("address", ["/ctcae/?q=wound", "/participants/new/", "/health/", "/participants/BLEND-99/"])
def test_what_shows_nobody_leaves_no_row(address, login, records, monkeypatch):
    monkeypatch.setattr("oversight.health.check", lambda now: {"status": "ok"})
    login("nurse").get(address)

    assert not Read.objects.exists()


def test_a_fragment_that_keeps_a_page_up_to_date_is_one_reading_in_ten_minutes(login, records):
    browser = login("nurse")
    browser.get("/board/")
    for _each in range(3):
        browser.get("/board/", headers={"HX-Request": "true"})
        browser.post("/participants/BLEND-01/consent/scores/", {})

    assert sorted(row.address for row in Read.objects.all()) == ["/board/", "/participants/BLEND-01/consent/scores/"]

    with_header = login("pi").get("/board/", headers={"HX-Request": "true"})  # who says so and never opened the page
    assert with_header.status_code == 200
    assert Read.objects.filter(reader__startswith="Pim Visser").count() == 1


def test_a_refused_form_shows_what_is_stored_and_so_is_read(login, people, records):
    login("nurse").post("/participants/BLEND-01/consent/", {"version": "7", "given": "no", "action": "save"})

    assert Read.objects.get().participant == "BLEND-01"


def test_a_save_needs_no_row_of_its_own_and_a_page_one_statement(login, records):
    browser = login("nurse")
    browser.get("/participants/BLEND-01/consent/")
    with CaptureQueriesContext(connection) as statements:
        browser.get("/participants/BLEND-01/consent/")
    assert sum("records_read" in query["sql"] for query in statements) == 1

    with CaptureQueriesContext(connection) as statements:
        saved = browser.post("/participants/BLEND-01/consent/", {"version": "1", "given": "no", "action": "save"})
    assert saved.status_code == 302
    assert not any("records_read" in query["sql"] for query in statements)


def test_where_the_row_cannot_be_written_nothing_is_shown(client, people, records, monkeypatch):
    client.raise_request_exception = False
    client.force_login(people["nurse"])
    monkeypatch.setattr("records.audit.read_log._NOTE", "INSERT INTO no_such_table VALUES (1)")
    with transaction.atomic():
        answer = client.get("/participants/BLEND-01/consent/")
        transaction.set_rollback(True)

    assert answer.status_code == 500
    assert b"BLEND-01" not in answer.content


@pytest.mark.parametrize(
    "sql", ["UPDATE records_read SET reader = ''", "DELETE FROM records_read", "TRUNCATE records_read"]
)
def test_the_applications_role_can_neither_change_nor_remove_a_row(sql, login, records):
    login("nurse").get("/participants/BLEND-01/")

    with pytest.raises((ProgrammingError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Read.objects.count() == 1


def test_who_saw_a_participant_is_answered_with_lists_and_exports_and_by_index(login, people, site, site_b, records):
    builders.register(site, people["nurse"])
    login("surgeon").get("/participants/BLEND-02/")
    login("surgeon").get("/participants/BLEND-01/consent/")
    login("nurse_b").get("/participants/")
    body(login("datamanager").get("/exports/consent.csv"))

    page = body(login("pi").get("/audit/reads/?participant=blend-01"))

    assert "Sem Bakker (spine surgeon)" in page
    assert "/participants/BLEND-01/consent/" in page
    assert "Daan Smit (data manager)" in page
    assert "BLEND-02" not in page
    assert "Bea Silva" not in page
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT * FROM records_read WHERE participant = 'BLEND-01' ORDER BY id DESC LIMIT 101")
        assert "read_participant" in str(cursor.fetchall())


def test_another_sites_reads_are_nobodys_business(login, people, site_b, records):
    other = builders.register(site_b, people["nurse_b"])
    login("nurse_b").get(f"/participants/{other.code}/")

    refused = login("pi").get(f"/audit/reads/?participant={other.code}")

    assert refused.status_code == 422
    assert "You audit no participant with this code." in body(refused)
    assert "Bea Silva" not in body(login("pi").get("/audit/reads/"))


def test_it_is_paged_by_key(login, people, site, records):
    now = timezone.now()
    Read.objects.bulk_create(
        Read(
            at=now, person=people["nurse"], reader=f"Reader {n:03}", participant="BLEND-01", kind="page", address="/x/"
        )
        for n in range(150)
    )
    first = body(login("pi").get("/audit/reads/?participant=BLEND-01"))
    last = Read.objects.get(reader="Reader 050").pk
    assert f"participant=BLEND-01&amp;before={last}" in first
    assert "Reader 149" in first
    assert "Reader 049" not in first

    second = body(login("pi").get(f"/audit/reads/?participant=BLEND-01&before={last}"))
    assert "Reader 049" in second
    assert "Reader 050" not in second
