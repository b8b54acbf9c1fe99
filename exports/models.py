"""Snapshots: named, sealed cuts of the data, which the application may add and read; exports being made; their log."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from exports.jobs_model import ExportJob
from exports.log import ExportLog
from records.model.base import Audited

__all__ = ["ExportJob", "ExportLog", "Snapshot", "SnapshotFile"]


class Snapshot(Audited):
    """What the data were at one instant, with the sum of its file and the seal under all of it."""

    class Purpose(models.TextChoices):
        ANALYSIS = "statistician", _("an analysis")
        SAFETY = "safety", _("the independent safety monitor")

    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(_("Name"), max_length=100, unique=True)
    purpose = models.CharField(_("For"), max_length=20, choices=Purpose.choices)
    at = models.DateTimeField()
    dated_until = models.DateTimeField(null=True)  # the last instant of its changes, where a clock was ahead of `at`
    horizon = models.CharField(max_length=2000)  # the transactions that had been committed, as PostgreSQL writes it
    sites = models.JSONField()
    participants = models.JSONField()
    closed = models.CharField(max_length=10, blank=True, default="")
    protocol_version = models.CharField(max_length=20)
    dictionary = models.CharField(max_length=64)
    records = models.JSONField()
    sums = models.JSONField()
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    seal = models.CharField(max_length=100)

    class Meta(Audited.Meta):
        ordering = ["-number"]

    def __str__(self) -> str:
        return self.name

    @property
    def until(self) -> datetime:
        """The instant that no change in it is dated after; what had been committed is said by `horizon`."""
        return self.dated_until or self.at


class SnapshotFile(models.Model):
    """The zip as it was made: kept, because a later version of the forms would write other columns."""

    snapshot = models.OneToOneField(Snapshot, models.PROTECT, related_name="file")
    content = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"file of snapshot {self.snapshot_id}"
