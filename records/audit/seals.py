"""Seals: the ends of all chains, signed (Ed25519) and kept outside the database.

Whoever can rewrite a whole chain can also give it fresh hashes; a seal made before tells. Each seal names the chains
that grew since the one before it and carries that one's digest, so that none can be taken out; the database keeps the
digest of each, so that the last one cannot be cut off the file unseen. Rows younger than the last seal (an hour at
most) are protected by their chain alone.
"""

import base64
import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.db import connection, models, transaction

from records.advisory_locks import AdvisoryLock

FIRST = ""  # what the first seal says of the one before it


class Seal(models.Model):
    """That a seal was made. The application may add and read these, nothing else; the seal itself is in the file."""

    number = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        ordering = ["number"]

    def __str__(self) -> str:
        return f"seal {self.number}"


class AuditCheck(models.Model):
    """One proving of the whole trail: when, how many rows, what was found."""

    at = models.DateTimeField()
    rows = models.BigIntegerField()
    findings = models.PositiveIntegerField()
    sentences = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.findings} findings"


def file() -> Path:
    """All seals, one JSON line each, the oldest first."""
    return Path(settings.SEALS) / "seals.jsonl"


def public_file() -> Path:
    """The public key beside the seals, 32 bytes in base64; keep a copy elsewhere."""
    return Path(settings.SEALS) / "seal.pub"


def make(now: datetime) -> Seal | None:
    """Seal what has grown since the last seal; None where nothing has, or another sealing is at work."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [AdvisoryLock.SEALS])
        if not cursor.fetchone()[0]:
            return None
        lines = _lines()
        _catch_up(lines)
        known = _sealed(lines)
        cursor.execute("SELECT chain, seq, hash FROM records_audithead ORDER BY chain")
        grown = {chain: [seq, link] for chain, seq, link in cursor.fetchall() if known.get(chain) != [seq, link]}
        if not grown:
            return None
        line = _signed(len(lines) + 1, now, lines[-1] if lines else None, grown)
        _append(line)
        return Seal.objects.create(number=len(lines) + 1, at=now, digest=digest_of(line))


def _lines() -> list[str]:
    try:
        return file().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _catch_up(lines: list[str]) -> None:
    """A crash between file and table leaves one line that the table does not know yet."""
    known = Seal.objects.count()
    if len(lines) == known + 1 and not _wrong(lines[-1], known + 1, lines[-2] if known else None, _public()):
        document = json.loads(lines[-1])
        Seal.objects.create(number=known + 1, at=datetime.fromisoformat(document["at"]), digest=digest_of(lines[-1]))


def _sealed(lines: list[str]) -> dict[str, list[Any]]:
    heads: dict[str, list[Any]] = {}
    for line in lines:
        heads.update(json.loads(line)["heads"])
    return heads


def _signed(number: int, now: datetime, before: str | None, heads: dict[str, list[Any]]) -> str:
    document = {
        "number": number,
        "at": now.isoformat(),
        "previous": digest_of(before) if before else FIRST,
        "heads": heads,
    }
    signature = _private().sign(_text(document))
    return json.dumps({**document, "signature": base64.b64encode(signature).decode()}, sort_keys=True)


def sign(document: dict[str, Any]) -> str:
    """The key's signature of something else that is to stay as it is, in base64."""
    return base64.b64encode(_private().sign(_text(document))).decode()


def is_signed(document: dict[str, Any], signature: str) -> bool:
    """Whether `sign` gave this signature of this."""
    try:
        _public().verify(base64.b64decode(signature), _text(document))
    except (ValueError, InvalidSignature):
        return False
    return True


def _text(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def digest_of(line: str) -> str:
    """SHA-256 of a seal's line."""
    return hashlib.sha256(line.encode()).hexdigest()


def _append(line: str) -> None:
    """On disk before the database says so."""
    file().parent.mkdir(parents=True, exist_ok=True)
    with file().open("a", encoding="utf-8") as out:
        out.write(line + "\n")
        out.flush()
        os.fsync(out.fileno())


def _private() -> Ed25519PrivateKey:
    """The key, made at first use with mode 0600; the public one is put beside the seals."""
    path = Path(settings.SEAL_KEY_FILE)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(base64.b64encode(raw))
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_bytes()))
    if not public_file().exists():
        public_file().parent.mkdir(parents=True, exist_ok=True)
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        public_file().write_bytes(base64.b64encode(raw))
    return key


def _public() -> Ed25519PublicKey:
    """From the private key where we have it: the file beside the seals could have been changed with them."""
    if Path(settings.SEAL_KEY_FILE).exists():
        return _private().public_key()
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public_file().read_bytes()))


def findings() -> list[str]:
    """Every contradiction in the seals, between file and table, and between a seal and the chains it sealed."""
    lines, known = _lines(), {seal.number: seal for seal in Seal.objects.all()}
    if not lines and not known:
        return []
    sentences = [f"seal {number} is missing from the file" for number in sorted(known) if number > len(lines)]
    public = _public() if lines else None
    sealed: dict[tuple[str, int], tuple[str, int]] = {}
    for index, line in enumerate(lines, start=1):
        wrong = _wrong(line, index, lines[index - 2] if index > 1 else None, public)
        if wrong:
            sentences.append(f"seal {index}: {wrong}")
            continue
        if index not in known or known[index].digest != digest_of(line):
            sentences.append(f"seal {index}: the database knows another one, or none")
        for chain, (seq, link) in json.loads(line)["heads"].items():
            sealed[chain, seq] = (link, index)
    return sentences + _broken(sealed)


def _wrong(line: str, number: int, before: str | None, public: Any) -> str:
    try:
        document = json.loads(line)
        signature = base64.b64decode(document.pop("signature"))
        public.verify(signature, _text(document))
    except (ValueError, KeyError, AttributeError, TypeError, InvalidSignature):
        return "its signature is not right"
    if document["number"] != number or document["previous"] != (digest_of(before) if before else FIRST):
        return "a seal before it is missing, or the order was changed"
    return ""


def _broken(sealed: dict[tuple[str, int], tuple[str, int]]) -> list[str]:
    """Sealed ends that the trail no longer holds as they were."""
    chains, seqs = [chain for chain, _seq in sealed], [seq for _chain, seq in sealed]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.chain, w.seq, r.hash FROM unnest(%s::text[], %s::bigint[]) AS w(chain, seq)"
            " LEFT JOIN records_auditrow AS r ON r.chain = w.chain AND r.seq = w.seq",
            [chains, seqs],
        )
        there = {(chain, seq): link for chain, seq, link in cursor.fetchall()}
    return [
        f"{chain}, row {seq}: not what seal {number} sealed"
        for (chain, seq), (link, number) in sealed.items()
        if there.get((chain, seq)) != link
    ]
