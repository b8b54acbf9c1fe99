"""What stands in a backup, as a tar that is written and read in one pass: the manifest first, then the dump in parts.

Any tar reads it: `age --decrypt --identity KEY FILE | tar --extract --to-stdout --wildcards 'dump.*' | pg_restore …`
"""

import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any

MANIFEST = "manifest.json"
_PART = 8 << 20  # of the dump; a tar says how long each of its files is before it begins


def packed(manifest: bytes, dump: Iterable[bytes]) -> Iterator[bytes]:
    """The archive, piece by piece."""
    yield from _file(MANIFEST, manifest)
    number, buffer = 0, bytearray()
    for piece in dump:
        buffer += piece
        while len(buffer) >= _PART:
            yield from _file(f"dump.{number:06}", bytes(buffer[:_PART]))
            del buffer[:_PART]
            number += 1
    yield from _file(f"dump.{number:06}", bytes(buffer))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _file(name: str, content: bytes) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    yield info.tobuf(tarfile.USTAR_FORMAT)
    yield content
    yield bytes(-len(content) % tarfile.BLOCKSIZE)


def unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The manifest, then the parts of the dump; whatever is wrong with the last piece is raised, too."""
    with tarfile.open(fileobj=_Pieces(pieces), mode="r|") as archive:
        for member in archive:
            yield _content(archive, member)
    for _rest in pieces:
        pass


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = archive.extractfile(member)
    return content.read() if content else b""


class _Pieces(io.RawIOBase):
    """Pieces as a file to be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self.rest and (piece := next(self.pieces, None)) is not None:
            self.rest = piece
        read, self.rest = self.rest[: len(into)], self.rest[len(into) :]
        into[: len(read)] = read
        return len(read)
