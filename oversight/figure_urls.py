"""Pages of figures, one figure, its files, the records behind a number, and the report."""

from django.urls import path, register_converter

from oversight import figure_views, report_views
from records.converters import SlugInPath


class FigureFile(SlugInPath):
    """What a figure can be taken away as."""

    regex = "svg|png|csv"


class ReportFile(SlugInPath):
    """What the report can be taken away as."""

    regex = "pdf|html"


register_converter(FigureFile, "figurefile")
register_converter(ReportFile, "reportfile")

urlpatterns = [
    path("progress/", figure_views.page, {"name": "progress"}, name="progress"),
    path("outcomes/", figure_views.page, {"name": "outcomes"}, name="outcomes"),
    path("report/", report_views.page, name="report"),
    path("report/report.<reportfile:kind>", report_views.file, name="report-file"),
    path("figures/<form:slug>/", figure_views.figure, name="figure"),
    path("figures/<form:slug>/records/", figure_views.records, name="figure-records"),
    path("figures/<form:slug>.<figurefile:kind>", figure_views.file, name="figure-file"),
]
