"""Celery's side: a few lines that call services; services never know of it."""

from celery import shared_task
from django.utils import timezone

from oversight import scan as scanning


@shared_task
def scan() -> None:
    """Beat runs this every minute; twice, late or in parallel is harmless."""
    scanning.scan(now=timezone.now())
