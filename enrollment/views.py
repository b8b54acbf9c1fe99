"""Registering a participant, and the fragments that judge a form while it is being typed."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.marks import about_nobody, by_a_script
from accounts.models import Site
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from enrollment import services
from enrollment.forms import EligibilityForm
from enrollment.models import Eligibility
from records import selectors


@about_nobody
@require_http_methods(["GET", "HEAD", "POST"])
@once
def new(request: AuthedRequest) -> HttpResponse:
    """Register somebody for screening, and go on to the screening form."""
    require(request.user, Permission.REGISTER)
    sites = list(Site.objects.filter(pk__in=request.user.site_ids(Permission.REGISTER)))
    context: dict[str, Any] = {"sites": sites, "entry": uuid4()}
    if request.method == "POST":
        chosen = request.POST.get("site") or sites[0].code
        site = next((site for site in sites if site.code == chosen), None)
        if site is not None:
            try:
                participant = services.register(site, by=request.user, entry=_uuid(request.POST.get("entry", "")))
            except ValidationError as refused:
                context |= {"chosen": chosen, "error": refused.messages[0]}
            else:
                return redirect("form", participant.code, "screening")
        else:
            context |= {"chosen": chosen, "error": _("This is not one of your sites.")}
    return render(request, "enrollment/new.html", context, status=422 if "error" in context else 200)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@by_a_script
@require_POST
def verdict(request: AuthedRequest, code: str) -> HttpResponse:
    """Eligibility of what is typed so far. Nothing is saved: a POST only because a form is sent."""
    participant = selectors.participant(request.user, code)
    typed = Eligibility(participant=participant)
    form = EligibilityForm(request.POST, instance=typed, zone=participant.site.tz, now=timezone.now())
    form.completing = False
    form.is_valid()
    return render(request, "crf/_verdict.html", {"judged": typed.verdict()})
