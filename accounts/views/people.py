"""Who works on the trial: the list, one person, invitations, roles with dates, leaving, looking again, as of a day."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access_report as history
from accounts import instants, recertification, security_log, selectors, services, text_input
from accounts.login import factors, sessions
from accounts.models import Membership, Person, Site
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission, Role
from protocol.study import STUDY


def _sites(request: AuthedRequest) -> Any:
    return Site.objects.filter(pk__in=request.user.site_ids(Permission.PEOPLE))


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}


@require_http_methods(["GET", "HEAD", "POST"])
@once
def listing(request: AuthedRequest) -> HttpResponse:
    """Everybody, by what needs attention; several accounts are confirmed as still needed at once."""
    require(request.user, Permission.PEOPLE)
    now, error_message = timezone.now(), ""
    if request.method == "POST":
        ticked = [int(pk) for pk in request.POST.getlist("person") if pk.isdecimal() and len(pk) < 18]
        people = list(Person.objects.filter(pk__in=ticked, is_active=True).exclude(username=services.SYSTEM))
        if people:
            recertification.confirm(people, by=request.user, now=now)
            return redirect("people")
        error_message = _("Tick the accounts that you looked at and that are still needed.")
    context = {
        "people": selectors.people(now),
        "error_message": error_message,
        "now": now,
        "every": recertification.EVERY.days,
    }
    return render(request, "accounts/people.html", context, status=422 if error_message else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@once
def invite(request: AuthedRequest) -> HttpResponse:
    """A new account, with its first role and a link by mail."""
    require(request.user, Permission.PEOPLE)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            return redirect("person", _invite(request, timezone.now()).pk)
        except ValidationError as error:
            errors = _by_field(error)
    context = {"sites": _sites(request), "roles": Role.choices, "errors": errors, "typed": request.POST}
    context["general"] = errors.get("__all__", [])
    return render(request, "accounts/invite.html", context, status=422 if errors else 200)


def _invite(request: AuthedRequest, now: datetime) -> Person:
    values = {name: text_input.line(request.POST.get(name, ""), name=name) for name in request.POST}
    for name in ("first_name", "last_name", "username", "email"):
        if not values.get(name):
            raise ValidationError({name: _("This is needed.")})
    role, site = _role_and_site(request, values)
    starts_at, ends_at = selectors.span(values, site, now)
    names = {name: values[name] for name in ("first_name", "last_name", "username", "email")}
    return services.invite(
        **names, role=role, site=site, starts_at=starts_at, ends_at=ends_at, by=request.user, now=now,
        origin=request.build_absolute_uri("/"),
    )  # fmt: skip


def _role_and_site(request: AuthedRequest, values: Any) -> tuple[Role, Site]:
    site = _sites(request).filter(code=values.get("site", "")).first()
    if site is None:
        raise ValidationError({"site": _("Choose a site whose people you manage.")})
    if values.get("role") not in Role.values:
        raise ValidationError({"role": _("Choose a role.")})
    return Role(values["role"]), site


@require_http_methods(["GET", "HEAD", "POST"])
@once
def person(request: AuthedRequest, pk: int) -> HttpResponse:
    """One account: what it holds and held, and everything that can be done about it, each with a reason."""
    require(request.user, Permission.PEOPLE)
    account = selectors.person(pk)
    errors: dict[str, Any] = {}
    now = timezone.now()
    if request.method == "POST":
        try:
            _act(request, account, now)
            return redirect("person", pk)
        except ValidationError as error:
            errors = _by_field(error)
    context = {
        "person": account,
        "refusal": refusal(request.user, account),
        "memberships": account.memberships.select_related("site").order_by("site__code", "starts_at"),
        "delegations": services.delegations_of(account),
        "factors": factors.factors_of(account),
        "sessions": sessions.sessions_of(account, now),
        "dormant": recertification.is_dormant(account, now),
        "looked": account.recertifications.select_related("by")[:5],
        **security_log.about(account, request.GET.get("acts", ""), 50),
        "sites": _sites(request),
        "roles": Role.choices,
        "errors": errors,
        "general": errors.get("__all__", []),
        "typed": request.POST,
        "now": now,
    }
    return render(request, "accounts/person.html", context, status=422 if errors else 200)


def refusal(by: Person, about: Person) -> str:
    """Why this administrator changes nothing about that person; empty where all is well."""
    if by == about:
        return _("Nobody changes his or her own roles or access: ask a colleague who manages people.")
    sites = {membership.site_id for membership in about.memberships.all()}
    if sites and not sites & by.site_ids(Permission.PEOPLE):
        return _("This person works at a site whose people you do not manage.")
    return ""


def _act(request: AuthedRequest, about: Person, now: datetime) -> None:
    if sentence := refusal(request.user, about):
        raise PermissionDenied(sentence)
    post, by = request.POST, request.user
    reason, origin = post.get("reason", ""), request.build_absolute_uri("/")
    match post.get("act"):
        case "give":
            role, site = _role_and_site(request, post)
            reason = text_input.reason(reason)
            starts_at, ends_at = selectors.span(post, site, now)
            services.give_role(about, role, site, by=by, reason=reason, starts_at=starts_at, ends_at=ends_at, now=now)
        case "end":
            _end(request, about, reason, now)
        case "reset":
            services.reset(about, by=by, reason=reason, now=now, origin=origin)
        case "deactivate":
            services.deactivate(about, by=by, reason=reason, now=now)
        case "reactivate":
            services.reactivate(about, by=by, reason=reason, now=now, origin=origin)
        case _:
            raise ValidationError(_("Choose what to do."))


def _end(request: AuthedRequest, about: Person, reason: str, now: datetime) -> None:
    """End a role now, or after a last day."""
    number = request.POST.get("membership", "")
    mine = Membership.objects.filter(person=about, site__in=_sites(request))
    membership = get_object_or_404(mine, pk=int(number) if number.isdecimal() and len(number) < 18 else 0)
    _start, ends_at = selectors.span(
        {"ends_on": request.POST.get("ends_on", "")}, membership.site, membership.starts_at
    )
    services.end_role(membership, ends_at=ends_at or now, by=request.user, reason=reason, now=now)


@require_safe
def as_of(request: AuthedRequest) -> HttpResponse:
    """Who had what at an instant, replayed from the log."""
    require(request.user, Permission.PEOPLE)
    text = request.GET.get("at", "").replace("\x00", "").strip()
    at, error_message = timezone.now(), ""
    if text:
        try:
            at = instants.read(text, ZoneInfo(STUDY.zone))
        except ValidationError as refused:
            error_message = refused.messages[0]
    rows = [(access, access.current(at), access.delegated(at)) for access in history.replay(at)]
    context = {"at": at, "asked_at": text, "error_message": error_message, "rows": rows, "now": timezone.now()}
    return render(request, "accounts/as_of.html", context, status=422 if error_message else 200)
