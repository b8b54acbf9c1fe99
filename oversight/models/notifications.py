"""What people are told, and the outbox from which it is mailed. Both are written with the alert, in one transaction."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_OWED = Q(sent_at=None, not_needed_at=None)


class Urgency(models.IntegerChoices):
    """Safety knows no quiet hours, waits for no digest, and goes before everything else."""

    SAFETY = 0, _("safety: at once")
    ORDINARY = 1, _("ordinary")


class Mail(models.Model):
    """One envelope of the outbox: owed until a mail server has taken it, tried again until then.

    `begun_at` stands while a try has begun whose end nobody knows: found standing, the mail may go twice, and says so.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices)
    due_at = models.DateTimeField()
    try_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField(null=True)
    repeats = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=100, blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    not_needed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["urgency", "try_at"], condition=_OWED, name="mail_owed")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.due_at}"


class Message(models.Model):
    """One person is told of one alert, or that enrolment is locked. `level` counts how often nobody had answered."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="told")
    alert = models.ForeignKey("oversight.Alert", models.PROTECT, null=True, related_name="messages")
    lock = models.ForeignKey("enrollment.EnrolmentLock", models.PROTECT, null=True, related_name="messages")
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices)
    level = models.PositiveSmallIntegerField(default=0)
    raised_at = models.DateTimeField()
    mail = models.ForeignKey(Mail, models.PROTECT, null=True, related_name="messages")
    seen_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(alert__isnull=False, lock=None) | Q(alert=None, lock__isnull=False), name="message_of_one"
            ),
            models.UniqueConstraint(fields=["alert", "person", "level"], name="message_once"),
            models.UniqueConstraint(fields=["lock", "person"], name="message_of_lock_once"),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(seen_at=None), name="message_unseen"),
            models.Index(fields=["person", "-id"], name="message_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.alert_id or self.lock_id}"


_HOUR = [MaxValueValidator(23)]


class MessagePreference(models.Model):
    """How one person wants to be mailed what is not safety; hours are those of the participant's site."""

    class Mode(models.TextChoices):
        AT_ONCE = "at-once", _("each at once, outside my quiet hours")
        DIGEST = "digest", _("together, once a day")

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="message_preference")
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.AT_ONCE)
    digest_hour = models.PositiveSmallIntegerField(validators=_HOUR, default=7)
    quiet_from = models.PositiveSmallIntegerField(validators=_HOUR, default=20)
    quiet_to = models.PositiveSmallIntegerField(validators=_HOUR, default=7)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.person_id}: {self.mode}"
