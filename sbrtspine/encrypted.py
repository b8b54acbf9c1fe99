"""Encrypted files: AES-256-GCM in chunks, so that a file of any size streams, and one changed byte is refused.

    magic line | length of the header (4 bytes) | header (JSON) | chunks
    chunk: length of what follows (4 bytes) | ciphertext with its tag

Each file has a key of its own, derived (HKDF-SHA256) from the kept key, the header's salt, and the header itself: a
changed header opens nothing. A chunk's nonce is its place and whether it is the last, so that chunks cannot be
swapped, dropped or appended, and a file that was cut off does not end.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"sbrtspine encrypted file 1\n"
CHUNK = 1 << 20
_TAG = 16
_MAX_HEADER = 1 << 16


class Refused(Exception):
    """This is not a whole, unchanged file made with this key; the sentence says what is wrong."""


def make_key(path: Path) -> bytes:
    """The kept key, 32 random bytes in base64, made at first use with mode 0600."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(base64.b64encode(os.urandom(32)))
            out.flush()
            os.fsync(out.fileno())
    return read_key(path)


def read_key(path: Path) -> bytes:
    """The kept key; Refused where there is none, or somebody else may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise Refused(f"Others may read {path}. Make it yours alone: chmod 600")
        key = base64.b64decode(path.read_bytes(), validate=True)
    except FileNotFoundError:
        raise Refused(f"There is no key at {path}. Bring the one that the backups were made with.") from None
    except ValueError:
        raise Refused(f"{path} holds no key.") from None
    if len(key) != 32:
        raise Refused(f"{path} holds no key.")
    return key


def fingerprint(key: bytes) -> str:
    """What tells one key from another, and nothing about it."""
    return hashlib.sha256(b"fingerprint" + key).hexdigest()[:16]


def encrypt(pieces: Iterable[bytes], out: BinaryIO, key: bytes, **notes: Any) -> None:
    """Write all pieces; what is in `notes` stands readable in the header, protected but not hidden."""
    salt = os.urandom(32)
    header = json.dumps({**notes, "key": fingerprint(key), "salt": salt.hex()}, sort_keys=True).encode()
    cipher = _cipher(key, salt, header)
    out.write(MAGIC + _length(header) + header)
    number, buffer = 0, bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) > CHUNK:  # what may be the last one waits
            _write(out, cipher.encrypt(_nonce(number, last=False), bytes(buffer[:CHUNK]), None))
            del buffer[:CHUNK]
            number += 1
    _write(out, cipher.encrypt(_nonce(number, last=True), bytes(buffer), None))


def header_of(source: BinaryIO) -> dict[str, Any]:
    """What a file tells without a key; nothing is proved by it."""
    header: dict[str, Any] = json.loads(_header(source))
    return header


def decrypt(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The plain pieces, each proved before it is given; Refused where something is wrong, if only at the end."""
    header = _header(source)
    fields = json.loads(header)
    if fields.get("key") != fingerprint(key):
        raise Refused("This file was made with another key.")
    cipher = _cipher(key, bytes.fromhex(fields["salt"]), header)
    number = 0
    while sealed := _chunk(source):
        follows = _peek(source)
        try:
            yield cipher.decrypt(_nonce(number, last=not follows), sealed, None)
        except InvalidTag:
            raise Refused(f"Part {number + 1} of this file was changed, moved or cut off.") from None
        number += 1
    if not number:
        raise Refused("This file was cut off.")


def _cipher(key: bytes, salt: bytes, header: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=salt, info=MAGIC + header).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return (b"\1" if last else b"\0") + number.to_bytes(11, "big")


def _length(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big")


def _write(out: BinaryIO, sealed: bytes) -> None:
    out.write(_length(sealed) + sealed)


def _header(source: BinaryIO) -> bytes:
    if source.read(len(MAGIC)) != MAGIC:
        raise Refused("This is not one of our encrypted files.")
    length = int.from_bytes(source.read(4), "big")
    header = source.read(length) if length <= _MAX_HEADER else b""
    try:
        fields = json.loads(header)
        if len(header) == length and bytes.fromhex(fields["salt"]):
            return header
    except (ValueError, KeyError, TypeError):
        pass
    raise Refused("The head of this file was changed or cut off.")


def _chunk(source: BinaryIO) -> bytes:
    """The next chunk; empty at the end of the file."""
    head = source.read(4)
    if not head:
        return b""
    length = int.from_bytes(head, "big")
    sealed = source.read(length) if _TAG <= length <= CHUNK + _TAG else b""
    if len(head) < 4 or len(sealed) != length:
        raise Refused("This file was changed or cut off.")
    return sealed


def _peek(source: BinaryIO) -> bool:
    """Whether anything follows."""
    follows = source.read(1)
    source.seek(-len(follows), os.SEEK_CUR)
    return bool(follows)
