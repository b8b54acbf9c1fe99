"""The second net: with the filter forgotten, PostgreSQL itself shows nothing of another site."""

import pytest
from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db import ProgrammingError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from accounts import site_scope
from enrollment import services as enrollment
from oversight.models import ScanFailure
from records.audit.policies_sql import ABOUT_NOBODY, RULES
from records.model import registry
from records.models import AuditRow, Lock, Participant
from records.workflow import locks
from tests import builders
from tests.builders import amsterdam
from tests.conftest import AS_SERVED
from tests.test_every_record import filled_record

ABOUT = [
    (model, field.name)
    for model in apps.get_models()
    for field in model._meta.local_concrete_fields
    if model is not Participant and field.related_model is Participant
]


@pytest.mark.django_db
def test_every_table_about_participants_has_a_policy():
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_policy JOIN pg_class AS c ON c.oid = polrelid WHERE c.relrowsecurity")
        kept = {name for (name,) in cursor.fetchall()}

    assert len(ABOUT) > 40
    assert kept == {"records_participant"} | {model._meta.db_table for model, _name in ABOUT} | set(RULES)


@pytest.mark.django_db
def test_every_other_table_is_about_nobody_and_says_why():
    """All tables there are, those of libraries too: a new one gets a policy, a rule, or a reason."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'm', 'v', 'f')"
        )
        tables = dict(cursor.fetchall())

    assert {name for name, secured in tables.items() if not secured} == set(ABOUT_NOBODY)
    assert all(ABOUT_NOBODY.values())


@pytest.mark.parametrize("model", registry.clinical_models(), ids=lambda model: model.__name__)
def test_a_query_without_a_filter_finds_nothing_of_another_site(model, people, site):
    filled_record(model, people, site)

    for person, visible in (("nurse", True), ("nurse_b", False), ("monitor", True), ("admin", True)):
        with site_scope.sites_of(people[person]):
            assert model._base_manager.all().exists() == visible, person
            assert AuditRow.objects.filter(table=model._meta.db_table).exists() == visible, person


@pytest.mark.parametrize(("model", "name"), ABOUT, ids=lambda value: getattr(value, "__name__", value))
def test_nothing_is_read_by_whom_nothing_was_said(model, name, people, site, site_b):
    """The policy of every table about participants, also of those that no form fills, asked about one row."""
    participant = builders.register(site, people["nurse"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT qual FROM pg_policies WHERE tablename = '{model._meta.db_table}'")
        [(rule,)] = cursor.fetchall()

    assert "records_sees_all()" in rule
    assert model._meta.get_field(name).column in rule
    for sites, seen in (("", False), ("{}", False), (f"{{{site_b.pk}}}", False), (f"{{{site.pk}}}", True)):
        with site_scope._told(sites), connection.cursor() as cursor:
            column, table = model._meta.get_field(name).column, model._meta.db_table
            row = f"jsonb_populate_record(NULL::{table}, '{{\"{column}\": {participant.pk}}}') AS {table}"
            cursor.execute(f"SELECT count(*) FROM {row} WHERE {rule}")
            assert cursor.fetchone() == (int(seen),), sites


def test_raw_sql_and_updates_are_scoped_too(people, site):
    participant = builders.register(site, people["nurse"])

    with site_scope.sites_of(people["nurse_b"]), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM records_participant")
        assert cursor.fetchone() == (0,)
        cursor.execute("UPDATE oversight_deadline SET met = true")
        assert cursor.rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            ScanFailure.objects.create(participant_id=participant.pk, error="x", failed_at=participant.created_at)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            builders.register(site, people["nurse_b"])


def test_a_row_about_the_study_is_read_by_whoever_reads_anything(people, site):
    about = locks.target("study")
    locks.close(about, "freeze", by=people["datamanager"], reason="cut", now=amsterdam("2016-05-01 12:00"))

    with site_scope.sites_of(people["nurse_b"]):
        assert Lock.objects.count() == 1
    with site_scope._told(site_scope.NOTHING):
        assert Lock.objects.count() == 0


def test_codes_go_on_across_sites_and_an_entry_of_elsewhere_is_said(people, site, site_b, login):
    builders.register(site, people["nurse"])

    login("nurse_b").post("/participants/new/", {})

    assert set(Participant.objects.values_list("code", "site__code")) == {("BLEND-01", "umcu"), ("BLEND-02", "lisbon")}
    with site_scope.sites_of(people["nurse_b"]):
        enrollment.register(site_b, by=people["nurse_b"])
        assert [participant.code for participant in Participant.objects.all()] == ["BLEND-02", "BLEND-03"]


class AsServed(Client):
    request = AS_SERVED


def counted(request):
    """A page whose author forgot every filter."""
    return HttpResponse(f"{Participant.objects.count()}")


@login_not_required
def by_anybody(request):
    return counted(request)


urlpatterns = [path("counted/", counted), path("anybody/", by_anybody)]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["nurse", "nurse_b", "nurse"], [b"1", b"0", b"1"]),
        (["nurse", None, "nurse_b", None], [b"1", b"0", b"0", b"0"]),
        (["nurse", "leaver", None], [b"1", b"0", b"0"]),
    ],
)
def test_nothing_stays_on_the_connection_for_the_next_request(people, site, order, expected):
    """One connection, one request after the other; None is somebody who is not logged in."""
    builders.register(site, people["nurse"])
    browsers = {who: AsServed() for who in order}
    for who, browser in browsers.items():
        if who:
            browser.force_login(people["nurse" if who == "leaver" else who])
    answers = []
    for who in order:
        if who == "leaver":
            type(people["nurse"]).objects.filter(pk=people["nurse"].pk).update(is_active=False)
        answers.append(browsers[who].get("/anybody/" if who in (None, "leaver") else "/counted/").content)

    assert answers == expected
