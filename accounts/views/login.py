"""Coming in and going out: password, second factor, a link from a mail, and the password again after a pause."""

from typing import Any

from django.conf import settings
from django.contrib.auth import logout, password_validation
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, services, text_input
from accounts.login import client_ip, factors, flow, session_timeout, sessions
from accounts.marks import by_a_script
from accounts.models import Person
from accounts.once import once
from accounts.requests import AuthedRequest, is_authed
from accounts.security_log import Act, log


def _to(request: HttpRequest) -> str:
    """Where to go after the login: an address of ours, else the worklist."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else ""


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """The first step; who has a second factor is led to the second one."""
    if request.user.is_authenticated:
        return redirect(_to(request) or settings.LOGIN_REDIRECT_URL)
    now, error_message = timezone.now(), ""
    username = text_input.sought(request.POST.get("username", ""))[:150]
    if request.method == "POST":
        try:
            person = flow.check_password(request, username, request.POST.get("password", "")[:1000], now)
        except ValidationError as error:
            error_message = error.messages[0]
        else:
            if factors.has_one(person):
                flow.ask_factor(request, person, _to(request), now)
                return redirect("login-factor")
            return flow.complete_login(request, person, redirect(_to(request) or settings.LOGIN_REDIRECT_URL), now)
    context = {
        "error_message": error_message,
        "next": _to(request),
        "username": username,
        "welcome": "welcome" in request.GET,
    }
    return render(request, "registration/login.html", context)


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """The second step: a code, a recovery code, or a passkey."""
    now = timezone.now()
    waiting = flow.pending(request, now)
    if waiting is None:
        return redirect("login")
    person, to = waiting
    error_message = ""
    if request.method == "POST":
        try:
            flow.check_second_factor(request, person, request.POST.get("code", "")[:20_000], now)
            return flow.complete_login(request, person, redirect(to or settings.LOGIN_REDIRECT_URL), now)
        except ValidationError as error:
            error_message = error.messages[0]
    context = {"error_message": error_message, "has_passkey": factors.has_passkey(person)}
    return render(request, "registration/factor.html", context, status=422 if error_message else 200)


@by_a_script
@login_not_required
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """What a passkey is to answer: of who is logged in, or of who has given the password."""
    if is_authed(request):
        return JsonResponse(factors.challenge(request.user))
    waiting = flow.pending(request, timezone.now())
    return JsonResponse(factors.challenge(waiting[0])) if waiting else HttpResponse(status=403)


@require_POST
def log_out(request: AuthedRequest) -> HttpResponse:
    """Out, here."""
    log(Act.What.LOGOUT, now=timezone.now(), by=request.user, address=client_ip.client_ip(request) or None)
    sessions.forget(request)
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@by_a_script
@require_POST
@sensitive_post_parameters()
def again(request: AuthedRequest) -> HttpResponse:
    """For the dialog on a page: the password again; without one, only that somebody is there."""
    now = timezone.now()
    why = session_timeout.locked(request, now)
    if "again-password" not in request.POST:
        if why:
            return session_timeout.ask(request, why)
        session_timeout.seen(request, now)
        return HttpResponse(status=204)
    try:
        session_timeout.unlock(request, why, now)
    except ValidationError as error:
        return JsonResponse({"said": " ".join(error.messages), "why": why}, status=422)
    return HttpResponse(status=204)


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@once
def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of an invitation: its owner chooses a password, then logs in like everybody."""
    now = timezone.now()
    invitation = invitations.open_ones(secret, now).first()
    if invitation is None:
        return render(request, "accounts/welcome_over.html", status=410)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        errors = new_password_errors(request, invitation.person)
        if not errors and (used := invitations.use(secret, now)):
            services.set_password(used.person, request.POST["new_password"], now=now)
            return redirect(reverse("login") + "?welcome")
    context = {
        "person": invitation.person,
        "errors": errors,
        "rules": password_validation.password_validators_help_texts(),
    }
    return render(request, "accounts/welcome.html", context, status=422 if errors else 200)


def new_password_errors(request: HttpRequest, person: Person) -> dict[str, list[str]]:
    """What is wrong with a new password, typed twice."""
    password = request.POST.get("new_password", "")
    if len(password) > 1000:
        return {"new_password": [_("This is longer than anything a person types.")]}
    try:
        password_validation.validate_password(password, person)
    except ValidationError as error:
        return {"new_password": error.messages}
    if request.POST.get("new_password_again", "") != password:
        return {"new_password_again": [_("The two are not the same.")]}
    return {}
