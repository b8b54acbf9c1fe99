"""All addresses. Of two that fit the first is taken, and what is under a participant may be the slug of a form."""

from django.urls import include, path

from records import converters
from records.views import blank_forms, date_echo, locks, queries, reads, redaction, time_travel
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
    path("participants/<code:code>/changes/", time_travel.changes, name="changes"),
    path("participants/<code:code>/locks/", locks.participant, name="locks"),
    path("participants/<code:code>/redactions/", redaction.page, name="redactions"),
    path("forms/blank/", blank_forms.blank, name="blank-forms"),
    path("understood/", date_echo.understood, name="understood"),
    path("queries/", queries.listing, name="queries"),
    path("queries/<int:query>/", queries.thread, name="query"),
    path("audit/reads/", reads.listing, name="reads"),
    path("locks/", locks.study, name="study-locks"),
    path("locks/<int:lock>/", locks.open_again, name="lock-open"),
    path("participants/<code:code>/", include("records.urls")),
]

handler400 = "sbrtspine.views.bad_request"
handler403 = "sbrtspine.views.forbidden"
handler404 = "sbrtspine.views.not_found"
handler500 = "sbrtspine.views.broken"
