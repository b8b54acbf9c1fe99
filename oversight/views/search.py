"""The answers of the search box, as a page and below the box while one types."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight import search


@require_safe
def find(request: AuthedRequest) -> HttpResponse:
    """`?q=`: what was found, in groups; a participant's whole code leads to the casebook at once."""
    require(request.user, Permission.SEE)
    results = search.search_for(request.user, request.GET.get("q", ""), request.GET.get("in", ""))
    if request.htmx:
        return render(request, "oversight/search/_found.html", {"results": results, "box": True})
    if results.only:
        return redirect(results.only.url)
    return render(request, "oversight/search/found.html", {"results": results, "asked": results.asked})
