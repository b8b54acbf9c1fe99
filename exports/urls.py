"""Taking the data away."""

from django.urls import path

from exports import snapshot_views, views

urlpatterns = [
    path("exports/", views.overview, name="exports"),
    path("exports/all.zip", views.everything, name="export-all"),
    path("exports/<form:slug>.csv", views.one, name="export-form"),
    path("snapshots/", snapshot_views.listing, name="snapshots"),
    path("snapshots/<int:number>.zip", snapshot_views.download, name="snapshot"),
    path("snapshots/<int:number>/changes/", snapshot_views.changes, name="snapshot-changes"),
]
