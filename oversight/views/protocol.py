"""The versions of the protocol: what each changed, where it is approved since when, and whom it concerns."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Site
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from enrollment.models import Consent, ProtocolApproval
from enrollment.protocol_versions import approve, in_force
from oversight.models import Judgement
from protocol import study
from records import selectors
from records.model import date_input


@require_http_methods(["GET", "HEAD", "POST"])
@once
def protocol(request: AuthedRequest) -> HttpResponse:
    """Read by everybody who sees participants; the principal investigator records approvals."""
    require(request.user, Permission.SEE)
    context: dict[str, Any] = {"typed": request.POST}
    status = 200
    if request.method == "POST":
        try:
            _approve(request)
        except ValidationError as refused:
            context["errors"] = refused.messages
            status = 422
        else:
            return redirect("protocol")
    context |= {
        "versions": _versions(request),
        "may_approve": request.user.may(Permission.CLASSIFY),
        "sites": Site.objects.filter(pk__in=request.user.site_ids(Permission.CLASSIFY)),
        "amendments": list(study.VERSIONS)[1:],
    }
    return render(request, "oversight/protocol.html", context, status=status)


def _approve(request: AuthedRequest) -> None:
    site = Site.objects.filter(code=request.POST.get("site", "").replace("\x00", "")).first()
    require(request.user, Permission.CLASSIFY, site.pk if site else None)
    if site is None:
        raise ValidationError("This is not one of your sites.")
    now = timezone.now()
    today = now.astimezone(site.tz).date()
    typed = request.POST.get("approved_on", "").replace("\x00", "")
    on = date_input.read_date(typed, today)
    date_input.not_later(on, today, typed)
    approve(site, request.POST.get("version", ""), on, request.user)
    # An approval may be recorded weeks after its day: who consented in between is judged again.
    Judgement.objects.filter(participant__site=site).update(again_at=now)


def _versions(request: AuthedRequest) -> list[dict[str, Any]]:
    """Each version with its difference from the one before, its approvals, and the participants under it."""
    approvals = list(ProtocolApproval.objects.filter(site__in=request.user.site_ids()).select_related("site"))
    under: dict[str, list[str]] = {version: [] for version in study.VERSIONS}
    consents = Consent.objects.filter(
        participant__in=selectors.participants(request.user), voided_at__isnull=True, consented_at_date__isnull=False
    )
    for consent in consents.select_related("participant").order_by("participant_id"):
        mine = [approval for approval in approvals if approval.site_id == consent.participant.site_id]
        under[in_force(mine, consent.consented_at_date).version].append(consent.participant.code)
    versions, before = [], None
    for version, version_study in study.VERSIONS.items():
        versions.append(
            {
                "study": version_study,
                "changes": study.difference(before, version_study) if before else [],
                "approvals": [approval for approval in approvals if approval.version == version],
                "participants": under[version],
                "first": before is None,
            }
        )
        before = version_study
    return versions
