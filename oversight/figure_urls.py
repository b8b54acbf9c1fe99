"""Pages of figures, one figure, its files, and the records behind a number."""

from django.urls import path, register_converter

from oversight import figure_views
from records.converters import SlugInPath


class FigureFile(SlugInPath):
    """What a figure can be taken away as."""

    regex = "svg|png|csv"


register_converter(FigureFile, "figurefile")

urlpatterns = [
    path("progress/", figure_views.page, {"name": "progress"}, name="progress"),
    path("outcomes/", figure_views.page, {"name": "outcomes"}, name="outcomes"),
    path("figures/<form:slug>/", figure_views.figure, name="figure"),
    path("figures/<form:slug>/records/", figure_views.records, name="figure-records"),
    path("figures/<form:slug>.<figurefile:kind>", figure_views.file, name="figure-file"),
]
