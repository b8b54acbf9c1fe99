"""What we did about deadlines. Deadlines themselves are computed by the protocol; these rows can be rebuilt."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Deadline(models.Model):
    """The last judgement of one participant: derived, replaced by each scan that finds something changed."""

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="deadlines")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=40, blank=True, default="")
    raise_at = models.DateTimeField()
    due_at = models.DateTimeField()
    met = models.BooleanField()
    because = models.CharField(max_length=400)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["participant", "kind", "subject"], name="deadline_once")]
        indexes = [models.Index(fields=["raise_at"], condition=models.Q(met=False), name="deadline_unmet")]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.kind} {self.due_at}"


class Alert(models.Model):
    """We told people about a deadline. It stays, with what became of it, because somebody may have acted on it."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("open")
        MET = "met", _("done")
        MOVED = "moved", _("time corrected")
        GONE = "gone", _("no longer expected")

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="alerts")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=40, blank=True, default="")
    due_at = models.DateTimeField()
    because = models.CharField(max_length=400)
    raised_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    outcome_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["participant", "kind", "subject", "due_at"], name="alert_once"),
        ]
        indexes = [models.Index(fields=["raised_at"], condition=models.Q(sent_at=None), name="alert_unsent")]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.kind} {self.due_at}"


class ScanState(models.Model):
    """One row: how far the scan has read the audit trail, and when it last did."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    cursor = models.BigIntegerField(default=0)
    last_finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="scan_state_one_row")]

    def __str__(self) -> str:
        return f"scanned to {self.cursor}"


class ScanFailure(models.Model):
    """A participant that could not be judged; tried again at every scan, and shown until it succeeds."""

    participant = models.OneToOneField("records.Participant", models.PROTECT, related_name="scan_failure")
    error = models.CharField(max_length=100)
    failed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.participant_id}: {self.error}"
