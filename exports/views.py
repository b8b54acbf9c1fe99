"""Taking the data away."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.roles import May
from exports import bundle, datasets, dictionary
from protocol.study import STUDY
from records import as_of


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What there is to take away, and how many records of each."""
    require(request.user, May.EXPORT)
    forms = [
        {"model": model, "count": datasets.records(model, request.user).order_by().count()}
        for model in dictionary.models()
    ]
    return render(request, "exports/overview.html", {"forms": forms})


def _instant(request: HttpRequest) -> datetime | None:
    """`?as_of=`, read on the trial's clocks."""
    typed = request.GET.get("as_of", "")
    return as_of.read(typed, ZoneInfo(STUDY.zone)) if typed else None


@require_safe
def one(request: HttpRequest, slug: str) -> HttpResponse | StreamingHttpResponse:
    """One form as CSV, streamed."""
    require(request.user, May.EXPORT)
    model = next((model for model in dictionary.models() if model.slug == slug), None)
    if model is None:
        raise Http404
    try:
        at = _instant(request)
    except ValidationError as error:
        return HttpResponse(error.messages[0], status=422, content_type="text/plain; charset=utf-8")
    answer = StreamingHttpResponse(datasets.lines(model, request.user, at), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}.csv"'
    return answer


@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """All forms, the dictionary and a manifest, as a zip."""
    require(request.user, May.EXPORT)
    now = timezone.now()
    try:
        at = _instant(request)
    except ValidationError as error:
        return HttpResponse(error.messages[0], status=422, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(bundle.as_bytes(request.user, now, at), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="blend-{now:%Y%m%d-%H%M}.zip"'
    return answer
