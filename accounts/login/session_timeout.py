"""A session that nobody used for a while asks for the password again; a day's work asks for everything again.

Nothing that was typed is lost by it: what was sent is held in the page that asks, and sent on with the answer.
Passwords and codes alone are not held (accounts.sent): they are asked for again.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import due, sent
from accounts.login import client_ip, sessions
from accounts.login.reauthentication import prove
from accounts.requests import AuthedRequest
from accounts.security_log import Act, log

if TYPE_CHECKING:  # the types of Django are there in development only
    from django_stubs_ext import MutableHttpRequest

EVERY = 60  # seconds: how often being seen is written down
FETCHED = "X-Requested-With"


def is_fetched(request: HttpRequest) -> bool:
    """Whether a script asked, which can show no page."""
    return bool(request.headers.get("HX-Request") or request.headers.get(FETCHED))


def locked(request: HttpRequest, now: datetime) -> str:
    """ "idle", "over" (the day's limit), or nothing. A session that did not come in by the login has no clocks."""
    since, seen = request.session.get(sessions.SINCE), request.session.get(sessions.SEEN)
    if since is None or seen is None:
        return ""
    if _is_over(since, settings.SESSION_COOKIE_AGE, now):
        return "over"
    return "idle" if _is_over(seen, settings.IDLE_SECONDS, now) else ""


def _is_over(last: float, seconds: float, now: datetime) -> bool:
    return due.due(datetime.fromtimestamp(last, UTC), timedelta(seconds=seconds), now)


def seen(request: HttpRequest, now: datetime) -> None:
    """Somebody is there; written down once a minute at most."""
    last = request.session.get(sessions.SEEN)
    if last is not None and now.timestamp() - last > EVERY:
        request.session[sessions.SEEN] = int(now.timestamp())
        UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=now)


def unlock(request: AuthedRequest, why: str, now: datetime) -> None:
    """The password again (and the second factor where the day is over); ValidationError by field."""
    password, code = request.POST.get("again-password", ""), request.POST.get("again-code", "")
    prove(request.user, password, code, client_ip.client_ip(request), now, with_factor=why == "over")
    request.session[sessions.SEEN] = int(now.timestamp())
    if why == "over":
        request.session[sessions.SINCE] = int(now.timestamp())
    cast("MutableHttpRequest", request).POST = sent.without_again(request.POST)
    log(Act.What.UNLOCKED, now=now, by=request.user, address=client_ip.client_ip(request) or None)


def ask(request: HttpRequest, why: str, error: ValidationError | None = None) -> HttpResponse:
    """The page that asks, in the place of the one that was wanted; what was sent waits in it."""
    if is_fetched(request):
        return HttpResponse(status=401, headers={"X-Locked": why})
    errors = error.message_dict if error else {}
    context = {
        "why": why,
        "held_fields": sent.to_hold(request.POST),
        "errors": errors,
        "posted": request.method == "POST",
    }
    return render(request, "accounts/again.html", context, status=401)
