"""Celery's side of the exports; late, twice or lost it does no harm."""

from contextlib import suppress

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from exports import jobs


@shared_task
def prepare(job: int) -> None:
    """Make one export for the person who asked for it."""
    jobs.make(job, timezone.now)


@shared_task
def look_after() -> None:
    """Every minute: take up what was lost, remove what is over."""
    now = timezone.now()
    jobs.remove_old(now)
    for job in jobs.owed(now):
        prepare.delay(job)


def soon(job: int) -> None:
    """Say it to the queue; where that is away, `look_after` finds it."""
    with suppress(OperationalError):
        prepare.delay(job)
