"""A figure as a page shows it: its cells in words, each with the address of what it came from."""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from django.urls import reverse

from oversight.analysis.figure import Cell, Column, Figure


@dataclass(frozen=True)
class Shown:
    """A figure as the template draws it: cells as (text, address, class), and where else it leads."""

    ROWS: ClassVar[int] = 60  # lines of a table beside other figures; its own page has all

    figure: Figure
    rows: list[list[tuple[str, str, str]]]
    more: int
    query: str


def shown(figure: Figure, more: dict[str, str], most: int | None = None) -> Shown:
    """Every number with the address of what it came from: the record itself, or a list of them.

    `more` is what these addresses hold beside the reading, such as the instant.
    """
    asked = {choice.name: choice.chosen for choice in figure.choices} | more
    behind = reverse("figure-records", args=[figure.slug])
    rows = [
        [
            (_text(cell), _address(cell, behind, {**asked, "row": row.key, "column": column.name}), _css(column, cell))
            for column, cell in zip(figure.table.columns, row.cells, strict=True)
        ]
        for row in figure.table.rows[:most]
    ]
    query = f"?{urlencode(asked)}" if asked else ""
    return Shown(figure, rows, len(figure.table.rows) - len(rows), query)


def _text(cell: Cell) -> str:
    return "–" if cell.value is None or cell.value == "" else str(cell.value)


def _css(column: Column, cell: Cell) -> str:
    return " ".join([*(["number"] if column.number else []), *([f"tone-{cell.tone}"] if cell.tone else [])])


def _address(cell: Cell, behind: str, asked: dict[str, str]) -> str:
    linked = cell.linked
    if not linked:
        return ""
    return linked[0].url if len(linked) == 1 and len(cell.refs) == 1 else f"{behind}?{urlencode(asked)}"
