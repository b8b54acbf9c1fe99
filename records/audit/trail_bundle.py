"""The audit trail as a bundle that proves itself: rows, heads, tables, seals, public key, and the verifier."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from os import SEEK_END
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction

from records.audit import offline_verifier, seals
from records.model import registry

# `changes` as PostgreSQL writes it, and the instant as the link's hash has it: nothing needs to be normalised.
_ROWS = """
SELECT json_build_object('id', id, 'chain', chain, 'seq', seq, 'at',
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'person_id', person_id, 'actor', actor,
    'db_role', db_role, 'action', action, 'table', "table", 'record_id', record_id, 'participant_id', participant_id,
    'transaction', transaction, 'reason', reason, 'changes', changes::text, 'salt', salt, 'digest', digest,
    'previous', previous, 'hash', hash, 'form', form)::text
FROM records_auditrow ORDER BY id
"""
_PIECE = 1 << 20
_TABLE = "SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY id"
_HEADS = (
    "SELECT json_build_object('chain', chain, 'seq', seq, 'hash', hash)::text FROM records_audithead ORDER BY chain"
)


def write(to: IO[bytes], now: datetime) -> dict[str, int]:
    """Write the zip, all of one instant, into a file that can be read too; answers the number of lines of each part."""
    counts: dict[str, int] = {}
    sums: dict[str, str] = {}
    with transaction.atomic(), zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as bundle:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ" if _first() else "SELECT 1")
            cursor.execute("SET LOCAL timezone = 'UTC'")
        files = {"audit.jsonl": _ROWS, "heads.jsonl": _HEADS}
        for model in registry.audited_models():
            table = model._meta.db_table
            files[f"tables/{table}.jsonl"] = _TABLE.format(table=table)
        for name, sql in files.items():
            counts[name], sums[name] = _add(bundle, name, _lines(sql))
        sealed = seals.file().read_text().splitlines(keepends=True) if seals.file().exists() else []
        counts["seals.jsonl"], sums["seals.jsonl"] = _add(bundle, "seals.jsonl", iter(sealed))
        public = seals.public_file().read_text() if seals.public_file().exists() else ""
        _count, sums["seal.pub"] = _add(bundle, "seal.pub", iter([public]))
        verifier = Path(offline_verifier.__file__).read_text(encoding="utf-8")
        _count, sums["verify.py"] = _add(bundle, "verify.py", iter([verifier]))
        bundle.writestr("manifest.json", json.dumps(_manifest(now, sums), indent=1))
        bundle.comment = b"0" * offline_verifier.SUM
    _sum_at_its_end(to)
    return counts


def _manifest(now: datetime, sums: dict[str, str]) -> dict[str, Any]:
    """The sums of all files, signed with the key of the seals; `columns` are those that the tables have today."""
    columns = {
        model._meta.db_table: [field.column for field in model._meta.local_concrete_fields]
        for model in registry.audited_models()
    }
    manifest = {"made_at": now.isoformat(), "sha256": sums, "columns": columns}
    return {**manifest, "signature": seals.sign(manifest)}


def _sum_at_its_end(file: IO[bytes]) -> None:
    """Put the digest of everything before it in the place of the comment, the zip's last bytes."""
    end = file.seek(-offline_verifier.SUM, SEEK_END)
    digest = hashlib.sha256()
    file.seek(0)
    while (left := end - file.tell()) > 0:
        digest.update(file.read(min(left, _PIECE)))
    file.write(digest.hexdigest().encode())


def _first() -> bool:
    """Whether this transaction is ours alone: its isolation can be set only before its first statement."""
    return not connection.savepoint_ids


def _lines(sql: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while batch := cursor.fetchmany(2000):
            for (line,) in batch:
                yield line + "\n"


def _add(bundle: zipfile.ZipFile, name: str, lines: Iterator[str]) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    with bundle.open(name, "w") as file:
        for line in lines:
            count += 1
            digest.update(line.encode())
            file.write(line.encode())
    return count, digest.hexdigest()
