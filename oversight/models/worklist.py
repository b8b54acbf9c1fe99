"""What people say about work that waits: who looks after a window, what is put aside, who follows the calendar."""

from django.conf import settings
from django.db import models


class Responsible(models.Model):
    """Somebody took over a participant's 48 hours. Never changed: the last one counts."""

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="responsible")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["participant", "-id"], name="responsible_of")]

    def __str__(self) -> str:
        return f"{self.participant_id}: {self.person_id}"


class Snooze(models.Model):
    """Somebody put a line of the worklist aside until a time, and said why. Never changed: the last one counts."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    url = models.CharField(max_length=300)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["person", "until"], name="snooze_of")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.url}"


class CalendarFeed(models.Model):
    """One person's secret calendar address, of which only a digest is kept: it is shown once, and made anew at will."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calendar_feed")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.person_id} {self.made_at}"
