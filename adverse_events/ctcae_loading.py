"""Read the NCI's sentences from a table and check every row against the facts, before anything is written.

Two layouts are read: ours (`soc, meddra_code, term, grade1 … grade5, definition`) and the NCI's spreadsheet of
CTCAE 4.03, as .xlsx or saved as CSV UTF-8. Rows are counted as a spreadsheet shows them: the first is 1.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from adverse_events import ctcae

Row = tuple[int, list[str]]  # its number and its cells
Sentence = tuple[str, int, str]  # code, grade (0 = definition), text

COLUMNS = ("soc", "code", "term", "grade1", "grade2", "grade3", "grade4", "grade5", "definition")
_HEADINGS = {
    "soc": "soc",
    "ctcae v4.0 soc": "soc",
    "meddra_code": "code",
    "meddra code": "code",
    "meddra v12.0 code": "code",
    "term": "term",
    "ctcae v4.0 term": "term",
    "definition": "definition",
    "ctcae v4.0 ae term definition": "definition",
    **{f"grade{n}": f"grade{n}" for n in ctcae.GRADES},
    **{f"grade {n}": f"grade{n}" for n in ctcae.GRADES},
}
_NOTHING = {"", "-", "–", "—", "−"}  # how the NCI's sheet says that a grade does not exist
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_HEADING_WITHIN = 30  # rows; the NCI's sheet may begin with a title
# What UTF-8 text looks like when it was once read as Windows text, and what is left of unreadable letters.
_GARBLED = re.compile(
    "\ufffd|\u00e2\u2030|\u00e2\u20ac|\u00c3[\u0080-\u00bf]|\u00c2[\u0080-\u00bf]|[\x00-\x08\x0b\x0e-\x1f]"
)


class Refused(Exception):
    """The file is refused whole; `faults` are sentences, each naming its row and what to do."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True)
class Entry:
    """One row of the table: where it stood, and what it says."""

    row: int
    soc: str
    code: str
    term: str
    grades: dict[int, str]
    definition: str


def read(path: Path) -> list[Sentence]:
    """Every sentence of the file, checked against the facts; raises Refused, and then nothing of it may be used."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = _("%(file)s cannot be read: %(why)s. Give the path of the CTCAE 4.03 table.")
        raise Refused([reason % {"file": path.name, "why": error.strerror or error}]) from error
    return check(list(entries(rows(content))))


def rows(content: bytes) -> list[Row]:
    """The rows of an .xlsx or CSV file that hold anything, with their numbers."""
    if not content.strip():
        raise Refused([_("The file is empty. Download the CTCAE 4.03 table again.")])
    if content.startswith(_OLD_EXCEL):
        raise Refused([_("This is an old .xls file. Open it and save it as .xlsx or as “CSV UTF-8”.")])
    table_rows = _sheet_rows(content) if content.startswith(b"PK") else _csv_rows(content)
    return [(number, cells) for number, cells in table_rows if any(cells)]


def _clean(value: object) -> str:
    """A cell as text, with single spaces; a code that the spreadsheet keeps as a number loses its `.0`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split()) if value is not None else ""


def _sheet_rows(content: bytes) -> list[Row]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = [[[_clean(cell) for cell in row] for row in s.iter_rows(values_only=True)] for s in book.worksheets]
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        SyntaxError,
        zlib.error,
    ) as error:
        message = _("The spreadsheet is damaged or cut off, or is no .xlsx file. Download it again.")
        raise Refused([message]) from error
    numbered = [_numbered(sheet) for sheet in sheets]
    return next((sheet for sheet in numbered if _find_heading(sheet)), numbered[0] if numbered else [])


def _numbered(sheet: list[list[str]]) -> list[Row]:
    """Rows of one width: a spreadsheet leaves out the empty cells at the end of a row."""
    width = max(map(len, sheet), default=0)
    return [(number, cells + [""] * (width - len(cells))) for number, cells in enumerate(sheet, start=1)]


