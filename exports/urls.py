"""Taking the data away."""

from django.urls import path

from exports import job_views, snapshot_views, views

urlpatterns = [
    path("exports/", views.overview, name="exports"),
    path("exports/rows/", views.rows, name="export-rows"),
    path("exports/all.zip", views.everything, name="export-all"),
    path("exports/prepare/", job_views.prepare, name="export-prepare"),
    path("exports/jobs/", job_views.listing, name="export-jobs"),
    path("exports/jobs/<int:job>/cancel/", job_views.cancel, name="export-cancel"),
    path("exports/jobs/<int:job>/file/", job_views.file, name="export-file"),
    path("exports/log/", job_views.taken, name="export-log"),
    path("exports/<form:slug>.csv", views.one, name="export-form"),
    path("snapshots/", snapshot_views.listing, name="snapshots"),
    path("snapshots/<int:number>.zip", snapshot_views.download, name="snapshot"),
    path("snapshots/<int:number>/changes/", snapshot_views.changes, name="snapshot-changes"),
]
