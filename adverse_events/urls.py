"""The CTCAE picker."""

from django.urls import path, re_path

from adverse_events import views

urlpatterns = [
    path("ctcae/", views.search, name="ctcae-search"),
    re_path(r"^ctcae/(?P<code>[0-9]{8})/$", views.term, name="ctcae-term"),
]
