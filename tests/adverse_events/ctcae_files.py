"""Made-up CTCAE files of all 790 terms: the facts are real, the sentences are not."""

import csv
import io
from collections.abc import Callable

from openpyxl import Workbook

from adverse_events import ctcae

OURS = ["soc", "meddra_code", "term", "grade1", "grade2", "grade3", "grade4", "grade5", "definition"]
NCI = ["MedDRA v12.0 Code", "CTCAE v4.0 SOC", "CTCAE v4.0 Term", *(f"Grade {n} \xa0" for n in ctcae.GRADES)]
NCI += ["CTCAE v4.0 AE Term Definition "]

Change = Callable[[list[list[str]]], object]


def _texts(term: ctcae.Term, absent: str) -> list[str]:
    return [f"made-up text {n} of {term.code}" if term.allows(n) else absent for n in ctcae.GRADES]


def ours(change: Change | None = None) -> bytes:
    """Our CSV; row 1 is the heading, so that row 2 is Anemia. `change` may spoil the rows before they are written."""
    rows = [OURS]
    for term in ctcae.TERMS:
        definition = "" if term.other_specify else f"made-up definition, of {term.code}"
        rows.append([term.soc, term.code, term.term, *_texts(term, ""), definition])
    return as_csv(rows, change)


def nci_rows() -> list[list[str]]:
    """The NCI's sheet: a title, the heading, a row that names each class, blank rows, “ -” where no grade is."""
    rows: list[list[str]] = [["Common Terminology Criteria for Adverse Events v4.03"], [], NCI]
    soc = ""
    for term in ctcae.TERMS:
        if term.soc != soc:
            soc = term.soc
            rows += [[], [soc]]
        definition = " -" if term.other_specify else f"made-up definition, of {term.code}"
        rows.append([term.code, term.soc, term.term, *_texts(term, " -"), definition])
    return [row + [""] * (len(NCI) - len(row)) for row in rows]


def as_csv(rows: list[list[str]], change: Change | None = None) -> bytes:
    if change:
        change(rows)
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


def as_xlsx(rows: list[list[str]]) -> bytes:
    """A spreadsheet whose codes are numbers, as the NCI's are."""
    book = Workbook()
    book.active.append(["Cover sheet"])
    sheet = book.create_sheet("CTCAE")
    for row in rows:
        sheet.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
