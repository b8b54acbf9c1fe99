"""README.txt of a bundle: what is in it, how it is written, how to read it; for somebody who never saw the system."""

from exports.data.columns import CODED_TEXT
from exports.data.disclosure import MIN_PARTICIPANTS
from exports.data.pseudonyms import MAX_SHIFT_DAYS
from exports.selection import Selection
from protocol.study import STUDY

_READING = """READING IT

  python read_sbrtspine.py blend.zip    checks every sum and counts the rows; `from read_sbrtspine import read` gives
                                        typed tables. Python 3.9 or newer, nothing to install.
  read.R       base R: source("read.R") in this folder gives `study`, a list of data frames.
  read.sas     SAS: one data set a file, with formats.
  read.sps     SPSS: one .sav a file, with value labels. Line breaks inside a cell: see its first lines.
  read.do      Stata 14: one .dta a file.
  In these four x_t is the instant x on the site's own clock, as it was read there.
  annotated-crf.html, data-dictionary.csv, codebook.json: what each column is.
"""
_WRITING = """HOW IT IS WRITTEN

  UTF-8, RFC 4180: commas, lines that end in CR LF, quotes where a cell holds a comma, a quote or a line break.
  An empty cell is no value; "" is an empty text.
  The first columns are participant, site, visit, record, status. A row inside a form has parent, the number of that
  form; where the form is one of a visit (its number is then 1), it is found by participant and visit.
  Void records are left out.
  x_label is the words of the code in x. x_missing is why a required answer is not there: ND not done, UNK unknown,
  NA not applicable, REF asked but refused. Several codes in one cell are joined by |. Some programs take NA for nothing
  unless they are told not to, as read.R does: na.strings = "" in R's read.csv, keep_default_na=False in pandas.
  An instant is ISO 8601 with the site's offset at that moment; where only the day is known it is a date.
  A partial date is as it was given (2016-03); x_earliest and x_latest are the first and the last day it can be.
"""
_EXACT = """DO NOT OPEN THESE CSV FILES IN A SPREADSHEET

  Values are exactly as they are stored, for programs. A text that begins with = + - or @ would be run as a formula by
  a spreadsheet. The system gives the same files for spreadsheets, where such text has an apostrophe in front.
"""
_DEFUSED = """FOR SPREADSHEETS

  In text an apostrophe stands in front of each = + - @ that begins it, or that begins what a spreadsheet may make a
  cell of: what follows a comma, a semicolon, a tab, a bar or a line break. So nothing is run, whatever your spreadsheet
  splits at. For programs take the other kind of export, in which values are exactly as they are stored; only that one
  has reading scripts.
"""


def text(selection: Selection, purpose: str, records: dict[str, int]) -> str:
    """The whole file, in English."""
    rows = "".join(f"  {count:9}  {name}.csv\n" for name, count in records.items())
    parts = [
        f"{STUDY.name}: data export\nProtocol version {STUDY.version}. For: {purpose}. "
        f"Data as of {selection.as_of_words}.\n",
        f"WHAT IS IN IT\n\n{rows}",
        _selected(selection),
        _deidentified() if selection.deidentified else "",
        _DEFUSED if selection.spreadsheet else _READING,
        _WRITING,
        "" if selection.spreadsheet else _EXACT,
        "CHECKING IT\n\n  sha256sum -c SHA256SUMS\n",
    ]
    return "\n".join(part for part in parts if part)


def _selected(selection: Selection) -> str:
    lines = []
    if selection.codes:
        lines.append(f"  Only these participants: {', '.join(selection.codes)}\n")
    if selection.without:
        lines.append(f"  Left out on request: {', '.join(sorted(selection.without))}\n")
    return "SELECTION\n\n" + "".join(lines) if lines else ""


def _deidentified() -> str:
    return f"""DE-IDENTIFIED

  Participants and sites have other names. All dates and instants of one participant are moved by the same number of
  whole days, 1 to {MAX_SHIFT_DAYS} back, which differs between participants: intervals hold, calendar dates do not.
  Clock times and offsets are as they were, so that elapsed hours hold; the offset can tell summer from winter.
  A partial date has only its first and last possible day, moved. Of birth only the year is known, and it is not moved.
  Names and days come from a key that stays with the study: the same key gives the same ones again.
  Text that somebody typed is left out; kept is {", ".join(sorted(CODED_TEXT))}. Queries and audit trail are left out.
  disclosure.csv lists what was left out, and each code that fewer than {MIN_PARTICIPANTS} participants have.
  This is pseudonymised, not anonymous: with so few participants a rare tumour tells who somebody is.
"""
