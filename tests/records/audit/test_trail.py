"""What the application's role cannot do to the trail, and what the verifier finds after a superuser did."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from procedures.models import Surgery
from records.audit import verification
from records.models import AuditRow
from tests import builders
from tests.builders import amsterdam
from tests.conftest import superuser

FORBIDDEN = [
    "UPDATE procedures_surgery SET blood_loss_ml = 3",
    "DELETE FROM procedures_surgery",
    "TRUNCATE procedures_surgery CASCADE",
    "ALTER TABLE procedures_surgery DISABLE TRIGGER ALL",
    "DROP TRIGGER audited ON procedures_surgery",
    "UPDATE records_auditrow SET reason = 'another'",
    "DELETE FROM records_auditrow",
    "TRUNCATE records_auditrow",
    "ALTER TABLE records_auditrow DISABLE TRIGGER ALL",
    "INSERT INTO records_auditrow SELECT * FROM records_auditrow",
    "UPDATE records_audithead SET seq = 0",
    "DROP FUNCTION records_audit() CASCADE",
    "CREATE OR REPLACE FUNCTION records_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "SET session_replication_role = replica",
    "SET ROLE sbrtspine_owner",
    "SELECT setval('records_auditrow_id_seq', 1)",
]


@pytest.fixture
def operation(people, site):
    participant = builders.register(site, people["nurse"])
    return builders.record(
        Surgery, participant, people["nurse"], index="yes", incision_at=amsterdam("2016-03-08 14:05")
    )


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_the_applications_role_is_refused(operation, sql):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_who_and_why_in_raw_sql_leave_a_row(operation, people):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sbrtspine.person', %s, true)", [str(people["nurse"].pk)])
        cursor.execute("SELECT set_config('sbrtspine.reason', 'by hand', true)")
        cursor.execute("UPDATE procedures_surgery SET blood_loss_ml = 3")

    assert AuditRow.objects.latest("id").changes == {"blood_loss_ml": [None, 3]}


def test_an_untouched_trail_is_proved(operation, people):
    builders.change(operation, people["surgeon"], blood_loss_ml=300)

    assert verification.verify() == []


TAMPERING = {
    "an audit row": (
        "UPDATE records_auditrow SET changes = jsonb_set(changes, '{blood_loss_ml,1}', '30')"
        " WHERE changes ? 'blood_loss_ml'",
        "blood_loss_ml",
    ),
    "who wrote an audit row": (
        "UPDATE records_auditrow SET actor = 'Somebody else' WHERE changes ? 'blood_loss_ml'",
        "blood_loss_ml",
    ),
    "a clinical row": ("UPDATE procedures_surgery SET blood_loss_ml = 30", "blood_loss_ml"),
    "the end of a chain": (
        "DELETE FROM records_auditrow WHERE id = (SELECT max(id) FROM records_auditrow)",
        "blood_loss_ml",
    ),
    "the end of a chain and its head": (
        "DELETE FROM records_auditrow WHERE id = (SELECT max(id) FROM records_auditrow);"
        "UPDATE records_audithead h SET seq = r.seq, hash = r.hash FROM records_auditrow r"
        " WHERE r.chain = h.chain AND r.id = (SELECT max(id) FROM records_auditrow)",
        "blood_loss_ml",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_superusers_tampering_is_named(committed, people, site, what, capsys):
    participant = builders.register(site, people["nurse"])
    operation = builders.record(Surgery, participant, people["nurse"], index="yes")
    builders.change(operation, people["surgeon"], blood_loss_ml=300)
    sql, field = TAMPERING[what]
    with superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute(sql)

    with pytest.raises(CommandError, match="contradicts"):
        call_command("verify_audit")

    output = capsys.readouterr().out
    assert participant.code in output
    assert f"surgery · record key {operation.pk}" in output
    assert field in output
