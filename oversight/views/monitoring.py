"""The pages of monitoring: how far the comparison is, the draw, and the log of visits."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Site
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight.monitoring import plan, progress
from oversight.monitoring.visits import MonitoringVisit, MonitoringVisitForm
from protocol.study import STUDY
from records import paging, selectors
from records.model import registry

LEFT = 40  # forms to be compared shown at once


@require_http_methods(["GET", "HEAD", "POST"])
@once
def monitoring(request: AuthedRequest) -> HttpResponse:
    """Progress by site and form, what is left, the draws, the visits. A monitor draws here."""
    require(request.user, Permission.MONITORING)
    error = None
    if request.method == "POST":
        require(request.user, Permission.VERIFY)
        try:
            reason = request.POST.get("reason", "")
            plan.draw(_mine(request), by=request.user, reason=reason, now=timezone.now())
            return redirect("monitoring")
        except ValidationError as refused:
            error = refused
    context = {
        **_progress(request),
        "plan": STUDY.monitoring,
        "whole": [registry.forms()[slug]._meta.verbose_name for slug in STUDY.monitoring["forms"]],
        "draws": plan.shown(_mine(request)),
        "visits": _visits(request),
        "may_verify": request.user.may(Permission.VERIFY),
        "errors": error.messages if error else [],
        "typed": request.POST,
    }
    return render(request, "oversight/monitoring/monitoring.html", context, status=422 if error else 200)


def _progress(request: AuthedRequest) -> dict[str, Any]:
    """All of one's sites, or one participant or form; what is left is only shown in part."""
    asked = {name: request.GET.get(name, "").replace("\x00", "")[:40] for name in ("code", "form")}
    participants = _mine(request)
    if asked["code"]:
        participants = participants.filter(code__iexact=asked["code"])
    page, count = paging.number(request.GET.get("page", "")), participants.count()
    start, most = (page - 1) * progress.MAX_ROWS, progress.MAX_ROWS
    whole = request.GET.get("whole") == "1"
    tasks = progress.tasks(participants, start)
    shown = [task for task in tasks if asked["form"] in ("", task.form)]
    left = [task for task in shown if task.left]
    left.sort(key=lambda task: (task.lost == 0, task.participant.code))
    return {
        "asked": asked,
        "totals": progress.totals(tasks),
        "lines": progress.by_site_and_form(tasks),
        "left": left if whole else left[:LEFT],
        "more": 0 if whole else max(0, len(left) - LEFT),
        "part": {"first": start + 1, "last": min(start + most, count), "all": count} if count > most else None,
        "page": page,
        "next": page + 1 if start + most < count else None,
    }


def _mine(request: AuthedRequest) -> Any:
    """The participants whose monitoring this person follows."""
    return selectors.participants(request.user).filter(site__in=request.user.site_ids(Permission.MONITORING))


def _visits(request: AuthedRequest) -> Any:
    sites = request.user.site_ids(Permission.MONITORING)
    return MonitoringVisit.objects.filter(site__in=sites).select_related("site", "made_by")


@require_http_methods(["GET", "HEAD", "POST"])
@once
def visit(request: AuthedRequest, number: int | None = None) -> HttpResponse:
    """One visit of the log, or a new one; the monitor writes, the others read."""
    require(request.user, Permission.MONITORING)
    monitoring_visit = get_object_or_404(_visits(request), pk=number) if number else MonitoringVisit()
    if number is None or request.method == "POST":
        require(request.user, Permission.VERIFY, monitoring_visit.site_id)
    form = MonitoringVisitForm(
        request.POST if request.method == "POST" else None,
        instance=monitoring_visit,
        sites=Site.objects.filter(pk__in=request.user.site_ids(Permission.VERIFY)),
        today=timezone.localdate(),
    )
    if form.is_bound and form.is_valid():
        try:
            form.keep(by=request.user, now=timezone.now())
            return redirect("monitoring")
        except ValidationError as refused:
            form.add_error(None, refused)
    context = {
        "form": form,
        "visit": monitoring_visit,
        "may_write": request.user.may(Permission.VERIFY, monitoring_visit.site_id),
    }
    context["title"] = (
        _("Visit of %(on)s") % {"on": monitoring_visit.visited_on} if number else _("A new monitoring visit")
    )
    return render(request, "oversight/monitoring/monitoring_visit.html", context, status=422 if form.is_bound else 200)
