"""Pages of figures, one figure with its whole table, its files, and the records behind one number."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from accounts import instants
from accounts.permissions import require
from accounts.requests import AuthedRequest
from oversight.analysis import cohort
from oversight.analysis.figure import Figure
from oversight.analysis.pages import FIGURES, PAGES, Entry, Page
from oversight.drawing import files
from oversight.figures import cache
from oversight.figures.presentation import Shown, shown
from protocol.study import STUDY

_FILES: dict[str, Callable[[Figure], str | bytes]] = {"svg": files.svg, "png": files.png, "csv": files.csv_of}
TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


def instant(request: HttpRequest) -> datetime | None:
    """The instant asked for in `as_of`; ValidationError with a sentence where it is none."""
    return instants.read(request.GET["as_of"], ZoneInfo(STUDY.zone)) if request.GET.get("as_of") else None


def readings(request: HttpRequest, entry: Entry) -> dict[str, str]:
    """The reading asked for; anything else is the usual one."""
    return {
        name: asked if (asked := request.GET.get(name, "")) in allowed else allowed[0]
        for name, allowed in entry.options.items()
    }


def known(request: AuthedRequest, page: Page) -> cohort.Cohort:
    """What this page is about, as this person may see it."""
    at = instant(request)
    everybody = cohort.load(request.user.site_ids(), page.forms, timezone.now(), at, page.whole)
    page.also(everybody, at)
    return everybody


@require_safe
def page(request: AuthedRequest, name: str) -> HttpResponse:
    """A page of figures, each with its sentence above it."""
    figures_page = PAGES[name]
    require(request.user, figures_page.may)
    try:
        context = {"page": figures_page, **figures(request, figures_page)}
    except ValidationError as error:
        return refused(request, error)
    return render(request, "oversight/figures/figures.html", context)


def figures(request: AuthedRequest, page: Page) -> dict[str, Any]:
    """All figures of a page, for its template: as they stand, or replayed as of an instant."""
    asked = {entry.slug: readings(request, entry) for entry in page.figures}
    at = instant(request)
    if at is None:
        kept, fresh = cache.cached_figures(cache.asked(request.user, page.name, asked), timezone.now)
        return {"at": None, "kept": kept, "fresh": fresh}
    everybody = known(request, page)
    drawn = [entry.draw(everybody, **asked[entry.slug]) for entry in page.figures]
    return {"at": at, "figures": [shown(drawn_figure, _as_of(request), Shown.ROWS) for drawn_figure in drawn]}


def _as_of(request: HttpRequest) -> dict[str, str]:
    """What every address of a page goes on with."""
    return {"as_of": request.GET["as_of"]} if request.GET.get("as_of") else {}


def refused(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """An instant that is none, in a sentence."""
    return render(request, "crf/refused.html", {"sentences": error.messages, "back": request.path}, status=422)


def _asked(request: AuthedRequest, slug: str) -> tuple[Page, Figure]:
    if slug not in FIGURES:
        raise Http404
    page, entry = FIGURES[slug]
    require(request.user, page.may)
    return page, entry.draw(known(request, page), **readings(request, entry))


@require_safe
def figure(request: AuthedRequest, slug: str) -> HttpResponse:
    """One figure with its whole table."""
    try:
        page, drawn = _asked(request, slug)
    except ValidationError as error:
        return refused(request, error)
    context = {"page": page, "shown": shown(drawn, _as_of(request)), "alone": True, "at": instant(request),
               "path": request.path}  # fmt: skip
    return render(request, "oversight/figures/figure.html", context)


@require_safe
def file(request: AuthedRequest, slug: str, kind: str) -> HttpResponse:
    """SVG, PNG or CSV to take away; columns and codes of the CSV are the same in every language."""
    try:
        with translation.override("en"):
            _page, drawn = _asked(request, slug)
            if kind != "csv" and drawn.drawing is None:
                raise Http404
            content = _FILES[kind](drawn)
    except ValidationError as error:
        return refused(request, error)
    headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{slug}.{kind}"'}
    return HttpResponse(content, content_type=TYPES[kind], headers=headers)


@require_safe
def records(request: AuthedRequest, slug: str) -> HttpResponse:
    """The records behind one number of a figure's table."""
    try:
        page, drawn = _asked(request, slug)
    except ValidationError as error:
        return refused(request, error)
    name = request.GET.get("column", "")
    cell = drawn.table.cell(request.GET.get("row", ""), name)
    if cell is None:
        raise Http404
    heading = next(column.heading for column in drawn.table.columns if column.name == name)
    row = next(line for line in drawn.table.rows if line.key == request.GET["row"])
    context = {"page": page, "figure": drawn, "cell": cell, "heading": heading, "first": row.cells[:2],
               "hidden": len(cell.refs) - len(cell.linked)}  # fmt: skip
    return render(request, "oversight/figures/figure_records.html", context)
