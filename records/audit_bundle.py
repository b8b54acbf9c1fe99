"""The audit trail as a bundle that proves itself: rows, heads, tables, seals, public key, and the verifier."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from django.db import connection, transaction

from records import crf, offline_verifier, seals

# `changes` as PostgreSQL writes it, and the instant as the link's hash has it: nothing needs to be normalised.
_ROWS = """
SELECT json_build_object('id', id, 'chain', chain, 'seq', seq, 'at',
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'person_id', person_id, 'actor', actor,
    'db_role', db_role, 'action', action, 'table', "table", 'record_id', record_id, 'transaction', transaction,
    'reason', reason, 'changes', changes::text, 'salt', salt, 'digest', digest, 'previous', previous,
    'hash', hash)::text
FROM records_auditrow ORDER BY id
"""
_TABLE = "SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY id"
_HEADS = (
    "SELECT json_build_object('chain', chain, 'seq', seq, 'hash', hash)::text FROM records_audithead ORDER BY chain"
)


def write(to: IO[bytes], now: datetime) -> dict[str, int]:
    """Write the zip, all of one instant; answers the number of lines of each file."""
    counts: dict[str, int] = {}
    sums: dict[str, str] = {}
    with transaction.atomic(), zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as bundle:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ" if _first() else "SELECT 1")
            cursor.execute("SET LOCAL timezone = 'UTC'")
        files = {"audit.jsonl": _ROWS, "heads.jsonl": _HEADS}
        for model in crf.audited_models():
            table = model._meta.db_table
            files[f"tables/{table}.jsonl"] = _TABLE.format(table=table)
        for name, sql in files.items():
            counts[name], sums[name] = _add(bundle, name, _lines(sql))
        sealed = seals.file().read_text().splitlines(keepends=True) if seals.file().exists() else []
        counts["seals.jsonl"], sums["seals.jsonl"] = _add(bundle, "seals.jsonl", iter(sealed))
        public = seals.public_file().read_text() if seals.public_file().exists() else ""
        _count, sums["seal.pub"] = _add(bundle, "seal.pub", iter([public]))
        bundle.writestr("verify.py", Path(offline_verifier.__file__).read_text())
        bundle.writestr("manifest.json", json.dumps({"made_at": now.isoformat(), "sha256": sums}, indent=1))
    return counts


def _first() -> bool:
    """Whether this transaction is ours alone: its isolation can be set only before its first statement."""
    return not connection.savepoint_ids


def _lines(sql: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while found := cursor.fetchmany(2000):
            for (line,) in found:
                yield line + "\n"


def _add(bundle: zipfile.ZipFile, name: str, lines: Iterator[str]) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    with bundle.open(name, "w") as file:
        for line in lines:
            count += 1
            digest.update(line.encode())
            file.write(line.encode())
    return count, digest.hexdigest()
