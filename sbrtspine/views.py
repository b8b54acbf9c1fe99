"""Health, and the pages for when something cannot be shown, in the same calm frame."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.marks import about_nobody
from oversight import health as oversight_health


@about_nobody
@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when database, Redis, worker and scan are well, else 503; no login, no participant data."""
    checks = oversight_health.check(now=timezone.now())
    return JsonResponse(checks, status=200 if checks["status"] == "ok" else 503)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """403, with the sentence that says which right is missing."""
    sentence = str(exception) if exception and str(exception) else ""
    return render(request, "403.html", {"error_message": sentence}, status=403)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """400, with our own sentence where there is one: nothing that was sent is repeated."""
    sentence = str(exception) if isinstance(exception, BadRequest) else ""
    return render(request, "400.html", {"error_message": sentence}, status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form opened too long ago, or in another login: say that going back keeps what was typed."""
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """404: the same page whether it does not exist or is another site's."""
    return render(request, "404.html", status=404)


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    """500, without asking the database anything: it may be what is away."""
    return HttpResponse(loader.get_template("500.html").render(), status=500)
