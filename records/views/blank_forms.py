"""The blank forms, to print and keep where they are reached without electricity."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.marks import about_nobody
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from protocol.study import STUDY
from records.entry import blank_forms
from records.model import registry


@about_nobody
@require_safe
def blank(request: AuthedRequest) -> HttpResponse:
    """Every form blank, a sheet each, or one (`?form=`)."""
    require(request.user, Permission.SEE)
    sheets = blank_forms.sheets(request.GET.get("form", ""))
    if not sheets:
        raise Http404
    forms = [(slug, model._meta.verbose_name) for slug, model in registry.forms().items()]
    return render(request, "crf/blank.html", {"sheets": sheets, "study": STUDY, "forms": forms})
