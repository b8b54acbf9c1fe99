"""The participant: what every clinical record is about."""

from django.db import models
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from records.model.base import Record


class Participant(Record):
    """One person in the trial, known here by a code alone; the key to the code stays at the site."""

    slug = "participant"
    domain = "DM"

    code = models.CharField(_("Participant code"), max_length=20, unique=True, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="participants", editable=False)

    class Meta(Record.Meta):
        verbose_name = _("Participant")
        verbose_name_plural = _("Participants")
        ordering = ["code"]
        indexes = [  # the list, page by page: BLEND-02 before BLEND-100
            models.Index(
                Length("code"), "code", condition=models.Q(voided_at__isnull=True), name="participant_in_order"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Z]+-\d{2,}$"),
                name="participant_code_form",
                violation_error_message=_("A participant code looks like BLEND-01."),
            )
        ]

    def __str__(self) -> str:
        return self.code
