"""Taking the data away: choose a purpose, see what will be in it, get it."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from exports import log
from exports.bundle import Bundle
from exports.data import datasets, export_tables
from exports.forms import Choice
from exports.leaving import FileStream
from exports.purposes import PURPOSES
from exports.views import jobs

BIG = 200_000  # rows from which on preparing it in the background is proposed first


@require_safe
def overview(request: AuthedRequest) -> HttpResponse:
    """What there is to take away for a purpose; how many rows of each is counted behind the page."""
    require(request.user, Permission.EXPORT)
    choice = Choice(request.GET, request.user)
    context = {"choice": choice, "purposes": PURPOSES, **jobs.list_context(request)}
    if not choice.is_valid():
        return render(request, "exports/overview.html", context, status=422)
    selection = choice.selection()
    tables = export_tables.tables(selection)
    context |= {"selection": selection, "purpose": choice.cleaned_data["purpose"], "tables": tables}
    context["left_out"] = sorted(name for name in selection.without if "." not in name)
    big = datasets.about(table.model for table in tables if table.model) > BIG
    context |= {"plain": _without_manner(request), "big": big, "may_review": request.user.may(Permission.AUDIT)}
    return render(request, "exports/overview.html", context)


@require_safe
def rows(request: AuthedRequest) -> HttpResponse:
    """How many rows each file has, as parts to be put into the page."""
    require(request.user, Permission.EXPORT)
    choice = Choice(request.GET, request.user)
    if not choice.is_valid():
        return _refused(choice)
    counted = export_tables.rows(choice.selection())
    return render(request, "exports/_rows.html", {"rows": counted, "total": sum(counted.values())})


def _without_manner(request: HttpRequest) -> str:
    """What was chosen, as the beginning of an address to which the manner is still to be added."""
    chosen = request.GET.copy()
    chosen.pop("manner", None)
    return f"{chosen.urlencode()}&" if chosen else ""


@require_safe
def one(request: AuthedRequest, slug: str) -> HttpResponse | FileStream:
    """One file as CSV, streamed."""
    require(request.user, Permission.EXPORT)
    choice = Choice(request.GET, request.user)
    if not choice.is_valid():
        return _refused(choice)
    selection = choice.selection()
    table = next((table for table in export_tables.tables(selection) if table.name == slug), None)
    if table is None:
        raise Http404
    taken = log.taken_by(selection, "file", f"{slug}.csv", choice.cleaned_data["purpose"].code)
    answer = FileStream(table.blocks(selection), taken=taken, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}.csv"'
    return answer


@require_safe
def everything(request: AuthedRequest) -> HttpResponse | FileStream:
    """All files with what explains and reads them, as a zip, streamed."""
    require(request.user, Permission.EXPORT)
    now = timezone.now()
    choice = Choice(request.GET, request.user)
    if not choice.is_valid():
        return _refused(choice)
    bundle = Bundle(choice.selection(), now, choice.cleaned_data["purpose"].code)
    taken = log.taken_by(bundle.selection, "zip", _file_name(now), bundle.purpose)
    answer = FileStream(bundle.blocks(), taken=taken, content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(now)}"'
    return answer


def _file_name(now: datetime) -> str:
    return f"blend-{now:%Y%m%d-%H%M}.zip"


def _refused(choice: Choice) -> HttpResponse:
    return HttpResponse(choice.sentence(), status=422, content_type="text/plain; charset=utf-8")
