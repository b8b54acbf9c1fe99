"""Pages of figures, one figure, its files, and the records behind a number."""

from django.urls import path, register_converter

from oversight.views import figures
from records.converters import SlugInPath


class FigureFile(SlugInPath):
    """What a figure can be taken away as."""

    regex = "svg|png|csv"


register_converter(FigureFile, "figurefile")

urlpatterns = [
    path("progress/", figures.page, {"name": "progress"}, name="progress"),
    path("outcomes/", figures.page, {"name": "outcomes"}, name="outcomes"),
    path("figures/<form:slug>/", figures.figure, name="figure"),
    path("figures/<form:slug>/records/", figures.records, name="figure-records"),
    path("figures/<form:slug>.<figurefile:kind>", figures.file, name="figure-file"),
]
