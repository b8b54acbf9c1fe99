#!/usr/bin/env python3
"""Read an export of sbrtspine into typed tables. Python 3.9 or newer, nothing else to install.

    from read_sbrtspine import read
    study = read("blend.zip")          # or the folder it was unpacked into
    study["surgery"][0]["incision_at"]  # datetime.datetime(2016, 3, 8, 14, 5, tzinfo=…)

Each table is a list of rows, each row column -> value: int, Decimal, date, datetime with its offset, list of codes,
str. An empty cell is None. A partial date is text as it was given ("2016-03"); its first and last possible day are
beside it. An instant of which only the day is known is a date.

    python read_sbrtspine.py blend.zip        checks the sums and counts the rows
    python read_sbrtspine.py blend.zip flat   also writes copies without line breaks inside cells into the folder flat
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

_CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\Z)')


def split(text: str) -> list[list[str | None]]:
    """The rows of a CSV as lists of texts; a cell with nothing in it is None, an empty text in quotes is ""."""
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    place = 0
    text = text.removeprefix("\ufeff")
    while place < len(text):
        match = _CELL.match(text, place)
        if match is None:
            raise ValueError(f"This is not CSV, near character {place}: {text[place : place + 40]!r}")
        quoted, plain, end = match.groups()
        row.append(quoted.replace('""', '"') if quoted is not None else plain or None)
        place = match.end()
        if end == "," and place < len(text):
            continue
        if end == ",":
            row.append(None)
        rows.append(row)
        row = []
    return rows


def _instant(text: str) -> date:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


_KINDS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "instant": _instant,
    "codes": lambda text: text.split("|") if text else [],
}


def read(source: str | Path) -> dict[str, list[dict[str, Any]]]:
    """File name without .csv -> rows, of a zip or a folder; ValueError where a file is not as it was written."""
    files = _files(Path(source))
    codebook = json.loads(files("codebook.json"))
    sums = json.loads(files("manifest.json"))["sha256"]
    study = {}
    for name, columns in codebook["files"].items():
        content = files(f"{name}.csv")
        if hashlib.sha256(content).hexdigest() != sums[f"{name}.csv"]:
            raise ValueError(f"{name}.csv is not the file that was written: its checksum differs.")
        study[name] = _typed(content.decode("utf-8"), columns)
    return study


def _typed(text: str, columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    header, *rows = split(text)
    names = [column["column"] for column in columns]
    if header != names:
        raise ValueError("The columns are not those of the codebook.")
    kinds = [_KINDS.get(column["kind"], str) for column in columns]
    return [
        {name: None if cell is None else kind(cell) for name, kind, cell in zip(names, kinds, row)}  # noqa: B905 - also for Python 3.9
        for row in rows
    ]


def _files(source: Path) -> Callable[[str], bytes]:
    if source.is_dir():
        return lambda name: (source / name).read_bytes()
    return zipfile.ZipFile(source).read


def flatten(source: str | Path, folder: str | Path) -> None:
    """Copies of the tables in which a line break inside a cell is a space, for programs that cannot read one."""
    files, copies = _files(Path(source)), Path(folder)
    copies.mkdir(exist_ok=True)
    for name in json.loads(files("codebook.json"))["files"]:
        with (copies / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            for row in split(files(f"{name}.csv").decode("utf-8")):
                csv.writer(file).writerow([re.sub(r"[\r\n]+", " ", cell or "") for cell in row])


if __name__ == "__main__":
    for table, records in read(sys.argv[1]).items():
        print(f"{len(records):8} {table}")
    if len(sys.argv) > 2:
        flatten(sys.argv[1], sys.argv[2])
