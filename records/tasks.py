"""Celery's side of the audit trail; late, twice or lost it does no harm."""

from celery import shared_task
from django.utils import timezone

from records.audit import seals, verification


@shared_task
def seal() -> None:
    """Every hour: sign the ends of the chains that grew."""
    seals.make(timezone.now())


@shared_task
def prove() -> None:
    """Every night: the whole trail against itself, the records and the seals; /health/ tells the result."""
    verification.prove(timezone.now())
