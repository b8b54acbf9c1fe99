"""Celery's side of backup and drill; late, twice or lost they do no harm."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from oversight import health
from oversight.models import BackupRun
from sbrtspine import backups
from sbrtspine import restore_drill as drills

_EARLY = timedelta(hours=24)  # before it would be late


@shared_task
def backup() -> None:
    """Every night."""
    backups.run(timezone.now())


@shared_task
def drill() -> None:
    """Every week: what was backed up is restored on a fresh server, proved and compared."""
    drills.run(timezone.now())


@shared_task
def catch_up() -> None:
    """When a worker starts: what was missed while none ran, or will be late before its next turn."""
    now = timezone.now()
    late = {kind: any(health.good(kind, at)["late"] for at in (now, now + _EARLY)) for kind in health.GOOD_WITHIN}
    if late[BackupRun.Kind.BACKUP]:
        backups.run(timezone.now())
    if late[BackupRun.Kind.DRILL]:
        drills.run(timezone.now())
