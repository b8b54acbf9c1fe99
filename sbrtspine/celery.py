"""Celery: worker and beat. The schedule is code: two environments cannot differ in what they watch."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sbrtspine.settings")

app = Celery("sbrtspine")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: object) -> None:
    """Every few minutes: re-judge who changed, raise what is due."""
    from django.conf import settings

    from oversight.tasks import scan

    sender.add_periodic_task(settings.SCAN_EVERY_SECONDS, scan.s(), name="scan", expires=settings.SCAN_EVERY_SECONDS)
