"""The log of exports: who took what away, when, chosen how. The application adds lines and reads them, nothing else."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.roles import May
from exports.selection import Selection


class ExportLog(models.Model):
    """One file that left, or began to."""

    class What(models.TextChoices):
        FILE = "file", _("one file")
        ZIP = "zip", _("everything chosen, as a zip")
        PREPARED = "prepared", _("prepared in the background")
        FETCHED = "fetched", _("the prepared zip was fetched")
        COMMAND = "command", _("written by a command")

    at = models.DateTimeField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    actor = models.CharField(max_length=300)  # name and roles, as they were
    what = models.CharField(max_length=10, choices=What.choices)
    name = models.CharField(max_length=100)
    sites = ArrayField(models.BigIntegerField())
    parameters = models.JSONField()
    records = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.actor}: {self.name}"

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """What was chosen, in words; what was left as it is goes without saying."""
        return [(name.replace("_", " "), _said(value)) for name, value in self.parameters.items() if value]


def _said(value: Any) -> str:
    return str(_("yes")) if value is True else ", ".join(value) if isinstance(value, list) else str(value)


def note(selection: Selection, what: str, name: str, now: datetime, purpose: str = "", **more: Any) -> ExportLog:
    """Leave the line before the first byte leaves; where it cannot be written, nothing does."""
    person = selection.person
    return ExportLog.objects.create(
        at=now,
        person_id=person.pk,
        actor=person.signature[:300],
        what=what,
        name=name,
        sites=sorted(selection.sites),
        parameters={"purpose": purpose, **selection.parameters()},
        **more,
    )


def seen_by(person: Person, most: int = 200) -> list[ExportLog]:
    """The newest lines about the sites whose trail this person may review."""
    return list(ExportLog.objects.filter(sites__overlap=sorted(person.site_ids(May.AUDIT)))[:most])
