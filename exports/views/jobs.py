"""Exports in the background: ask, watch, cancel, fetch; and the log of all of them."""

from functools import partial
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from exports import http_range, jobs, log, tasks
from exports.data import export_tables
from exports.forms import Choice
from exports.models import ExportJob
from exports.purposes import BY_CODE
from records import paging


@require_POST
@once
def prepare(request: AuthedRequest) -> HttpResponse:
    """Ask for what the page shows."""
    require(request.user, Permission.EXPORT)
    choice = Choice(QueryDict(request.POST.get("choice", "")), request.user)
    if not choice.is_valid():
        return HttpResponse(choice.sentence(), status=422, content_type="text/plain; charset=utf-8")
    total = sum(export_tables.rows(choice.selection()).values())
    with transaction.atomic():
        job = jobs.ask(request.user, choice, total, timezone.now())
        transaction.on_commit(partial(tasks.soon, job.pk))
    return redirect("exports")


@require_safe
def listing(request: AuthedRequest) -> HttpResponse:
    """One's own, as they stand now."""
    require(request.user, Permission.EXPORT)
    return render(request, "exports/_jobs.html", list_context(request))


def list_context(request: AuthedRequest) -> dict[str, Any]:
    """What the list of one's own exports shows; it watches as long as one is being made."""
    own_jobs = jobs.jobs_of(request.user)
    for job in own_jobs:
        job.purpose_label = BY_CODE[job.purpose].label
    return {"jobs": own_jobs, "watched": any(job.is_alive for job in own_jobs)}


@require_POST
@once
def cancel(request: AuthedRequest, job: int) -> HttpResponse:
    """Stop one that is waiting or being made."""
    jobs.cancel(_own(request, job), timezone.now())
    return redirect("exports")


@require_safe
def file(request: AuthedRequest, job: int) -> HttpResponse | StreamingHttpResponse:
    """The finished zip, whole or from where a download broke off."""
    export_job = _own(request, job)
    if export_job.state != ExportJob.State.READY or not jobs.path(export_job).exists():
        raise Http404
    if not set(export_job.sites) <= request.user.site_ids(Permission.EXPORT):
        raise Http404  # it holds data of a site that this person has left
    choice, path = Choice(QueryDict(export_job.choice), request.user), jobs.path(export_job)
    if not choice.is_valid():
        raise Http404
    part = http_range.asked(request, path.stat().st_size, export_job.sha256)
    figures = {"part": part, "records": export_job.done, "sha256": export_job.sha256}
    taken = log.taken_by(choice.selection(), "fetched", path.name, export_job.purpose, **figures)
    answer = http_range.answer(part, path, export_job.sha256, taken)
    answer.headers["Content-Disposition"] = f'attachment; filename="{path.name}"'
    return answer


@require_safe
def taken(request: AuthedRequest) -> HttpResponse:
    """Who took what away, of the sites whose trail one may review."""
    require(request.user, Permission.AUDIT)
    lines = log.seen_by(request.user, paging.before(request.GET.get("before", "")))
    return render(
        request, "exports/log.html", {"lines": lines, "last": lines[-1] if len(lines) == log.MAX_LINES else None}
    )


def _own(request: AuthedRequest, job: int) -> ExportJob:
    require(request.user, Permission.EXPORT)
    export_job = ExportJob.objects.filter(pk=job, person_id=request.user.pk).first()
    if export_job is None:
        raise Http404
    return export_job
