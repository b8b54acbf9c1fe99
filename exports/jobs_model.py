"""An export that is prepared in the background: where it stands, whose it is, until when it is kept."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise


class ExportJob(models.Model):
    """One zip to be made for one person. The database knows that it is owed; the queue only says "look now"."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being made")
        READY = "ready", _("Ready")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Removed")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    choice = models.TextField()  # as the address of the page carries it
    purpose = models.CharField(max_length=20)
    sites = ArrayField(models.BigIntegerField())  # whose data it holds: who loses one of them cannot fetch it
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField()
    maker = models.UUIDField(null=True)  # who makes it, or made it: a new one each time it is taken up
    moved_at = models.DateTimeField()  # when its maker last renewed the lease
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    total = models.BigIntegerField()
    done = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    error = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        indexes = [models.Index(fields=["person", "-id"], name="export_job_person")]

    purpose_label: StrOrPromise  # the list of jobs gives it

    def __str__(self) -> str:
        return f"{self.pk}: {self.purpose}, {self.state}"

    @property
    def is_alive(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0
