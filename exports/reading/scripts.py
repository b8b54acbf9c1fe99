"""The scripts that read the tables, each with the columns, types, labels and codes of exactly this export."""

from collections.abc import Iterator
from pathlib import Path

from django.utils import translation

from exports.data.export_tables import Table
from exports.reading import r, sas, spss, stata
from exports.selection import Selection

_READER = Path(__file__).with_name("read_sbrtspine.py")


def all_of(tables: list[Table], selection: Selection) -> Iterator[tuple[str, str]]:
    """File name and text. What is defused for a spreadsheet is for people: no script reads it."""
    if selection.spreadsheet:
        return
    yield "read_sbrtspine.py", _READER.read_text(encoding="utf-8")
    with translation.override("en"):
        for language in (r, sas, spss, stata):
            yield language.FILE, language.script(tables)
