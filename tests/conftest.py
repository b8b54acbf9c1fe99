"""The real database, built by its owner and used by the application's role; a fixed cast of people."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.template import Context, Template
from django.test import Client
from django.test import client as test_client
from django.test.client import MULTIPART_CONTENT
from django.utils import timezone
from psycopg.pq import TransactionStatus

from accounts import delegation, site_scope
from accounts.models import Person, Site
from accounts.roles import Role, Task
from accounts.sent import LAST, LAST_SAYS
from accounts.services import give_role
from tests import cast, template_database
from tests.environment import DATABASE

PASSWORD = "fictional passphrase"
CAST = {
    "nurse": ("Noor", "de Vries", Role.NURSE),
    "surgeon": ("Sem", "Bakker", Role.SURGEON),
    "radonc": ("Ria", "Jansen", Role.RADIATION_ONCOLOGIST),
    "pi": ("Pim", "Visser", Role.PRINCIPAL_INVESTIGATOR),
    "datamanager": ("Daan", "Smit", Role.DATA_MANAGER),
    "monitor": ("Mila", "Mulder", Role.MONITOR),
    "admin": ("Anna", "de Boer", Role.ADMIN),
}


KEPT = {"django_migrations", "django_content_type", "auth_permission", "accounts_person"}


def superuser() -> psycopg.Connection:
    """A connection that may do anything: for building the database, and for tampering with it."""
    url = os.environ["TEST_SUPERUSER_URL"]
    head, _, options = url.partition("?")
    return psycopg.connect(head.rsplit("/", 1)[0] + f"/{DATABASE}?{options}", autocommit=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: object) -> Iterator[None]:
    """A new database, migrated by its owner; the tests themselves are the application's role."""
    template_database.make()
    with django_db_blocker.unblock():
        stages = {"site": _make_site, "site_b": _make_site_b, "people": _make_people, "nurse_two": _make_nurse_two}
        cast.keep(stages, _empty)
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """For what must really commit: other processes, threads, rollbacks. Everything is emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        _empty()


def _empty() -> None:
    """As it was after the migrations, but for the numbers of the people."""
    connection.close()
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        rows = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = [name for (name,) in rows if name not in KEPT]
        looks = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)
        for (name,) in server.execute(looks).fetchall():  # TRUNCATE writes new files, and takes half a second
            server.execute(f'DELETE FROM "{name}"')
        server.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
            " WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename <> ALL (%s)",
            [[f"{name}_id_seq" for name in KEPT]],
        )
        server.execute("DELETE FROM accounts_person WHERE username <> 'system'")


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Site:
    """The trial's hospital."""
    _database(request)
    return _site("site", _make_site, "umcu")


@pytest.fixture
def site_b(request: pytest.FixtureRequest) -> Site:
    """A second hospital, in another zone, whose participants the others must not see."""
    _database(request)
    return _site("site_b", _make_site_b, "lisbon")


def _database(request: pytest.FixtureRequest) -> None:
    if "committed" not in request.fixturenames:
        request.getfixturevalue("db")


def _site(stage: str, make: Callable[[], None], code: str) -> Site:
    if not cast.put_back(stage):
        make()
    return Site.objects.get(code=code)


def _make_site() -> None:
    Site.objects.create(code="umcu", name="UMC Utrecht", zone="Europe/Amsterdam")


def _make_site_b() -> None:
    Site.objects.create(code="lisbon", name="Second Site", zone="Europe/Lisbon")


@pytest.fixture
def people(site: Site, site_b: Site) -> dict[str, Person]:
    """The fixed cast: one person a role at the first site, and nurse_b at the second; trained and delegated."""
    if not cast.put_back("people"):
        _make_people()
    persons = {person.username: person for person in Person.objects.exclude(username="system")}
    return {username: persons[username.replace("_", "-")] for username in (*CAST, "nurse_b")}


