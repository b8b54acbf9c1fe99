"""The participant, and the audit trail that the database writes."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from records.audit.chain_forms import AuditForm
from records.audit.read_log import Read
from records.audit.review import AuditReview
from records.audit.seals import AuditCheck, Seal
from records.entry.drafts import Typing
from records.model.base import Record
from records.personal_data import KnownName
from records.queries import Query, QueryMessage
from records.redaction import Redaction
from records.workflow.locks import Lock
from records.workflow.signatures import Signature
from records.workflow.source_verification import Verification

__all__ = [
    "AuditCheck",
    "AuditForm",
    "AuditHead",
    "AuditReview",
    "AuditRow",
    "KnownName",
    "Lock",
    "Participant",
    "Query",
    "QueryMessage",
    "Read",
    "Redaction",
    "Seal",
    "Signature",
    "Typing",
    "Verification",
]


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


class AuditRow(models.Model):
    """One change of one record: written by the trigger, by nobody else, and never changed.

    `changes` is field -> [old, new]. Rows of one participant form a chain: `hash` covers every other column and the
    previous hash; changes and reason by their salted digest, so that they can be redacted. `form`: by which formula.
    """

    chain = models.CharField(max_length=40)
    seq = models.BigIntegerField()
    at = models.DateTimeField(db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    actor = models.CharField(max_length=300)
    db_role = models.CharField(max_length=63)
    action = models.CharField(max_length=10)
    table = models.CharField(max_length=63)
    record_id = models.BigIntegerField()
    participant = models.ForeignKey("records.Participant", models.PROTECT, null=True, related_name="+")
    transaction = models.BigIntegerField()
    reason = models.CharField(max_length=1000)
    changes = models.JSONField()
    salt = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    form = models.PositiveSmallIntegerField(default=1)

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="audit_chain_seq")]
        indexes = [
            models.Index(fields=["table", "record_id", "id"], name="audit_record"),
            models.Index(fields=["transaction"], name="audit_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.record_id}: {self.action}"


class AuditHead(models.Model):
    """The last link of each chain, so that rows cut off its end are missed."""

    chain = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.chain}: {self.seq}"
