"""What is asked of everybody who is logged in, whatever the page: still there, and a second factor enrolled."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.login import second_factor_policy, session_timeout
from accounts.marks import reads_while_idle
from accounts.requests import is_authed

FREE = {"login", "login-factor", "login-passkey", "logout", "again", "welcome", "health"}


class SessionTimeoutMiddleware:
    """Idle and absolute limits of a session (ASVS 7.3), and no page without the second factor that is due."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _named: Any) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if name in FREE or not is_authed(request):
            return None
        now = timezone.now()
        why = session_timeout.locked(request, now)
        quiet = view in reads_while_idle and request.method == "GET" and session_timeout.is_fetched(request)
        if why and not (quiet and why == "idle"):
            if "again-password" not in request.POST:
                return session_timeout.ask(request, why)
            wanted = request.POST.get("again-for", "POST")
            try:
                session_timeout.unlock(request, why, now)
            except ValidationError as error:
                return session_timeout.ask(request, why, error)
            if wanted == "GET":
                return redirect(request.get_full_path())
        elif not quiet:
            session_timeout.seen(request, now)
        if second_factor_policy.is_due(request.user) and name not in second_factor_policy.OPEN:
            return redirect("second-factor")
        return None