def _csv_rows(content: bytes) -> list[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = _("Line %(line)d is not UTF-8 text. Save the table as “CSV UTF-8”, or give the .xlsx file itself.")
        raise Refused([message % {"line": line}]) from error
    table_rows: list[Row] = []
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            table_rows.append((len(table_rows) + 1, [_clean(cell) for cell in cells]))
    except csv.Error as error:
        message = _(
            "Row %(row)d cannot be read as a table (%(why)s): the file is cut off or no CSV. Download it again."
        )
        raise Refused([message % {"row": len(table_rows) + 1, "why": error}]) from error
    return table_rows


def _columns(cells: list[str]) -> dict[str, int]:
    """Which column is where, if this row is the heading row."""
    named = [(_HEADINGS.get(cell.casefold()), place) for place, cell in enumerate(cells)]
    return {name: place for name, place in reversed(named) if name}


def _find_heading(table: list[Row]) -> tuple[int, dict[str, int]] | None:
    for place, (_number, cells) in enumerate(table[:_HEADING_WITHIN]):
        columns = _columns(cells)
        if "code" in columns or "term" in columns:
            return place, columns
    return None


def entries(table: list[Row]) -> Iterator[Entry]:
    """The terms in the table; titles, blank rows and rows that only name a class are passed over."""
    place, columns = _find_heading(table) or (0, {})
    lacking = [name for name in COLUMNS if name not in columns]
    if lacking:
        raise Refused([_no_heading(table, place, lacking if columns else [])])
    width = max(columns.values()) + 1
    for number, cells in table[place + 1 :]:
        filled = [cell for cell in cells if cell]
        if len(filled) > 1 or filled[0].isdigit():
            yield _entry(number, cells, columns, width)


def _no_heading(table: list[Row], place: int, lacking: list[str]) -> str:
    words = " ".join(cell.casefold() for _number, cells in table[:_HEADING_WITHIN] for cell in cells)
    if "ctcae term" in words or "v5.0" in words or "v3.0" in words:
        return _("This looks like another version of the CTCAE. The trial grades with 4.03: give that table.")
    if lacking:
        message = _("Row %(row)d, the heading, lacks the columns %(columns)s. Give the whole table of CTCAE 4.03.")
        return message % {"row": table[place][0], "columns": ", ".join(lacking)}
    return _("No heading row with “MedDRA Code” and “CTCAE v4.0 Term” was found: this is not the CTCAE 4.03 table.")


def _entry(number: int, cells: list[str], columns: dict[str, int], width: int) -> Entry:
    if len(cells) < width:
        message = _(
            "Row %(row)d (%(what)s) has %(has)d columns, not %(needs)d: the file is cut off. Download it again."
        )
        what = " ".join(cells[:3])[:80]
        raise Refused([message % {"row": number, "what": what, "has": len(cells), "needs": width}])
    values = {name: cells[place] for name, place in columns.items()}
    texts = {name: "" if text in _NOTHING else text for name, text in values.items()}
    grades = {grade: texts[f"grade{grade}"] for grade in ctcae.GRADES}
    return Entry(number, values["soc"], values["code"], values["term"], grades, texts["definition"])


def check(table: list[Entry]) -> list[Sentence]:
    """The sentences, where every row agrees with the facts and no term is missing or twice; else Refused."""
    faults: list[str] = []
    seen: dict[str, int] = {}
    for entry in table:
        faults += _faults_of(entry)
        if entry.code in seen:
            message = _("Row %(row)d: %(term)s (%(code)s) is already in row %(first)d. Remove one of the two.")
            faults.append(message % _named(entry, first=seen[entry.code]))
        seen.setdefault(entry.code, entry.row)
    faults += _missing(seen, after=table[-1] if table else None)
    if faults:
        raise Refused(faults)
    return [
        (entry.code, grade, text)
        for entry in table
        for grade, text in [(0, entry.definition), *entry.grades.items()]
        if text
    ]


def _named(entry: Entry, **more: object) -> dict[str, object]:
    return {"row": entry.row, "term": entry.term or _("no term"), "code": entry.code or _("no code"), **more}


def _faults_of(entry: Entry) -> list[str]:
    """What is wrong with one row by itself."""
    term = ctcae.by_code(entry.code)
    if term is None:
        message = _("Row %(row)d: %(term)s has a code that is not in CTCAE 4.03 (%(code)s). Check the file's version.")
        return [message % _named(entry)]
    if entry.term.casefold() != term.term.casefold():
        message = _("Row %(row)d: code %(code)s is “%(right)s”, not “%(term)s”. Check the file's version.")
        return [message % _named(entry, right=term.term)]
    faults = []
    if entry.soc.casefold() != term.soc.casefold():
        message = _("Row %(row)d: %(term)s belongs to “%(right)s”, not “%(soc)s”. Check the file's version.")
        faults.append(message % _named(entry, right=term.soc, soc=entry.soc))
    if _GARBLED.search(" ".join([*entry.grades.values(), entry.definition])):
        message = _(
            "Row %(row)d: %(term)s has unreadable letters. Save the table as “CSV UTF-8”, or give the .xlsx file."
        )
        faults.append(message % _named(entry))
    return faults + [fault for grade in ctcae.GRADES for fault in _grade_faults(entry, term, grade)]


def _grade_faults(entry: Entry, term: ctcae.Term, grade: int) -> list[str]:
    if bool(entry.grades[grade]) == term.allows(grade):
        return []
    if term.allows(grade):
        message = _(
            "Row %(row)d: %(term)s lacks the text of grade %(grade)d. The file is cut or changed: download it again."
        )
    else:
        message = _(
            "Row %(row)d: %(term)s has a text for grade %(grade)d, which does not exist for it. Check its columns."
        )
    return [message % _named(entry, grade=grade)]


def _missing(seen: dict[str, int], after: Entry | None) -> list[str]:
    """Terms of the CTCAE that the file does not hold: it was cut, or rows were lost."""
    missing = [term for term in ctcae.TERMS if term.code not in seen]
    if not missing:
        return []
    last = after.row if after else 0
    message = _(
        "%(count)d of %(all)d terms are missing, the first %(term)s (%(code)s); the last row is %(row)d. "
        "The file is cut: download it again."
    )
    first = missing[0]
    return [
        message % {"count": len(missing), "all": len(ctcae.TERMS), "term": first.term, "code": first.code, "row": last}
    ]
