"""What every answer has: no copy in a browser's cache, a log line without participant data, a row of who read it."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import site_scope
from exports import log as export_log
from records import personal_data
from records.audit import read_log

log = structlog.get_logger("request")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


class NoStore:
    """Pages of participants are not kept by browsers or proxies (ASVS 14.3.2)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class ReadLog:
    """Who is shown participants leaves a row (records.audit.read_log); where it cannot be written, nothing is shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        read_log.note(request, response, timezone.now())
        return response


class ExportLog:
    """Every file that is sent leaves a line in the log of exports first (exports.log)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        export_log.note_sent(request, response, timezone.now())
        return response


class SiteScopeMiddleware:
    """A page that anybody may open reads no participant, whatever the request before it on this connection might.

    Before the others `LoginRequiredMiddleware` has loaded the person, in the query that says what he or she reads.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any) -> None:
        if not getattr(view, "login_required", True):
            site_scope.no_sites()


class PersonalData:
    """What people send is looked at for personal data (records.personal_data) before it is stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        with personal_data.asking(insists=personal_data.TICK in request.POST):
            return self.get_response(request)


class RequestLog:
    """One line a request: the route's name, never the path, which holds a participant's code.

    What broke has another, Django's own: the formatter gives it the route too (sbrtspine.logs).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        match = request.resolver_match
        log.info(
            "answered",
            method=request.method if request.method in _METHODS else "other",
            route=match.view_name if match else None,
            status=response.status_code,
            ms=round(1000 * (time.monotonic() - started)),
            # Only if the session has been read already: the log line must not ask a database that is away.
            person=getattr(request.session, "_session_cache", {}).get("_auth_user_id"),
        )
        return response
