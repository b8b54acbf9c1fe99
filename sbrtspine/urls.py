"""All addresses (architecture.md 3)."""

from django.urls import include, path

from records import (
    as_of_views,
    blank_views,
    converters,
    lock_views,
    query_views,
    read_views,
    redaction_views,
    understood_views,
)
from sbrtspine import report_views, views

__all__ = ["converters", "urlpatterns"]  # the converters register themselves

urlpatterns = [
    path("", include("accounts.urls")),
    path("health/", views.health, name="health"),
    path("", include("oversight.urls")),
    path("", include("enrollment.urls")),
    path("", include("adverse_events.urls")),
    path("", include("exports.urls")),
    path("report/", report_views.page, name="report"),
    path("report/report.pdf", report_views.file, {"kind": "pdf"}, name="report-pdf"),
    path("report/report.html", report_views.file, {"kind": "html"}, name="report-html"),
    path("participants/<code:code>/changes/", as_of_views.changes, name="changes"),
    path("participants/<code:code>/locks/", lock_views.participant, name="locks"),
    path("participants/<code:code>/redactions/", redaction_views.page, name="redactions"),
    path("forms/blank/", blank_views.blank, name="blank-forms"),
    path("understood/", understood_views.understood, name="understood"),
    path("queries/", query_views.listing, name="queries"),
    path("queries/<int:query>/", query_views.thread, name="query"),
    path("audit/reads/", read_views.listing, name="reads"),
    path("locks/", lock_views.study, name="study-locks"),
    path("locks/<int:lock>/", lock_views.open_again, name="lock-open"),
    path("participants/<code:code>/", include("records.urls")),
]

handler400 = "sbrtspine.views.bad_request"
handler403 = "sbrtspine.views.forbidden"
handler404 = "sbrtspine.views.not_found"
handler500 = "sbrtspine.views.broken"
