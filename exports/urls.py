"""Taking the data away."""

from django.urls import path

from exports.views import exports, jobs, snapshots

urlpatterns = [
    path("exports/", exports.overview, name="exports"),
    path("exports/rows/", exports.rows, name="export-rows"),
    path("exports/all.zip", exports.everything, name="export-all"),
    path("exports/prepare/", jobs.prepare, name="export-prepare"),
    path("exports/jobs/", jobs.listing, name="export-jobs"),
    path("exports/jobs/<int:job>/cancel/", jobs.cancel, name="export-cancel"),
    path("exports/jobs/<int:job>/file/", jobs.file, name="export-file"),
    path("exports/log/", jobs.taken, name="export-log"),
    path("exports/<form:slug>.csv", exports.one, name="export-form"),
    path("snapshots/", snapshots.listing, name="snapshots"),
    path("snapshots/<int:number>.zip", snapshots.download, name="snapshot"),
    path("snapshots/<int:number>/changes/", snapshots.changes, name="snapshot-changes"),
]
