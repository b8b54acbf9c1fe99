"""Pages of figures, one figure with its whole table, its files, and the records behind one number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from accounts.permissions import require
from oversight.analysis import cohort
from oversight.analysis.figure import Cell, Column, Figure
from oversight.analysis.pages import FIGURES, PAGES, Entry, Page
from oversight.drawing import files
from protocol.study import STUDY
from records import as_of

ROWS = 60  # lines of a table beside other figures; its own page has all
TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


@dataclass(frozen=True)
class Shown:
    """A figure as the template draws it: cells as (text, address, class), and where else it leads."""

    figure: Figure
    rows: list[list[tuple[str, str, str]]]
    more: int
    tail: str


def instant(request: HttpRequest) -> datetime | None:
    """The instant asked for in `as_of`; ValidationError with a sentence where it is none."""
    return as_of.read(request.GET["as_of"], ZoneInfo(STUDY.zone)) if request.GET.get("as_of") else None


def readings(request: HttpRequest, entry: Entry) -> dict[str, str]:
    """The reading asked for; anything else is the usual one."""
    return {
        name: asked if (asked := request.GET.get(name, "")) in allowed else allowed[0]
        for name, allowed in entry.options.items()
    }


def known(request: HttpRequest, page: Page) -> cohort.Cohort:
    """What this page is about, as this person may see it."""
    at = instant(request)
    found = cohort.load(request.user, page.forms, timezone.now(), at, page.whole)
    page.also(found, at)
    return found


def shown(request: HttpRequest, figure: Figure, most: int | None = None) -> Shown:
    """Every number with the address of what it came from: the record itself, or a list of them."""
    asked = {choice.name: choice.chosen for choice in figure.choices}
    if request.GET.get("as_of"):
        asked["as_of"] = request.GET["as_of"]
    behind = reverse("figure-records", args=[figure.slug])
    rows = [
        [
            (_text(cell), _address(cell, behind, {**asked, "row": row.key, "column": column.name}), _css(column, cell))
            for column, cell in zip(figure.table.columns, row.cells, strict=True)
        ]
        for row in figure.table.rows[:most]
    ]
    tail = f"?{urlencode(asked)}" if asked else ""
    return Shown(figure, rows, len(figure.table.rows) - len(rows), tail)


def _text(cell: Cell) -> str:
    return "–" if cell.value is None or cell.value == "" else str(cell.value)


def _css(column: Column, cell: Cell) -> str:
    return " ".join([*(["number"] if column.number else []), *([f"tone-{cell.tone}"] if cell.tone else [])])


def _address(cell: Cell, behind: str, asked: dict[str, str]) -> str:
    linked = cell.linked
    if not linked:
        return ""
    return linked[0].url if len(linked) == 1 and len(cell.refs) == 1 else f"{behind}?{urlencode(asked)}"


def figures(request: HttpRequest, page: Page, everybody: cohort.Cohort) -> list[Shown]:
    """All figures of a page."""
    return [shown(request, entry.draw(everybody, **readings(request, entry)), ROWS) for entry in page.figures]


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page of figures, each with its sentence above it."""
    told = PAGES[name]
    require(request.user, told.may)
    try:
        everybody = known(request, told)
    except ValidationError as error:
        return refused(request, error)
    context = {"page": told, "figures": figures(request, told, everybody), "at": instant(request)}
    return render(request, "oversight/figures.html", context)


def refused(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """An instant that is none, in a sentence."""
    return render(request, "crf/refused.html", {"sentences": error.messages, "back": request.path}, status=422)


def _asked(request: HttpRequest, slug: str) -> tuple[Page, Figure]:
    if slug not in FIGURES:
        raise Http404
    page, entry = FIGURES[slug]
    require(request.user, page.may)
    return page, entry.draw(known(request, page), **readings(request, entry))


@require_safe
def figure(request: HttpRequest, slug: str) -> HttpResponse:
    """One figure with its whole table."""
    try:
        page, found = _asked(request, slug)
    except ValidationError as error:
        return refused(request, error)
    context = {"page": page, "each": shown(request, found), "alone": True, "at": instant(request)}
    return render(request, "oversight/figure.html", context)


@require_safe
def file(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """SVG, PNG or CSV to take away; columns and codes of the CSV are the same in every language."""
    try:
        with translation.override("en"):
            _page, found = _asked(request, slug)
            if kind != "csv" and found.drawing is None:
                raise Http404
            made = {"svg": files.svg, "png": files.png, "csv": files.csv_of}[kind](found)
    except ValidationError as error:
        return refused(request, error)
    headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{slug}.{kind}"'}
    return HttpResponse(made, content_type=TYPES[kind], headers=headers)


@require_safe
def records(request: HttpRequest, slug: str) -> HttpResponse:
    """The records behind one number of a figure's table."""
    try:
        page, found = _asked(request, slug)
    except ValidationError as error:
        return refused(request, error)
    name = request.GET.get("column", "")
    cell = found.table.cell(request.GET.get("row", ""), name)
    if cell is None:
        raise Http404
    heading = next(column.heading for column in found.table.columns if column.name == name)
    row = next(each for each in found.table.rows if each.key == request.GET["row"])
    context = {"page": page, "figure": found, "cell": cell, "heading": heading, "first": row.cells[:2],
               "hidden": len(cell.refs) - len(cell.linked)}  # fmt: skip
    return render(request, "oversight/figure_records.html", context)
