"""The drill: the newest backup is restored on a fresh server, its trail proved there, everything counted and compared.

A backup that nobody restored is a hope. The result is kept where /health/ reads it; what the drill made is removed.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from oversight.models import BackupRun
from records.audit import seals
from sbrtspine import backups, database_programs, encrypted, env
from sbrtspine.devserver import embedded_servers
from sbrtspine.devserver.processes import CannotStart

_NOT_THEIRS = ("DATABASE_OWNER_URL", "BACKUP_DATABASE_URL", "SBRTSPINE_ROLE", "SBRTSPINE_DEMO", "SBRTSPINE_TESTING")


def run(now: datetime, file: Path | None = None) -> BackupRun | None:
    """Drill with the newest backup, or this one; what came of it is kept. None where another process is at it."""
    with backups.alone("drill") as ours:
        if not ours:
            return None
        began = time.monotonic()
        file = file or backups.newest(now)
        sentences, figures = _tried(file)
        return BackupRun.objects.create(
            kind=BackupRun.Kind.DRILL,
            at=now,
            file=file.name if file else "",
            good=not sentences,
            seconds=round(time.monotonic() - began, 1),
            sentences=sentences[:20],
            figures=figures,
        )


def _tried(file: Path | None) -> tuple[list[str], dict[str, Any]]:
    """What went wrong, and what was counted."""
    if file is None:
        return ["There is no backup."], {}
    try:
        with _fresh_server() as server:
            manifest = backups.proved(file)
            _make_roles(server, manifest["likeness"]["roles"])
            backups.restore(file, server.url("postgres"))
            backups.put_seals(manifest, server.state / "seals")
            verification = _verified(server)
    except (encrypted.Refused, backups.Failed, database_programs.NoProgram, CannotStart, psycopg.Error) as error:
        return [_sentence(error)], {}
    rows = sum(manifest["likeness"]["rows"].values())
    figures = {"rows": rows, "audit_rows": verification.get("rows"), "chains": len(manifest["likeness"]["heads"])}
    return [*_other_key(manifest), *_findings(verification)], figures


def _sentence(error: Exception) -> str:
    return f"The database refused: {type(error).__name__}" if isinstance(error, psycopg.Error) else str(error)


def _other_key(manifest: dict[str, Any]) -> list[str]:
    """The seals prove something only with the key that we know."""
    ours = seals.public_file().read_text() if seals.public_file().exists() else ""
    return [] if manifest["public_key"] == ours else ["The seals in the backup are of another key than ours."]


def _findings(verification: dict[str, Any]) -> list[str]:
    """What is contradicted; what stands there is told by verify_audit, not by a line that is kept and printed."""
    if verification.get("verdict") == "proved":
        return []
    return [
        f"verify_audit contradicts {finding['form']} {finding['record']}, {finding['field']}"
        for finding in verification["findings"]
    ]


@contextmanager
def _fresh_server() -> Iterator[embedded_servers.Postgres]:
    """A PostgreSQL of its own in a folder of its own; both are gone afterwards, at the latest with the next drill."""
    state = env.state() / "drill"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(mode=0o700, parents=True)
    server = embedded_servers.Postgres(state, durable=False)
    try:
        server.start()
        server.make_roles()
        yield server
    finally:
        server.stop()
        shutil.rmtree(state, ignore_errors=True)
        shutil.rmtree(server.sockets, ignore_errors=True)


def _make_roles(server: embedded_servers.Postgres, names: list[str]) -> None:
    """Those that own something or have rights, by the names that they have at home."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as database:
        there = {name for (name,) in database.execute("SELECT rolname FROM pg_roles")}
        for name in names:
            if name not in there:
                database.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))


def _verified(server: embedded_servers.Postgres) -> dict[str, Any]:
    """What verify_audit says of the restored database, in a process that knows of no other."""
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_THEIRS}
    environment |= {
        "DATABASE_URL": server.url("postgres"),
        "SBRTSPINE_STATE": str(server.state),
        "SEALS": str(server.state / "seals"),
        "SEAL_KEY_FILE": str(server.state / "no-key"),
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_audit", "--json"],
        cwd=env.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
        return report
    except json.JSONDecodeError:
        raise backups.Failed("verify_audit did not run on the restored database.") from None
