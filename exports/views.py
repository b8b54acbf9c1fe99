"""Taking the data away."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.roles import May
from exports import bundle, datasets, dictionary


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What there is to take away, and how many records of each."""
    require(request.user, May.EXPORT)
    forms = [
        {"model": model, "count": datasets.records(model, request.user).order_by().count()}
        for model in dictionary.models()
    ]
    return render(request, "exports/overview.html", {"forms": forms})


@require_safe
def one(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """One form as CSV, streamed."""
    require(request.user, May.EXPORT)
    model = next((model for model in dictionary.models() if model.slug == slug), None)
    if model is None:
        raise Http404
    answer = StreamingHttpResponse(datasets.lines(model, request.user), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}.csv"'
    return answer


@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """All forms, the dictionary and a manifest, as a zip."""
    require(request.user, May.EXPORT)
    now = timezone.now()
    answer = HttpResponse(bundle.as_bytes(request.user, now), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="blend-{now:%Y%m%d-%H%M}.zip"'
    return answer
