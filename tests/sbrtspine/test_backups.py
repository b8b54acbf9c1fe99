"""The drill in CI: the demo study is backed up, restored elsewhere, proved and compared; what must fail does."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from oversight import health
from oversight.models import BackupRun
from oversight.scanning import scan
from records.audit import seals
from sbrtspine import backups, database_programs, db_fingerprint, demo, encrypted, restore_drill
from sbrtspine.devserver import embedded_servers
from tests.conftest import superuser

BACKED_UP = datetime(2026, 11, 22, 2, 41, tzinfo=UTC)
ELSEWHERE = "test_restored"


@pytest.fixture
def places(settings, tmp_path):
    """Backups, key and seals in folders of this test."""
    settings.BACKUPS, settings.BACKUP_KEY_FILE = str(tmp_path / "backups"), str(tmp_path / "backup-key")
    settings.SEALS, settings.SEAL_KEY_FILE = str(tmp_path / "seals"), str(tmp_path / "seal-key")
    return tmp_path


@pytest.fixture
def study(committed, places):
    """The demo study, sealed."""
    demo.seed(demo.accounts("a fictional passphrase"), now=timezone.now())
    seals.make(timezone.now())


@pytest.fixture
def small(committed, places, people, site):
    """One participant, sealed."""
    from tests import builders

    participant = builders.register(site, people["nurse"])
    seals.make(timezone.now())
    return participant


@pytest.fixture
def elsewhere(db_address):
    """The address of an empty database on the same server."""
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {ELSEWHERE}")
        server.execute(f"CREATE DATABASE {ELSEWHERE} OWNER sbrtspine_owner")
        yield db_address(ELSEWHERE)
        server.execute(f"DROP DATABASE {ELSEWHERE} WITH (FORCE)")


@pytest.fixture
def db_address():
    def of(database):
        head, _, options = os.environ["TEST_SUPERUSER_URL"].partition("?")
        return head.rsplit("/", 1)[0] + f"/{database}?{options}"

    return of


@pytest.mark.stack
def test_the_drill_restores_the_demo_study_on_a_fresh_server_and_finds_it_equal(study, capsys):
    scan.scan(timezone.now())
    call_command("backup")
    file = backups.files()[-1]

    call_command("drill")

    done = BackupRun.objects.get(kind="drill")
    assert (done.good, done.sentences, done.file) == (True, [], file.name)
    assert done.figures["chains"] >= 13  # one a participant
    assert done.figures["audit_rows"] > 500
    assert "the trail is proved" in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"BLEND-01" not in file.read_bytes()
    state = Path(os.environ["SBRTSPINE_STATE"])
    assert not (state / "drill").exists()
    assert not embedded_servers.socket_folder(state / "drill").exists() or not list(
        embedded_servers.socket_folder(state / "drill").iterdir()
    )


def test_roles_rights_policies_and_guards_arrive_as_they_were(small, elsewhere):
    with superuser() as server:
        server.execute("CREATE POLICY only_some ON records_participant TO sbrtspine_app USING (code <> 'BLEND-99')")
    try:
        file = backups.make(BACKED_UP)
        manifest = backups.restore(file, elsewhere)
    finally:
        with superuser() as server:
            server.execute("DROP POLICY only_some ON records_participant")

    with psycopg.connect(elsewhere) as restored:
        assert db_fingerprint.differences(manifest["likeness"], db_fingerprint.fingerprint_of(restored)) == []
        assert any("only_some" in policy for policy in db_fingerprint.fingerprint_of(restored)["shape"]["policies"])
    with psycopg.connect(elsewhere.replace("postgres@", "sbrtspine_app@")) as app:
        assert app.execute("SELECT code FROM records_participant").fetchall() == [("BLEND-01",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("DELETE FROM records_auditrow")


def test_a_backup_opens_without_us(small, settings, tmp_path):
    """With any reader of age, any tar and pg_restore: whoever has the key needs nothing of this program."""
    file = backups.make(BACKED_UP)
    key = Path(settings.BACKUP_KEY_FILE).read_text().splitlines()[-1]
    archive = tmp_path / "plain.tar"
    archive.write_bytes(pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(key)]))

    def extracted(*names):
        command = ["tar", "--extract", "--to-stdout", "--wildcards", f"--file={archive}", *names]
        return subprocess.run(command, check=True, capture_output=True).stdout

    with psycopg.connect(os.environ["BACKUP_DATABASE_URL"]) as database:
        program = database_programs.find("pg_restore", database.info.server_version // 10_000)
    listed = subprocess.run(
        [program, "--list"], input=extracted("dump.*"), check=True, capture_output=True, text=False
    ).stdout.decode()
    assert "TABLE DATA public records_participant" in listed
    assert json.loads(extracted("manifest.json"))["likeness"]["rows"]["records_participant"] == 1


def test_what_is_not_equal_is_named(small, elsewhere):
    with psycopg.connect(os.environ["BACKUP_DATABASE_URL"]) as database:
        expected = db_fingerprint.fingerprint_of(database)
    expected["rows"]["records_participant"] += 1
    expected["heads"]["participant 99"] = [1, "aa"]
    expected["shape"]["triggers"].append("a trigger that is gone")
    with psycopg.connect(os.environ["BACKUP_DATABASE_URL"]) as database:
        sentences = db_fingerprint.differences(expected, db_fingerprint.fingerprint_of(database))

    assert sentences == [
        "records_participant: rows 1, in the backup 2",
        "participant 99: end of the chain None, in the backup [1, 'aa']",
        "triggers: missing: a trigger that is gone",
    ]


def test_the_role_for_backups_reads_everything_and_writes_nothing(small):
    with psycopg.connect(os.environ["BACKUP_DATABASE_URL"], autocommit=True) as database:
        assert database.execute("SELECT count(*) FROM records_auditrow").fetchone()[0] > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("UPDATE records_participant SET code = 'BLEND-77'")


def test_a_backup_goes_into_an_empty_database_only(small, elsewhere):
    file = backups.make(BACKED_UP)
    with psycopg.connect(elsewhere, autocommit=True) as database:
        database.execute("CREATE TABLE something ()")

    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", str(file), "--into", elsewhere)


def test_the_restore_command_lays_the_seals_and_keeps_those_that_are_there(small, elsewhere, settings, places, capsys):
    file = backups.make(BACKED_UP)
    there = seals.file().read_text()
    settings.SEALS = str(places / "new machine")

    call_command("restore", str(file), "--into", elsewhere)

    assert seals.file().read_text() == there
    assert "rows in" in capsys.readouterr().out
    assert not backups.put_seals({"seals": ["other"], "public_key": ""}, Path(settings.SEALS))
    assert seals.file().read_text() == there


def test_a_changed_backup_touches_nothing(small, elsewhere):
    file = backups.make(BACKED_UP)
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)

    with pytest.raises(encrypted.Refused):
        backups.restore(file, elsewhere)

    with psycopg.connect(elsewhere) as database:
        assert not database.execute("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace").fetchall()


def test_a_dump_that_fails_leaves_no_file_and_is_late_in_health(small, settings):
    settings.BACKUP_DATABASE_URL = settings.BACKUP_DATABASE_URL.replace("/test_sbrtspine", "/no_such_database")

    with pytest.raises(CommandError, match="OperationalError"):
        call_command("backup")

    assert [path.name for path in backups.folder().iterdir()] == ["backup.lock"]
    assert BackupRun.objects.get().good is False
    assert health.good("backup", timezone.now() + timedelta(hours=27))["late"] is True


def test_the_drill_says_when_there_is_no_backup(small):
    with pytest.raises(CommandError, match=r"There is no backup\."):
        call_command("drill")


def test_a_drill_older_than_eight_days_is_late_also_where_later_ones_failed(db, people, site):
    from tests import builders

    builders.register(site, people["nurse"])
    now = timezone.now()
    assert health.good("drill", now)["late"] is False  # nothing is late before its first turn
    assert health.good("drill", now + timedelta(days=9))["late"] is True

    BackupRun.objects.create(kind="drill", at=now, good=True, seconds=1)
    BackupRun.objects.create(kind="drill", at=now + timedelta(days=8), good=False, seconds=1)

    assert health.good("drill", now + timedelta(days=7.9))["late"] is False
    assert health.good("drill", now + timedelta(days=8.1))["late"] is True
    assert health.check(now + timedelta(days=8.1))["drill"]["late"] is True


def test_what_retention_keeps():
    """One backup a night for two years: fourteen days, eight weeks, twelve months, and no more."""
    last = datetime(2026, 11, 25, 2, 41, tzinfo=UTC)
    nights = [last - timedelta(days=back) for back in range(730)]

    keep = backups.kept(nights, daily=14, weekly=8, monthly=12)

    assert set(nights[:14]) <= keep
    assert len(keep) <= 14 + 8 + 12
    assert min(keep) == datetime(2025, 12, 31, 2, 41, tzinfo=UTC)
    assert backups.kept(nights[:1], 0, 0, 0) == {last}
    assert backups.kept([], 14, 8, 12) == set()


def test_only_our_own_old_files_go_and_only_after_a_new_one_is_there(small, settings):
    settings.BACKUPS_KEPT = [2, 0, 0]
    folder = backups.folder()
    folder.mkdir()
    for name in ("sbrtspine-20260101T000000Z.backup", "sbrtspine-20261121T000000Z.backup", "notes.txt", "old.part"):
        (folder / name).write_text("")

    backups.make(BACKED_UP)

    left = sorted(path.name for path in folder.iterdir())
    assert left == [
        "backup.lock", "notes.txt", "sbrtspine-20261121T000000Z.backup", "sbrtspine-20261122T024100Z.backup",
    ]  # fmt: skip


COMPLAINTS = {
    "pg_dump: error: query failed: ERROR:  permission denied for table records_participant\n"
    "pg_dump: detail: Query was: LOCK TABLE Kanarie": "pg_dump failed: permission denied, records_participant",
    'pg_dump: error: COPY failed for table "records_participant": ERROR:  invalid input syntax for type date: "x"\n'
    'CONTEXT:  COPY records_participant, line 1, column note: "error: Kanarie"': (
        "pg_dump failed: COPY failed for table, invalid input syntax for type, records_participant"
    ),
    'pg_dump: error: ERROR:  new row for relation "records_participant" violates check constraint "Kanarie"\n'
    "DETAIL:  Failing row contains (7, Kanarie).": "pg_dump failed: violates check constraint, records_participant",
    'pg_dump: error: connection to server at "Kanarie" failed: FATAL:  password authentication failed for "x"': (
        "pg_dump failed: connection to server, password authentication failed"
    ),
    "pg_dump: error: Kanarie": "pg_dump failed: it did not say why in words that may be repeated here",
    "": "pg_dump failed: it did not say why in words that may be repeated here",
}


@pytest.mark.parametrize("text", COMPLAINTS)
def test_what_a_program_complains_of_is_told_without_what_it_quotes(text):
    with pytest.raises(backups.Failed) as failed:
        list(backups._said(["sh", "-c", 'printf "%s" "$0" >&2; exit 1', text], {}))

    assert str(failed.value) == COMPLAINTS[text]


def test_a_restore_that_fails_on_a_row_does_not_quote_it(small, elsewhere):
    """A dump that is whole, and a server whose rule refuses a row in a sentence with its value."""
    refusing = "IF current_setting('a.b', true) = 'elsewhere' THEN RAISE EXCEPTION 'not %', word; END IF; RETURN true"
    with superuser() as server:
        server.execute(
            f"CREATE FUNCTION fits(word text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN {refusing}; END $$"
        )
        server.execute("CREATE TABLE canary (word text CHECK (public.fits(word)))")
        server.execute("INSERT INTO canary VALUES ('Kanarie4711')")
    try:
        file = backups.make(BACKED_UP)
    finally:
        with superuser() as server:
            server.execute("DROP TABLE canary; DROP FUNCTION fits")
    with psycopg.connect(elsewhere, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {ELSEWHERE} SET a.b = 'elsewhere'")

    with pytest.raises(backups.Failed, match="pg_restore failed: COPY failed for table") as failed:
        backups.restore(file, elsewhere)

    assert "Kanarie" not in str(failed.value)


def test_a_drill_names_what_its_proof_found_and_not_what_stands_there():
    """Its sentences are kept, and printed by whatever runs it at night; verify_audit says the values to who asks."""
    what = "the record holds Kanarie4711, its history says nothing"
    finding = {"participant": "BLEND-01", "form": "visit", "record": 7, "field": "note", "what": what}

    sentences = restore_drill._findings({"verdict": "broken", "findings": [finding]})

    assert sentences == ["verify_audit contradicts visit 7, note"]
    assert restore_drill._findings({"verdict": "proved", "findings": []}) == []


def test_two_at_once_make_one(small):
    with backups.alone("backup"):
        assert backups.run(BACKED_UP) is None
    with backups.alone("drill"):
        assert restore_drill.run(BACKED_UP) is None
