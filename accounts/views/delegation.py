"""The delegation and training log of one's sites; its lines are signed by the principal investigator of the site."""

from datetime import date, datetime
from typing import Any, TypedDict

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import delegation, selectors, text_input
from accounts.login import client_ip
from accounts.login.reauthentication import confirm
from accounts.models import Delegation, Membership, Person, Site
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import ON_DELEGATION, Permission, Task


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@once
def log(request: AuthedRequest) -> HttpResponse:
    """Read the log; sign a line, or end one."""
    sites = selectors.log_sites(request.user)
    if not sites:
        raise PermissionDenied(_("You hold no role at a site whose log you could read."))
    errors: dict[str, Any] = {}
    now = timezone.now()
    if request.method == "POST":
        require(request.user, Permission.DELEGATE)
        try:
            _change(request, now)
            return redirect("delegation")
        except ValidationError as error:
            errors = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
    lines = Delegation.objects.filter(site__in=sites).select_related("person", "site", "signed_by", "ending__signed_by")
    current = set(Delegation.objects.at(now).filter(site__in=sites).values_list("pk", flat=True))
    signs = [site for site in sites if site.pk in request.user.site_ids(Permission.DELEGATE)]
    context = {
        "lines": [(line, line.pk in current) for line in lines],
        "signs": signs,
        "candidates": _candidates(signs, now),
        "tasks": Task.choices,
        "errors": errors,
        "general": errors.get("__all__", []),
        "typed": request.POST,
        "ticked": request.POST.getlist("task"),
        "now": now,
        "role": ", ".join(str(role.label) for role in request.user.roles),
    }
    return render(request, "accounts/delegation.html", context, status=422 if errors else 200)


def _candidates(sites: list[Any], now: datetime) -> list[Membership]:
    """Roles that act on delegation and hold now or will."""
    memberships = Membership.objects.filter(site__in=sites, role__in=ON_DELEGATION, person__is_active=True)
    return list(
        memberships.overlapping(now, None).select_related("person", "site").order_by("site__code", "person__last_name")
    )


def _change(request: AuthedRequest, now: datetime) -> None:
    post = request.POST
    line = None
    if post.get("act") == "end":
        number = post.get("line", "")
        line = get_object_or_404(Delegation, pk=int(number) if number.isdecimal() and len(number) < 18 else 0)
        require(request.user, Permission.DELEGATE, line.site_id)
        reason = text_input.reason(post.get("reason", ""))
    else:
        fields = _read(request, now)
    confirm(request.user, post.get("password", ""), post.get("code", ""), client_ip.client_ip(request), now)
    if line is not None:
        delegation.end(line, ends_at=now, reason=reason, by=request.user, now=now)
    else:
        delegation.sign(**fields, by=request.user, now=now)


class NewLine(TypedDict):
    """A line as it will stand on the log, before it is signed."""

    person: Person
    site: Site
    tasks: list[str]
    starts_at: datetime
    ends_at: datetime | None
    trained_on: date
    gcp_on: date | None


def _read(request: AuthedRequest, now: datetime) -> NewLine:
    """The line as typed; the person has to hold a role of a site whose investigator signs."""
    post = request.POST
    membership = _held(post.get("who", ""), request.user)
    starts_at, ends_at = selectors.span(post, membership.site, now)
    fields: NewLine = {
        "person": membership.person,
        "site": membership.site,
        "tasks": post.getlist("task"),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "trained_on": selectors.needed_day(post.get("trained_on", ""), "trained_on"),
        "gcp_on": selectors.read_day(post.get("gcp_on", ""), "gcp_on"),
    }
    delegation.check(**fields)
    return fields


def _held(number: str, by: Person) -> Membership:
    memberships = Membership.objects.filter(pk=int(number) if number.isdecimal() and len(number) < 18 else 0)
    membership = memberships.select_related("person", "site").first()
    if membership is None:
        raise ValidationError({"who": _("Choose whom you delegate to.")})
    if membership.site_id not in by.site_ids(Permission.DELEGATE):
        raise Http404
    return membership
