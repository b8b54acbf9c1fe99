"""Which sites' participants a connection to the database may read; PostgreSQL's row-level security asks it of each row.

A new connection reads none. For a request, the query that loads its person says it (accounts.login.backends), with the
same roles; a task and a command read everything, and say so (sbrtspine/celery.py, manage.py); what counts across sites
in a request does so with `all_sites()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DatabaseError, connection
from django.db.models import Func, OuterRef, TextField, Value
from django.db.models.functions import Cast
from psycopg.pq import TransactionStatus

from accounts.models import Membership, Person
from accounts.roles import ROLE_PERMISSIONS, Permission

SETTING = "sbrtspine.sites"  # holds site ids as PostgreSQL writes an array, or one of these two
EVERYTHING, NOTHING = "*", ""
READERS = [role for role, duties in ROLE_PERMISSIONS.items() if duties.may & {Permission.SEE, Permission.AUDIT}]


def scope_annotation(now: datetime) -> Func:
    """For the query that loads a person: it tells the connection the sites of those roles that read participants."""
    memberships = Membership.objects.at(now).filter(person=OuterRef("pk"), role__in=READERS)
    sites = ArraySubquery(memberships.values("site_id"))
    return Func(Value(SETTING), Cast(sites, TextField()), Value(False), function="set_config", output_field=TextField())


def no_sites() -> None:
    """Take back what the connection was told. A new one was told nothing."""
    if connection.connection is not None:
        try:
            _say(NOTHING)
        except DatabaseError:
            connection.close()


@contextmanager
def all_sites() -> Iterator[None]:
    """For a number, a rule or a check that is about the trial as a whole, whoever asks."""
    with _told(EVERYTHING):
        yield


@contextmanager
def sites_of(person: Person) -> Iterator[None]:
    """Read as this person would: what is done on somebody's behalf outside of a request."""
    sites = {site for site, role in person.site_roles if role in READERS}
    with _told("{" + ",".join(str(site) for site in sorted(sites)) + "}"):
        yield


@contextmanager
def _told(sites: str) -> Iterator[None]:
    before = _say(sites)
    try:
        yield
    finally:
        # A transaction that failed takes the setting back itself, with all else that it did.
        raw_connection = connection.connection
        if raw_connection is not None and raw_connection.info.transaction_status != TransactionStatus.INERROR:
            _say(before)


def _say(sites: str) -> str:
    """Set it, and answer what it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting(%s, true), ''), set_config(%s, %s, false)", [SETTING, SETTING, sites]
        )
        before: str = cursor.fetchone()[0]
        return before
