"""Backups: one encrypted file with the database as of one instant, the seals, and what a restored one must be like.

What is encrypted (in the age format) is a tar of the manifest and of pg_dump's own format: it opens without us. Nothing
plain touches the disk.
"""

import json
import os
import re
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import psycopg
from django.apps import apps
from django.conf import settings

from accounts.due import is_ahead
from oversight.models import BackupRun
from records.audit import seals
from sbrtspine import backup_archive, database_programs, db_fingerprint, encrypted
from sbrtspine.devserver.processes import try_lock

SUFFIX, STAMP = ".backup", "%Y%m%dT%H%M%SZ"
_PIECE = 1 << 18
# What pg_dump and pg_restore complain of, as far as it is repeated: the rest of their sentences quotes rows.
_COMPLAINTS = (
    "connection to server", "could not translate host name", "Connection refused", "No such file or directory",
    "password authentication failed", "no password supplied", "permission denied", "must be owner", "server version",
    "unsupported version", "No space left on device", "out of memory", "canceling statement due to",
    "terminating connection due to", "server closed the connection", "invalid snapshot identifier",
    "COPY failed for table", "invalid input syntax for type", "out of range", "violates check constraint",
    "violates foreign key constraint", "violates not-null constraint", "violates unique constraint",
    "could not create unique index", "already exists", "does not exist",
)  # fmt: skip


class Failed(RuntimeError):
    """A backup or a restore did not succeed; the message says why, without a participant's data."""


def folder() -> Path:
    return Path(settings.BACKUPS)


def made_at(file: Path) -> datetime | None:
    """When a backup was made, by its name; None for what is no backup of ours."""
    try:
        stamp = file.name.removeprefix("sbrtspine-").removesuffix(SUFFIX)
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def files() -> list[Path]:
    """All backups, the oldest first."""
    return sorted(file for file in folder().glob(f"sbrtspine-*{SUFFIX}") if made_at(file))


def newest(now: datetime) -> Path | None:
    """The newest backup; one named by a clock that was ahead only where there is no other."""
    return max(files(), key=lambda file: (not is_ahead(made_at(file), now), file.name), default=None)


