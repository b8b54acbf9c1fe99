"""Encrypted files in the age format (age-encryption.org/v1): streamed, and refused where one byte was changed.

The kept key is an age identity, as `age-keygen` writes it: `age --decrypt --identity KEY FILE` opens a file without us.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage.x25519 import Identity

_PIECE = 1 << 18


class Refused(Exception):
    """This is not a whole, unchanged file made with this key; the sentence says what is wrong."""


def make_key(path: Path) -> Identity:
    """The kept key, made at first use with mode 0600."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = Identity.generate()
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            out.write(f"# public key: {key.to_public()}\n{key}\n")
            out.flush()
            os.fsync(out.fileno())
    return read_key(path)


def read_key(path: Path) -> Identity:
    """The kept key; Refused where there is none, or somebody else may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise Refused(f"Others may read {path}. Make it yours alone: chmod 600")
        lines = path.read_text(encoding="ascii").splitlines()
        [line] = [line for line in lines if line.strip() and not line.startswith("#")]
        return Identity.from_str(line.strip())
    except FileNotFoundError:
        raise Refused(f"There is no key at {path}. Bring the one that the backups were made with.") from None
    except (ValueError, pyrage.IdentityError):
        raise Refused(
            f"{path} holds no age key. A key of an earlier release opens the backups of that release alone: move it"
            " away, keep it as long as they are kept, and copy the new one that the next backup makes."
        ) from None


def encrypt(pieces: Iterable[bytes], out: BinaryIO, key: Identity) -> None:
    """Write all pieces; what goes wrong while they are made is raised as it was."""
    source = _Source(pieces)
    try:
        pyrage.encrypt_io(source, out, [key.to_public()])
    except (pyrage.EncryptError, OSError):
        if source.error is not None:
            raise source.error from None
        raise


class _Source:
    """Pieces as a file to be read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces, self.buffer = iter(pieces), bytearray()
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            while len(self.buffer) < size and (piece := next(self.pieces, None)) is not None:
                self.buffer += piece
        except Exception as error:
            self.error = error
            raise
        read = bytes(self.buffer[:size])
        del self.buffer[:size]
        return read


def decrypt(source: BinaryIO, key: Identity) -> Iterator[bytes]:
    """The plain pieces, each proved before it is given; Refused where something is wrong, if only at the end."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(max_workers=1) as pool, os.fdopen(reading, "rb") as plain:
        proof = pool.submit(_decrypt, source, writing, key)
        while piece := plain.read(_PIECE):
            yield piece
        proof.result()


def _decrypt(source: BinaryIO, into: int, key: Identity) -> None:
    with os.fdopen(into, "wb") as plain:
        try:
            pyrage.decrypt_io(source, plain, [key])
        except pyrage.DecryptError as error:
            raise Refused(_REASONS.get(str(error), _NOT_OURS)) from None
        except OSError as error:
            if error.errno is not None:  # of the disk, or of the pipe
                raise
            raise Refused("Part of this file was changed, moved or cut off.") from None


_REASONS = {
    "No matching keys found": "This file was made with another key, or its head was changed.",
    "Header MAC is invalid": "The head of this file was changed.",
}
_NOT_OURS = "This is no age file, or its head was changed. A backup of an earlier release is restored by that release."
