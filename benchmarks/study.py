"""Databases of the benchmarks: the demo study, and copies of its participants by the thousand, made by SQL.

Copies are written by the superuser with triggers off, so they have no audit trail: only what is read is measured on
them. A copy of a row keeps all its answers; its keys, and those it points to, are moved by a fixed step.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.utils import timezone


from accounts import delegation
from accounts.models import Person, Site
from accounts.roles import Role, Task
from accounts.services import give_role
from records import services
from records.models import Participant
from sbrtspine import demo
from sbrtspine.env import ROOT
from oversight.scanning import scan

STEP = 100_000  # more than any table of the demo study has rows
SMALL, LARGE, EVENTS, MILLION = "bench_13", "bench_50000", "bench_events", "bench_million"


@contextmanager
def built(name: str) -> Iterator[tuple[Participant, Person]]:
    """A new database, migrated by its owner and used by the application's role."""
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name} OWNER sbrtspine_owner")
    owner = {**os.environ, "SBRTSPINE_ROLE": "owner"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True, cwd=ROOT, env=owner)
    site = Site.objects.create(code="bench", name="Benchmark")
    nurse = get_user_model().objects.create_user(username="nurse", first_name="Noor", last_name="de Vries")
    give_role(nurse, Role.NURSE, site)
    now = timezone.now()
    delegation.sign(nurse, site, list(Task.values), starts_at=now, trained_on=now.date(), by=nurse, now=now)
    yield services.write(Participant(code="BLEND-01", site=site), by=nurse, version=0), nurse
    connections.close_all()


def server(name: str = "postgres") -> psycopg.Connection:
    """The superuser in one database, with triggers off."""
    head, _, options = os.environ["TEST_SUPERUSER_URL"].partition("?")
    session = psycopg.connect(f"{head.rsplit('/', 1)[0]}/{name}?{options}", autocommit=True)
    session.execute("SET session_replication_role = replica")
    return session


def address(name: str) -> str:
    """The address of a database, as the application's role."""
    head, _, options = os.environ["DATABASE_URL"].partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}?{options}"


def use(name: str) -> None:
    """Let Django read and write this database from now on."""
    connection.close()
    connection.settings_dict["NAME"] = name


def copied(name: str, template: str) -> None:
    """A new database like another one."""
    connection.close()
    with server() as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        owner.execute(f"CREATE DATABASE {name} OWNER sbrtspine_owner TEMPLATE {template}")


def small(now: datetime | None = None) -> None:
    """The demo study, judged once."""
    with server() as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {SMALL} WITH (FORCE)")
        owner.execute(f"CREATE DATABASE {SMALL} OWNER sbrtspine_owner")
    env = {**os.environ, "SBRTSPINE_ROLE": "owner", "DATABASE_OWNER_URL": address(SMALL).replace("_app@", "_owner@")}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True, cwd=ROOT, env=env)
    use(SMALL)
    now = now or timezone.now()
    demo.seed(demo.accounts("a fictional demo passphrase"), now)
    scan.scan(now)


def multiply(name: str, participants: int, only: set[str] | None = None) -> None:
    """Copy the participants of a database until there are about so many; `only`: nothing but these tables."""
    with server(name) as owner:
        have = owner.execute("SELECT count(*) FROM records_participant WHERE id < %s", [STEP]).fetchone()[0]
        first = owner.execute("SELECT coalesce(max(id) / %s, 0) FROM records_participant", [STEP]).fetchone()[0] + 1
        tables = _tables(owner)
        for table in tables if only is None else only:
            _copy(owner, table, tables, first, first + participants // have - 1)
        owner.execute("ANALYZE")


def _tables(owner: psycopg.Connection) -> dict[str, dict[str, str]]:
    """Table about participants -> column -> the table it points to; the audit trail is not copied."""
    rows = owner.execute(
        "SELECT k.conrelid::regclass::text, a.attname, k.confrelid::regclass::text FROM pg_constraint AS k"
        " JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] WHERE k.contype = 'f'"
    ).fetchall()
    about = {table for table, _column, target in rows if target == "records_participant"}
    about = {"records_participant", *about} - {"records_auditrow", "records_typing"}
    return {table: {column: to for source, column, to in rows if source == table and to in about} for table in about}


def _copy(owner: psycopg.Connection, table: str, tables: dict[str, dict[str, str]], first: int, last: int) -> None:
    columns = owner.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    ).fetchall()
    cells = [_cell(table, column, tables[table]) for (column,) in columns]
    names = ", ".join(f'"{column}"' for (column,) in columns)
    owner.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(cells)} FROM {table} AS t,"
        f" generate_series({first}::bigint, {last}) AS k WHERE t.id < {STEP}"
    )


def _cell(table: str, column: str, points: dict[str, str]) -> str:
    if column == "id" or column in points:
        return f't."{column}" + k * {STEP}'
    if column == "entry":
        return "gen_random_uuid()"
    if table == "records_participant" and column == "code":
        return "'BLEND-' || (100 + t.id + k * 20)"
    return f't."{column}"'


def events(name: str, wanted: int) -> None:
    """Give the copied participants more adverse events, each like one they have, until there are so many."""
    with server(name) as owner:
        owner.execute("DELETE FROM adverse_events_adverseeventgrade")
        owner.execute("DELETE FROM adverse_events_adverseevent WHERE voided_at IS NOT NULL")
        have = owner.execute("SELECT count(*) FROM adverse_events_adverseevent").fetchone()[0]
        table = "adverse_events_adverseevent"
        columns = owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        ).fetchall()
        moved = {"id": "t.id + k * 10000000000", "number": "t.number + 100 * k", "entry": "gen_random_uuid()"}
        cells = ", ".join(moved.get(column, f't."{column}"') for (column,) in columns)
        names = ", ".join(f'"{column}"' for (column,) in columns)
        owner.execute(
            f"INSERT INTO {table} ({names}) SELECT {cells} FROM {table} AS t,"
            f" generate_series(1, {wanted // have}) AS k LIMIT {wanted - have}"
        )
        owner.execute("ANALYZE")
