"""Celery's side: a few lines that call services; services never know of it."""

from celery import shared_task
from django.utils import timezone

from oversight.figures import cache
from oversight.notifications import outbox
from oversight.scanning import scan as scanning


@shared_task
def scan() -> None:
    """Beat runs this every minute; twice, late or in parallel is harmless. What it raised is mailed at once."""
    scanning.scan(now=timezone.now())
    send_safety.delay()
    send.delay()


@shared_task
def send_safety() -> None:
    """Mail what is about safety; it has a queue and a worker of its own, so that nothing is before it."""
    outbox.send(timezone.now(), safety_only=True)


@shared_task
def send() -> None:
    """Mail everything that is due, safety first: it goes out also where the safety queue has no worker."""
    outbox.send(timezone.now())


@shared_task
def work_out_figures() -> None:
    """Beat runs this every minute: figures that a page asked for and that take too long for a request."""
    cache.forget(timezone.now())
    cache.work_out_owed(timezone.now)
