"""The audit trail as the database writes it."""

from django.conf import settings
from django.db import models


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