@contextmanager
def alone(what: str) -> Iterator[bool]:
    """Whether we are the only one on this machine at it; a lock that ends with the process."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = try_lock(folder() / f"{what}.lock")
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def run(now: datetime) -> BackupRun | None:
    """Back up and keep what came of it, where /health/ reads it; None where another process is at it."""
    began, file, sentences = time.monotonic(), None, []
    try:
        file = make(now)
        if file is None:
            return None
    except (Failed, encrypted.Refused, database_programs.NoProgram) as error:
        sentences = [str(error)]
    except (psycopg.Error, OSError) as error:  # their messages may quote what was read
        sentences = [f"{type(error).__name__}{f': {error.strerror}' if isinstance(error, OSError) else ''}"]
    return BackupRun.objects.create(
        kind=BackupRun.Kind.BACKUP,
        at=now,
        file=file.name if file else "",
        good=not sentences,
        seconds=round(time.monotonic() - began, 1),
        sentences=sentences,
        figures={"bytes": file.stat().st_size} if file else {},
    )


def make(now: datetime) -> Path | None:
    """Back up, then let go of what retention no longer keeps; None where another process is at it."""
    with alone("backup") as ours:
        if not ours:
            return None
        file = folder() / f"sbrtspine-{now.astimezone(UTC).strftime(STAMP)}{SUFFIX}"
        for leftover in folder().glob("*.part"):
            leftover.unlink()
        _write(file, now)
        _prune(now)
        return file


def _write(file: Path, now: datetime) -> None:
    """Whole and on disk under its name, or not at all."""
    part = file.with_suffix(".part")
    key = encrypted.make_key(Path(settings.BACKUP_KEY_FILE))
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            encrypted.encrypt(_contents(now), out, key)
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    directory = os.open(file.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def _contents(now: datetime) -> Iterator[bytes]:
    """Manifest and dump of one snapshot."""
    with psycopg.connect(settings.BACKUP_DATABASE_URL) as database:
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        database.read_only = True
        snapshot = db_fingerprint.single(database, "SELECT pg_export_snapshot()")
        program = database_programs.find("pg_dump", database.info.server_version // 10_000)
        manifest = json.dumps(_manifest(database, now)).encode()
        where, environment = database_programs.address(settings.BACKUP_DATABASE_URL)
        dump = [str(program), "--format=custom", f"--snapshot={snapshot}", f"--dbname={where}"]
        yield from backup_archive.packed(manifest, _said(dump, environment))


def _manifest(database: psycopg.Connection, now: datetime) -> dict[str, Any]:
    """What the restored database must be like, and the seals that it knows of."""
    known = db_fingerprint.single(database, "SELECT count(*) FROM public.records_seal")
    lines = seals.file().read_text(encoding="utf-8").splitlines() if seals.file().exists() else []
    return {
        "made_at": now.isoformat(),
        "server": database.info.server_version // 10_000,
        "likeness": db_fingerprint.fingerprint_of(database),
        "seals": lines[:known],  # one more may have been made since the snapshot
        "public_key": seals.public_file().read_text() if seals.public_file().exists() else "",
    }


def _said(command: list[str], environment: dict[str, str]) -> Iterator[bytes]:
    """What a program writes; Failed with its complaint where it does not end well."""
    with tempfile.TemporaryFile() as complaint:
        program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=complaint, cwd="/")
        output = cast("BinaryIO", program.stdout)  # a pipe, as was asked
        try:
            while piece := output.read(_PIECE):
                yield piece
        finally:
            output.close()
            program.wait()
        if program.returncode:
            raise Failed(_complaint("pg_dump", complaint))


def _complaint(name: str, file: BinaryIO) -> str:
    """What it complains of, in words that we know, and about which of our tables: its own sentences quote rows."""
    file.seek(0)
    text = " ".join(line for line in file.read().decode(errors="replace").splitlines() if "error:" in line)
    complaints = [complaint for complaint in _COMPLAINTS if complaint in text]
    tables = sorted({model._meta.db_table for model in apps.get_models()} & set(re.findall(r"\w+", text)))
    return (
        f"{name} failed: {', '.join([*complaints, *tables]) or 'it did not say why in words that may be repeated here'}"
    )


def kept(stamps: Iterable[datetime], daily: int, weekly: int, monthly: int) -> set[datetime]:
    """The newest of each of the last so many days, ISO weeks and months that have one; the newest of all always."""
    newest_first = sorted(stamps, reverse=True)
    keep = set(newest_first[:1])
    for most, period in ((daily, "%Y-%m-%d"), (weekly, "%G-%V"), (monthly, "%Y-%m")):
        newest_of: dict[str, datetime] = {}
        for stamp in newest_first:
            newest_of.setdefault(stamp.strftime(period), stamp)
        keep |= set(list(newest_of.values())[:most])
    return keep


def _prune(now: datetime) -> None:
    """Only after a backup succeeded, and only files that are named as ours are."""
    there = {file: stamp for file in files() if (stamp := made_at(file)) and stamp <= now}
    keep = kept(there.values(), *settings.BACKUPS_KEPT)
    for file, stamp in there.items():
        if stamp not in keep:
            file.unlink()


def opened(source: BinaryIO) -> tuple[dict[str, Any], Iterator[bytes]]:
    """Manifest and dump of a backup, decrypted as they are read."""
    plain = encrypted.decrypt(source, encrypted.read_key(Path(settings.BACKUP_KEY_FILE)))
    contents = backup_archive.unpacked(plain)
    try:
        return json.loads(next(contents, b"")), contents
    except (ValueError, tarfile.TarError):
        raise encrypted.Refused("This file holds no backup.") from None


def proved(file: Path) -> dict[str, Any]:
    """The manifest of a backup of which every byte was read and found unchanged; encrypted.Refused otherwise."""
    try:
        with file.open("rb") as source:
            manifest, dump = opened(source)
            for _piece in dump:
                pass
    except OSError as error:
        raise encrypted.Refused(f"{file} cannot be read: {error.strerror}.") from None
    return manifest


def restore(file: Path, into: str) -> dict[str, Any]:
    """Put a backup into an empty database, whole or not at all; its manifest. Failed where it does not arrive equal."""
    manifest = proved(file)  # before anything is touched
    with psycopg.connect(into) as database:
        _may_receive(database, manifest)
        program = database_programs.find("pg_restore", database.info.server_version // 10_000)
    where, environment = database_programs.address(into)
    command = [str(program), "--exit-on-error", "--single-transaction", f"--dbname={where}"]
    with file.open("rb") as source:
        _feed(command, environment, opened(source)[1])
    with psycopg.connect(into) as database:
        different = db_fingerprint.differences(manifest["likeness"], db_fingerprint.fingerprint_of(database))
    if different:
        raise Failed("What was restored is not what was backed up: " + "; ".join(different[:20]))
    return manifest


def _may_receive(database: psycopg.Connection, manifest: dict[str, Any]) -> None:
    if database.execute("SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace LIMIT 1").fetchone():
        raise Failed("That database is not empty. A backup is only restored into a new one.")
    major = database.info.server_version // 10_000
    if major < manifest["server"]:
        raise Failed(f"The backup is of PostgreSQL {manifest['server']}; that server is {major}. Use a newer one.")
    there = {name for (name,) in database.execute("SELECT rolname FROM pg_roles")}
    if missing := [name for name in manifest["likeness"]["roles"] if name not in there]:
        raise Failed(f"Make these roles on that server first: {', '.join(missing)}.")


def _feed(command: list[str], environment: dict[str, str], pieces: Iterator[bytes]) -> None:
    """Into a program; it is killed, and its transaction with it, where a piece turns out to be false."""
    with tempfile.TemporaryFile() as complaint:
        program = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaint, cwd="/"
        )
        sink = cast("BinaryIO", program.stdin)  # a pipe, as was asked
        try:
            for piece in pieces:
                sink.write(piece)
            sink.close()
        except BrokenPipeError:
            pass  # it has ended, and says why below
        except BaseException:
            program.kill()
            raise
        finally:
            program.wait()
        if program.returncode:
            raise Failed(_complaint("pg_restore", complaint))


def put_seals(manifest: dict[str, Any], where: Path) -> bool:
    """Lay the backup's seals and public key in a folder; False, and nothing is touched, where there are seals."""
    if (where / "seals.jsonl").exists():
        return False
    where.mkdir(parents=True, exist_ok=True)
    (where / "seals.jsonl").write_text("".join(line + "\n" for line in manifest["seals"]), encoding="utf-8")
    if manifest["public_key"] and not (where / "seal.pub").exists():
        (where / "seal.pub").write_text(manifest["public_key"])
    return True
