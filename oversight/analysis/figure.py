"""What a figure is: one sentence, the table behind it with the records of every number, and a drawing of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from oversight.drawing.shapes import Drawing


@dataclass(frozen=True)
class Ref:
    """A record that a number came from; a hidden one has no code.

    `path` is its address below the casebook, `address` that of a page which stands elsewhere.
    """

    code: str
    path: str
    label: str
    visible: bool = True
    address: str = ""

    @property
    def url(self) -> str:
        if not self.visible:
            return ""
        return self.address or reverse("casebook", args=[self.code]) + self.path


@dataclass(frozen=True)
class Cell:
    """One value of a table; None is a value that is not there."""

    value: Any = None
    refs: tuple[Ref, ...] = ()
    tone: str = ""

    @property
    def linked(self) -> list[Ref]:
        """The records that this person may open."""
        return [ref for ref in self.refs if ref.visible]


@dataclass(frozen=True)
class Column:
    """A column: its name in the CSV, and its heading on the page."""

    name: str
    heading: str
    number: bool = False


@dataclass(frozen=True)
class Row:
    """One line; the key names it in an address."""

    key: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """The numbers of a figure."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()

    def values(self) -> list[dict[str, Any]]:
        """Column name -> value, row by row: what the CSV holds."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, (cell.value for cell in row.cells), strict=True)) for row in self.rows]

    def cell(self, key: str, name: str) -> Cell | None:
        """One cell by the key of its row and the name of its column."""
        place = next((place for place, column in enumerate(self.columns) if column.name == name), None)
        row = next((row for row in self.rows if row.key == key), None)
        return row.cells[place] if row is not None and place is not None else None


@dataclass(frozen=True)
class Choice:
    """One reading of a figure that has several: its question, and (code, words) with the chosen code."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True)
class Figure:
    """One figure tells one thing."""

    slug: str
    title: str
    sentence: str
    table: Table
    drawing: Drawing | None = None
    notes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = field(default=())

    @property
    def query(self) -> str:
        """The chosen reading, as an address holds it."""
        return "&".join(f"{choice.name}={choice.chosen}" for choice in self.choices)


def columns(*definitions: tuple[str, str] | tuple[str, str, bool]) -> tuple[Column, ...]:
    """Columns from (name, heading) or (name, heading, is a number)."""
    return tuple(Column(*definition) for definition in definitions)


def row(key: str, *values: Any) -> Row:
    """A row of plain values and cells."""
    return Row(key, tuple(value if isinstance(value, Cell) else Cell(value) for value in values))


def count(refs: Iterable[Ref]) -> Cell:
    """How many, with what they are."""
    references = tuple(refs)
    return Cell(len(references), references)


def share(part: int, whole: int) -> str:
    """Counts beside percentages: 3 of 12 (25 %)."""
    return f"{part} / {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")


def median(values: Sequence[float]) -> float | None:
    """The middle one, or the mean of the two in the middle."""
    known = sorted(values)
    if not known:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
