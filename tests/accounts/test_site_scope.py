"""What a connection was told to read is put back, also when something goes wrong, and tasks read everything."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import site_scope
from sbrtspine.celery import app
from tests import builders

pytestmark = pytest.mark.django_db


def scope():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [site_scope.SETTING])
        return cursor.fetchone()[0]


def test_sights_within_sights_end_with_their_block(people):
    with site_scope.sites_of(people["nurse_b"]):
        outer = scope()
        with site_scope.all_sites():
            assert scope() == "*"
        assert scope() == outer == f"{{{people['nurse_b'].memberships.get().site_id}}}"


@pytest.mark.parametrize("wrong", ["SELECT 1/0", "the caller's own"])
def test_a_failure_inside_leaves_nothing_behind(people, wrong):
    with site_scope.sites_of(people["nurse_b"]):
        before = scope()
        with pytest.raises((DatabaseError, ValueError)), transaction.atomic(), site_scope.all_sites():
            _fail(wrong)
        assert scope() == before


def _fail(wrong):
    if wrong == "the caller's own":
        raise ValueError(wrong)
    with connection.cursor() as cursor:
        cursor.execute(wrong)


def test_a_task_reads_everything_and_says_so(people):
    @app.task
    def read():
        return scope()

    with site_scope.sites_of(people["nurse_b"]):
        assert read() == "*"
        assert scope() != "*"


def test_who_reads_closed_snapshots_alone_reads_no_participant(people, site):
    from accounts.roles import Role
    from accounts.services import give_role

    builders.leave(people["nurse_b"])
    give_role(people["nurse_b"], Role.SAFETY_MONITOR, site)

    with site_scope.sites_of(people["nurse_b"]):
        assert scope() == "{}"
