"""The pages of snapshots: taking one, getting one, and what changed since the one before."""

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.once import once
from accounts.permissions import require, require_everywhere
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from exports import snapshot_changes, snapshots
from exports.leaving import FileResponse, Taken
from exports.models import Snapshot
from protocol.study import STUDY

log = structlog.get_logger("snapshots")


@require_http_methods(["GET", "HEAD", "POST"])
@once
def listing(request: AuthedRequest) -> HttpResponse:
    """All that this person may have, the newest first, and taking one."""
    _may_read(request)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        require(request.user, Permission.EXPORT)
        try:
            _take(request)
            return redirect("snapshots")
        except ValidationError as refused:
            errors = refused.message_dict if hasattr(refused, "error_dict") else {"name": refused.messages}
    context = {
        "snapshots": snapshots.visible(request.user),
        "may_take": request.user.may(Permission.EXPORT),
        "not_frozen_because": snapshots.reason_not_to_freeze(request.user),
        "purposes": Snapshot.Purpose.choices,
        "typed": request.POST,
        "errors": errors,
        "zone": STUDY.zone,
    }
    return render(request, "exports/snapshots.html", context, status=422 if errors else 200)


def _take(request: AuthedRequest) -> Snapshot:
    if freeze := request.POST.get("freeze") == "yes":
        require_everywhere(request.user, Permission.LOCK)
    fields = {name: request.POST.get(name, "") for name in ("name", "purpose")}
    return snapshots.take(by=request.user, freeze=freeze, now=timezone.now(), **fields)


def _may_read(request: AuthedRequest) -> None:
    """Who may export, and the independent safety monitor, who sees nothing but these."""
    if not (request.user.may(Permission.EXPORT) or request.user.may(Permission.SAFETY)):
        raise PermissionDenied(_("Your role may not read snapshots."))


def _found(request: AuthedRequest, number: int) -> Snapshot:
    _may_read(request)
    snapshot = next((candidate for candidate in snapshots.visible(request.user) if candidate.number == number), None)
    if snapshot is None:
        raise Http404
    return snapshot


@require_safe
def download(request: AuthedRequest, number: int) -> HttpResponse:
    """The file, byte by byte as it was sealed, or the reason why it is not given out."""
    snapshot = _found(request, number)
    try:
        content = snapshots.content(snapshot)
    except snapshots.SnapshotCorrupt as broken:
        return _refused(request, snapshot, broken)
    answer = FileResponse(content, taken=_taken(snapshot), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="blend-snapshot-{snapshot.number}.zip"'
    answer.headers["Digest"] = f"sha-256={snapshot.sha256}"
    return answer


def _taken(snapshot: Snapshot) -> Taken:
    parameters = {"purpose": snapshot.purpose, "snapshot": snapshot.name, "as_of": snapshot.at.isoformat()}
    figures = {"records": sum(snapshot.records.values()), "sha256": snapshot.sha256}
    name = f"blend-snapshot-{snapshot.number}.zip"
    return Taken("snapshot", name, list(snapshot.sites), parameters, **figures)


@require_safe
def changes(request: AuthedRequest, number: int) -> HttpResponse:
    """Record by record, what is new, changed or void since the snapshot before, of those for the same purpose."""
    snapshot = _found(request, number)
    mine = [earlier for earlier in snapshots.visible(request.user) if earlier.number < number]
    before = next(
        (earlier for earlier in mine if earlier.purpose == snapshot.purpose and earlier.sites == snapshot.sites), None
    )
    context: dict[str, Any] = {"snapshot": snapshot, "before": before, "zone": STUDY.zone}
    if before is not None:
        try:
            context["changes"] = snapshot_changes.between(snapshots.content(before), snapshots.content(snapshot))
        except snapshots.SnapshotCorrupt as broken:
            return _refused(request, snapshot, broken)
    context["links"] = request.user.may(Permission.SEE)
    return render(request, "exports/snapshot_changes.html", context)


def _refused(request: HttpRequest, snapshot: Snapshot, broken: snapshots.SnapshotCorrupt) -> HttpResponse:
    log.error("snapshot broken", snapshot=snapshot.number)
    context = {"snapshot": snapshot, "why": str(broken)}
    return render(request, "exports/snapshot_broken.html", context, status=409)
