"""One's own account: where one is logged in, the second factor, the password, what is delegated."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import password_validation, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import security_log, services
from accounts.due import due
from accounts.login import client_ip, factors, second_factor_policy, sessions
from accounts.login.reauthentication import prove
from accounts.marks import by_a_script
from accounts.once import once
from accounts.requests import AuthedRequest
from accounts.views.login import new_password_errors

NEW_SECRET = "new-secret"  # noqa: S105 - a place in the session


@require_http_methods(["GET", "HEAD", "POST"])
@once
def account(request: AuthedRequest) -> HttpResponse:
    """Everything about oneself; a device is signed out from here."""
    now, error_message = timezone.now(), ""
    if request.method == "POST":
        try:
            _sign_out(request, now)
            return redirect("account")
        except ValidationError as error:
            error_message = error.messages[0]
    person = request.user
    review = person.password_set_at and person.password_set_at + timedelta(days=settings.PASSWORD_REVIEW_DAYS)
    context = {
        "error_message": error_message,
        "sessions": sessions.sessions_of(person, now),
        "here": request.session.session_key,
        "factors": factors.factors_of(person),
        "memberships": person.memberships.select_related("site").order_by("site", "starts_at"),
        "delegations": services.delegations_of(person),
        "review": review,
        "review_due": review is not None
        and due(person.password_set_at, timedelta(days=settings.PASSWORD_REVIEW_DAYS), now),
        **security_log.about(person, request.GET.get("acts", ""), 20),
        "now": now,
    }
    return render(request, "accounts/account.html", context, status=422 if error_message else 200)


def _sign_out(request: AuthedRequest, now: Any) -> None:
    if request.POST.get("which") == "others":
        sessions.end_others(request.user, request.session.session_key or "", now=now)
        return
    number = request.POST.get("session", "")
    sessions.end(request.user, int(number) if number.isdecimal() and len(number) < 18 else 0, now=now)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def password(request: AuthedRequest) -> HttpResponse:
    """A new password, after the present one; every other device is signed out."""
    errors: dict[str, Any] = {}
    if request.method == "POST":
        now = timezone.now()
        errors = new_password_errors(request, request.user)
        errors |= _unproved(request, now)
        if not errors:
            services.set_password(request.user, request.POST["new_password"], now=now)
            sessions.end_all(request.user)
            update_session_auth_hash(request, request.user)
            sessions.begin(request, client_ip.client_ip(request), now)
            return redirect("account")
    context = {"errors": errors, "rules": password_validation.password_validators_help_texts()}
    return render(request, "accounts/password.html", context, status=422 if errors else 200)


def _unproved(request: AuthedRequest, now: Any) -> dict[str, Any]:
    """What is wrong with the password (and the second factor) that are asked again."""
    try:
        current_password, code = request.POST.get("password", ""), request.POST.get("code", "")
        prove(request.user, current_password, code, client_ip.client_ip(request), now)
    except ValidationError as error:
        return error.message_dict
    return {}


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def second_factor(request: AuthedRequest) -> HttpResponse:
    """Enrol an app or a passkey, or remove one; each after the password (and the factor there is) again."""
    errors: dict[str, Any] = {}
    codes: list[str] = []
    if request.method == "POST":
        now = timezone.now()
        errors = _unproved(request, now)
        if not errors:
            try:
                codes = _change(request, now)
            except ValidationError as error:
                errors = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
        if not errors and not codes:
            return redirect("second-factor")
    secret = request.session.get(NEW_SECRET) or factors.new_secret()
    request.session[NEW_SECRET] = secret
    context = {
        "errors": errors,
        "general": errors.get("__all__", []),
        "codes": codes,
        "factors": factors.factors_of(request.user),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": factors.picture(request.user, secret),
        "due": second_factor_policy.is_due(request.user),
        "typed": request.POST,
    }
    return render(request, "accounts/second_factor.html", context, status=422 if errors else 200)


def _change(request: AuthedRequest, now: Any) -> list[str]:
    """Answers the recovery codes, where there are new ones."""
    act = request.POST.get("act")
    if act == "app":
        secret = request.session.get(NEW_SECRET, "")
        codes = factors.add_code(request.user, secret, request.POST.get("new_code", ""), now=now)
        request.session.pop(NEW_SECRET, None)
    elif act == "passkey":
        answer = request.POST.get("passkey", "")[:20_000]
        codes = factors.add_passkey(request.user, request.POST.get("name", ""), answer, now=now)
    elif act == "remove":
        number = request.POST.get("factor", "")
        factors.remove(request.user, int(number) if number.isdecimal() and len(number) < 18 else 0, now=now)
        return []
    else:
        raise ValidationError(_("Choose what to do."))
    sessions.end_all(request.user, but=request.session.session_key)
    return codes


@by_a_script
@require_POST
def begin_passkey(request: AuthedRequest) -> HttpResponse:
    """What the browser needs to make a passkey."""
    return JsonResponse(factors.begin_passkey(request.user))
