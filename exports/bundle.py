"""Everything of one selection in one zip, as a stream: tables, dictionary, codebook, readers, checksums.

Nothing in it tells when or by whom it was made, so the same data as of the same instant are the same bytes.
"""

import hashlib
import json
import zipfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from exports.data import disclosure, export_tables
from exports.documents import annotated_form, dictionary
from exports.reading import codebook, readme, scripts
from exports.selection import Selection
from protocol.study import STUDY


class _Pipe:
    """What the zip writes into; what came in since is taken out and passed on."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, content: bytes, /) -> int:
        self.written.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is held back but what `taken` will give."""

    def close(self) -> None:
        """What zipfile was handed open it leaves open."""

    def taken(self) -> bytes:
        content = b"".join(self.written)
        self.written.clear()
        return content


@contextmanager
def _one_picture() -> Iterator[None]:
    """All tables as they were at one moment, whoever writes meanwhile."""
    began = not connection.in_atomic_block
    with transaction.atomic():
        if began:
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@dataclass
class Bundle:
    """One zip as it is made. After the last block, `records` and `sums` say what was in it."""

    selection: Selection
    now: datetime
    purpose: str = "statistician"
    records: dict[str, int] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)

    def blocks(self) -> Generator[bytes, None, None]:
        """The zip from its first byte to its last, with memory that does not grow."""
        pipe, tables = _Pipe(), export_tables.tables(self.selection)
        with _one_picture(), zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            for table in tables:
                self.records[table.name] = 0
                for _ in self._put(archive, f"{table.name}.csv", self._counted(table)):
                    yield pipe.taken()
            for name, text in self._texts(tables):
                list(self._put(archive, name, [text.encode()]))
            yield pipe.taken()
            archive.writestr(self._entry("manifest.json"), json.dumps(self._manifest(), indent=1, ensure_ascii=False))
        yield pipe.taken()

    def _counted(self, table: export_tables.Table) -> Iterator[bytes]:
        for block in table.blocks(self.selection):
            self.records[table.name] += getattr(block, "records", 0)
            yield block

    def _put(self, archive: zipfile.ZipFile, name: str, blocks: Iterable[bytes]) -> Iterator[None]:
        """One file, block by block; its sum is kept."""
        digest = hashlib.sha256()
        with archive.open(self._entry(name), "w", force_zip64=True) as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
                yield
        self.sums[name] = digest.hexdigest()

    def _entry(self, name: str) -> zipfile.ZipInfo:
        at = (self.selection.at or self.now).astimezone(UTC)
        entry = zipfile.ZipInfo(name, at.timetuple()[:6])
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        return entry

    def _texts(self, tables: list[export_tables.Table]) -> Iterator[tuple[str, str]]:
        """What explains the tables and reads them."""
        yield "data-dictionary.csv", dictionary.as_csv()
        yield "codebook.json", codebook.as_json(tables)
        yield "annotated-crf.html", annotated_form.as_html()
        if self.selection.deidentified:
            yield "disclosure.csv", disclosure.as_csv(self.selection)
        yield from scripts.all_of(tables, self.selection)
        yield "README.txt", readme.text(self.selection, self.purpose, self.records)
        yield "SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in sorted(self.sums.items()))

    def _manifest(self) -> dict[str, Any]:
        at = self.selection.at
        return {
            "study": STUDY.name,
            "protocol_version": STUDY.version,
            "purpose": self.purpose,
            "as_of": at.isoformat() if at else None,
            **({} if at else {"made_at": self.now.isoformat()}),
            "selection": self.selection.parameters(),
            "records": self.records,
            "sha256": self.sums,
        }
