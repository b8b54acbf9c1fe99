"""What we did about deadlines. Deadlines themselves are computed by the protocol; these rows can be rebuilt."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from oversight.alert_types import COMING, SAFETY


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
        indexes = [
            models.Index(fields=["raise_at"], condition=models.Q(met=False), name="deadline_unmet"),
            models.Index(fields=["participant", "due_at"], condition=models.Q(met=False), name="deadline_next_of"),
            models.Index(fields=["kind", "due_at"], name="deadline_of_kind"),
            models.Index(fields=["due_at"], condition=models.Q(met=False, kind__in=SAFETY), name="deadline_of_safety"),
            models.Index(fields=["raise_at"], condition=models.Q(met=False, kind__in=COMING), name="deadline_coming"),
        ]

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
    told_at = models.DateTimeField(null=True)  # messages to people have been written
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    outcome_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["participant", "kind", "subject", "due_at"], name="alert_once"),
        ]
        indexes = [
            models.Index(fields=["raised_at"], condition=models.Q(told_at=None), name="alert_untold"),
            models.Index(fields=["due_at"], condition=models.Q(outcome="open"), name="alert_open"),
        ]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.kind} {self.due_at}"


class ScanState(models.Model):
    """One row: how far the scan has read the audit trail, and when it last did."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    cursor = models.BigIntegerField(default=0)
    rules = models.CharField(max_length=64, blank=True, default="")
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


class Judgement(models.Model):
    """When a participant was last judged, and when the clock alone will change the judgement."""

    participant = models.OneToOneField("records.Participant", models.PROTECT, related_name="judgement")
    judged_at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["again_at"], condition=models.Q(again_at__isnull=False), name="judge_again")]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.judged_at}"


class Finding(models.Model):
    """What did not fit together when the participant was last judged: derived, replaced at each judgement."""

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="findings")
    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=40, blank=True, default="")
    sentence = models.CharField(max_length=600)
    tail = models.CharField(max_length=200)
    since = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["participant", "code", "subject"], name="finding_once")]
        indexes = [models.Index(fields=["since"], name="finding_since")]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.code}"


class EndpointVerdict(models.Model):
    """A verdict on the endpoint as it was judged at one time. The last of a variant stands; none is ever changed."""

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="verdicts")
    variant = models.CharField(max_length=20)
    verdict = models.CharField(max_length=20)
    because = models.CharField(max_length=1000)
    onset = models.CharField(max_length=40, blank=True, default="")
    protocol_version = models.CharField(max_length=20)
    judged_at = models.DateTimeField()
    before = models.CharField(max_length=20, blank=True, default="")
    cause = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["participant", "variant"], name="verdict_of"),
            models.Index(fields=["variant", "-id"], condition=~models.Q(before=""), name="verdict_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.participant_id} {self.variant} {self.verdict}"


class VerdictSeen(models.Model):
    """Somebody who must know has looked at a change of the endpoint."""

    verdict = models.ForeignKey(EndpointVerdict, models.PROTECT, related_name="seen")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["verdict", "person"], name="verdict_seen_once")]

    def __str__(self) -> str:
        return f"{self.verdict_id} {self.person_id}"


class BackupRun(models.Model):
    """One backup that was made, or one drill that restored it elsewhere; added, never changed."""

    class Kind(models.TextChoices):
        BACKUP = "backup", _("Backup")
        DRILL = "drill", _("Restore drill")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    file = models.CharField(max_length=100, blank=True, default="")
    good = models.BooleanField()
    seconds = models.FloatField()
    sentences = models.JSONField(default=list)
    figures = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d} {'good' if self.good else 'failed'}"
