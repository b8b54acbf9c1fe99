"""The addresses of case report forms (architecture.md 3); included under /participants/<code>/."""

from django.urls import path

from records import as_of_views, attest_views, converters, query_views, views  # the converters register themselves

_PLACES = [
    ("<form:slug>/", "form"),  # first: "sbrt" is both a form and a visit, and sbrt/history/ is the form's
    ("<form:slug>/<int:number>/", "repeating-form"),
    ("<visit:visit>/<form:slug>/", "visit-form"),
]

__all__ = ["converters", "urlpatterns"]

urlpatterns = [
    path("<form:slug>/new/", views.fill_in, name="new-form"),
    path("<form:slug>/new/scores/", views.scores, name="new-form-scores"),
    path("<form:slug>/new/typing/", views.typing, name="new-form-typing"),
    *(
        path(f"{place}{tail}", view, name=f"{name}{suffix}")
        for place, name in _PLACES
        for tail, view, suffix in [
            ("history/", views.logbook, "-history"),
            ("void/", views.void, "-void"),
            ("verify/", attest_views.verify, "-verify"),
            ("as-of/", as_of_views.record, "-as-of"),
            ("query/", query_views.ask, "-query"),
            ("sign/", attest_views.sign, "-sign"),
            ("scores/", views.scores, "-scores"),
            ("typing/", views.typing, "-typing"),
            ("", views.fill_in, ""),
        ]
    ),
]