def _make_people() -> None:
    site, site_b = (Site.objects.get(code=code) for code in ("umcu", "lisbon"))
    persons = {username: _person(username, first, last, role, site) for username, (first, last, role) in CAST.items()}
    nurse_b = _person("nurse-b", "Bea", "Silva", Role.NURSE, site_b)
    for username in ("nurse", "surgeon", "radonc"):
        delegate(persons[username], site, persons["pi"])
    delegate(nurse_b, site_b, persons["pi"])


@pytest.fixture
def nurse_two(people: dict[str, Person]) -> Person:
    """A nurse of both sites, whose delegation is at the second one alone; she joins `people`."""
    if not cast.put_back("nurse_two"):
        _make_nurse_two()
    people["nurse_two"] = Person.objects.get(username="nurse-two")
    return people["nurse_two"]


def _make_nurse_two() -> None:
    site, site_b = (Site.objects.get(code=code) for code in ("umcu", "lisbon"))
    person = _person("nurse-two", "Tess", "Costa", Role.NURSE, site)
    give_role(person, Role.NURSE, site_b)
    delegate(person, site_b, Person.objects.get(username="pi"))


@pytest.fixture
def whole_study(people: dict[str, Person], site_b: Site) -> None:
    """The data manager and the principal investigator hold their roles at the second site too."""
    for username in ("datamanager", "pi"):
        give_role(people[username], CAST[username][2], site_b)
        people[username].forget_roles()


def delegate(person: Person, site: Site, by: Person) -> None:
    """Every task, since long before any test's story."""
    since = datetime(2014, 1, 1, tzinfo=UTC)
    delegation.sign(
        person, site, list(Task.values), starts_at=since, trained_on=date(2013, 12, 1), by=by, now=timezone.now()
    )


def _person(username: str, first: str, last: str, role: Role, site: Site) -> Person:
    person = get_user_model().objects.create_user(
        username=username, first_name=first, last_name=last, password=PASSWORD, email=f"{username}@example.org"
    )
    give_role(person, role, site)
    return person


@pytest.fixture
def login(client: object, people: dict[str, Person]) -> object:
    """`login("nurse")` gives a browser in which that person is logged in."""

    def as_person(username: str) -> object:
        client.force_login(people[username])
        return client

    return as_person


AS_SERVED = Client.request  # what a server does: nobody puts anything back after a request


@pytest.fixture(autouse=True)
def browsers_leave_no_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request reads as its person, also what it streams; the test itself goes on reading everything."""

    def request(self: Client, **sent: object) -> object:
        try:
            answer = AS_SERVED(self, **sent)
            if answer.streaming:
                answer.streaming_content = list(answer.streaming_content)
            return answer
        finally:
            raw_connection = connection.connection  # asked by psycopg itself: this is no statement of the page
            if raw_connection is not None and raw_connection.info.transaction_status in (
                TransactionStatus.IDLE,
                TransactionStatus.INTRANS,
            ):
                raw_connection.execute("SELECT set_config(%s, %s, false)", [site_scope.SETTING, site_scope.EVERYTHING])

    monkeypatch.setattr(Client, "request", request)


COPIES_CONTEXT = test_client.store_rendered_templates


def of_the_page(
    store: object, signal: object, sender: object, template: Template, context: Context, **_: object
) -> None:
    """`answer.context` is what the view gave its page: without a copy for each of the hundreds of parts it includes."""
    if context.template in (None, template):
        COPIES_CONTEXT(store, signal, sender, template, context)


test_client.store_rendered_templates = of_the_page

AS_GIVEN = Client._encode_data


@pytest.fixture(autouse=True)
def browsers_send_the_last_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test posts as a form ends as the form of the page does; tests/sbrtspine/test_whole.py sends it without."""

    def encode(self: Client, data: object, content_type: str) -> object:
        is_form = content_type is MULTIPART_CONTENT and isinstance(data, dict)
        return AS_GIVEN(self, {**data, LAST: LAST_SAYS} if is_form else data, content_type)

    monkeypatch.setattr(Client, "_encode_data", encode)
