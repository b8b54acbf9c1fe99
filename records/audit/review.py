"""That somebody reviewed the audit trail: which part of it, when, and what was concluded (E6(R3) 4.2.3)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts import text_input
from accounts.models import Person
from records.audit.context import audit_context
from records.model.base import Audited

MAX_LENGTH = 600  # characters of what was asked for


class AuditReview(Audited):
    """One review, by its filter: an address that shows the same lines again. Made once, never changed."""

    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked = models.CharField(max_length=MAX_LENGTH, blank=True, default="")
    in_words = models.CharField(max_length=MAX_LENGTH)
    newest = models.BigIntegerField()  # the newest row of the trail that the reviewer can have seen
    note = models.CharField(max_length=1000)

    class Meta(Audited.Meta):
        ordering = ["-pk"]
        indexes = [models.Index(fields=["-at"], name="audit_review_at")]

    def __str__(self) -> str:
        return f"{self.by}: {self.in_words}"


def record(by: Person, asked: str, in_words: str, newest: int, note: str, now: datetime) -> AuditReview:
    """Write down a review; without a note it is none."""
    note = text_input.reason(note, name="note", empty=_("Write what you looked at and what you concluded."))
    if max(len(asked), len(in_words)) > MAX_LENGTH:
        raise ValidationError({"note": _("What you asked for is too long to be kept with a review. Ask for less.")})
    with transaction.atomic(), audit_context(by, note):
        return AuditReview.objects.create(at=now, by=by, asked=asked, in_words=in_words, newest=newest, note=note)


def latest(most: int | None) -> list[Any]:
    """The last reviews, the newest first; without a number all of them."""
    return list(AuditReview.objects.select_related("by")[:most])
