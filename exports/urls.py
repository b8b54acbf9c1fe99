"""Taking the data away."""

from django.urls import path

from exports import views

urlpatterns = [
    path("exports/", views.overview, name="exports"),
    path("exports/all.zip", views.everything, name="export-all"),
    path("exports/<form:slug>.csv", views.one, name="export-form"),
]
