"""The CTCAE picker, and the report of a serious event."""

from django.urls import path, re_path

from adverse_events import views
from records import converters

__all__ = ["converters", "urlpatterns"]

_CASE = "participants/<code:code>/serious-event/<int:number>"

urlpatterns = [
    path("ctcae/", views.search, name="ctcae-search"),
    re_path(r"^ctcae/(?P<code>[0-9]{8})/$", views.term, name="ctcae-term"),
    path(f"{_CASE}/report/", views.report, name="serious-report"),
    path(f"{_CASE}/reconciliation/", views.reconciliation, name="serious-reconciliation"),
]
