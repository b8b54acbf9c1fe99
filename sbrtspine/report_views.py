"""The report: a page with its buttons, and the files. Here, because snapshots are of the exports, and figures not."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from exports import snapshots
from oversight.analysis import cohort
from oversight.figures import report
from oversight.views import figures
from sbrtspine import report_sources

TYPES = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}


@require_safe
def page(request: AuthedRequest) -> HttpResponse:
    """What the report holds, and the buttons that make it."""
    require(request.user, Permission.EXPORT)
    return _page(request)


def _page(request: AuthedRequest, errors: list[str] | None = None) -> HttpResponse:
    nobody = cohort.Cohort([], timezone.now())
    drawn = [(part.number, part.draw(nobody).title) for part in report.CONTENTS]
    context = {
        "titles": [f"{number}. {title}" if number else title for number, title in drawn],
        "snapshots": snapshots.visible(request.user),
        "errors": errors or [],
    }
    return render(request, "report/page.html", context, status=422 if errors else 200)


@require_safe
def file(request: AuthedRequest, kind: str) -> HttpResponse:
    """The report as PDF or HTML, in English, to take away."""
    require(request.user, Permission.EXPORT)
    try:
        at = figures.instant(request)
        number = request.GET.get("snapshot", "")
        source = report_sources.of_snapshot(request.user, number) if number else None
    except ValidationError as error:
        return _page(request, error.messages)
    with translation.override("en"):
        document = report.build(request.user, timezone.now(), at, source)
        content = report.as_pdf(document) if kind == "pdf" else report.as_html(document)
    headers = {"Content-Disposition": f'attachment; filename="blend-report-{document.at:%Y-%m-%d}.{kind}"'}
    return HttpResponse(content, content_type=TYPES[kind], headers=headers)
