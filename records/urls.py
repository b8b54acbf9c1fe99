"""The addresses of case report forms; included under /participants/<code>/."""

from django.urls import path

from records import converters
from records.views import form, queries, sign, time_travel

_PLACES = [
    ("<form:slug>/", "form"),  # first: "sbrt" is both a form and a visit, and sbrt/history/ is the form's
    ("<form:slug>/<int:number>/", "repeating-form"),
    ("<visit:visit>/<form:slug>/", "visit-form"),
]

__all__ = ["converters", "urlpatterns"]

urlpatterns = [
    path("<form:slug>/new/", form.fill_in, name="new-form"),
    path("<form:slug>/new/scores/", form.scores, name="new-form-scores"),
    path("<form:slug>/new/typing/", form.typing, name="new-form-typing"),
    *(
        path(f"{place}{tail}", view, name=f"{name}{suffix}")
        for place, name in _PLACES
        for tail, view, suffix in [
            ("history/", form.logbook, "-history"),
            ("void/", form.void, "-void"),
            ("verify/", sign.verify, "-verify"),
            ("as-of/", time_travel.record, "-as-of"),
            ("query/", queries.ask, "-query"),
            ("sign/", sign.sign, "-sign"),
            ("scores/", form.scores, "-scores"),
            ("typing/", form.typing, "-typing"),
            ("", form.fill_in, ""),
        ]
    ),
]
