"""The CTCAE picker's two fragments."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from adverse_events.ctcae_offer import describe_code, offer

LONGEST = 200


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Terms for what was typed, in everyday words."""
    asked = (request.GET.get("q") or request.GET.get("verbatim") or "").replace("\x00", "")[:LONGEST]
    return render(
        request, "adverse_events/_terms.html", {"terms": offer(asked) if asked.strip() else [], "asked": asked}
    )


@require_safe
def term(request: HttpRequest, code: str) -> HttpResponse:
    """The grades that exist for one term, side by side."""
    found = describe_code(code)
    if found is None:
        raise Http404
    return render(request, "adverse_events/_grades.html", {"term": found})
