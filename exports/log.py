"""The log of exports: who took what away, when, chosen how. The application adds lines and reads them, nothing else.

Every answer that sends bytes of a file leaves its line before the first one leaves (`note_sent`, for all of them): of
one that says it (exports.leaving), what was chosen; of any other, its name. Where the line cannot be written, nothing
is sent. A line tells what was about to be sent: a browser that breaks off has had less.
"""

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts import site_scope
from accounts.models import Person
from accounts.roles import Permission
from exports.leaving import FileResponse, FileStream, Part, Taken
from exports.selection import Selection
from records.models import Participant

MAX_LINES = 200  # lines of one page
_FILE_NAME = re.compile(r'filename="([^"]*)"')


class ExportLog(models.Model):
    """One file that left, or began to."""

    class What(models.TextChoices):
        FILE = "file", _("one file")
        ZIP = "zip", _("everything chosen, as a zip")
        PREPARED = "prepared", _("prepared in the background")
        FETCHED = "fetched", _("the prepared zip was fetched")
        COMMAND = "command", _("written by a command")
        SNAPSHOT = "snapshot", _("a snapshot")
        OTHER = "other", _("a figure or a report")

    at = models.DateTimeField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    actor = models.CharField(max_length=300)  # name and roles, as they were
    what = models.CharField(max_length=10, choices=What.choices)
    name = models.CharField(max_length=100)
    sites = ArrayField(models.BigIntegerField())
    parameters = models.JSONField()
    records = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    first_byte = models.BigIntegerField(null=True)  # of what was sent; no number where nothing was, as yet
    bytes_sent = models.BigIntegerField(null=True)  # not known beforehand of what is written while it is sent
    file_size = models.BigIntegerField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.actor}: {self.name}"

    @property
    def last_byte(self) -> int | None:
        """The last one that was sent, where only a part was."""
        if self.first_byte is None or self.bytes_sent is None or self.bytes_sent == self.file_size:
            return None
        return self.first_byte + self.bytes_sent - 1

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """What was chosen, in words; what was left as it is goes without saying."""
        return [(name.replace("_", " "), _said(value)) for name, value in self.parameters.items() if value]


def _said(value: Any) -> str:
    return str(_("yes")) if value is True else ", ".join(value) if isinstance(value, list) else str(value)


def taken_by(selection: Selection, what: str, name: str, purpose: str, **more: Any) -> Taken:
    """What an answer with this choice takes away; the line is written if, and just before, it is sent."""
    return Taken(what, name, sorted(selection.sites), {"purpose": purpose, **selection.parameters()}, **more)


def note_sent(request: HttpRequest, response: HttpResponseBase, now: datetime) -> None:
    """The line of a file that is about to be sent. HEAD, a refusal and a page send none."""
    disposition = response.headers.get("Content-Disposition", "")
    if request.method == "HEAD" or response.status_code not in (200, 206) or "attachment" not in disposition:
        return
    person = request.user
    if not isinstance(person, Person):
        return
    taken = response.taken if isinstance(response, FileResponse | FileStream) else _unsaid(request, person, disposition)
    part = taken.part or (_whole(response) if isinstance(response, HttpResponse) else None)
    with site_scope.all_sites():  # the line is written also of what its writer may not read again
        _write(now, person, taken, part)


def _whole(response: HttpResponse) -> Part:
    return Part(0, len(response.content) - 1, len(response.content))


def _write(now: datetime, person: Person, taken: Taken, part: Part | None) -> None:
    ExportLog.objects.create(
        at=now,
        person_id=person.pk,
        actor=person.signature[:300],
        what=taken.what,
        name=taken.name[:100],
        sites=taken.sites,
        parameters=taken.parameters,
        records=taken.records,
        sha256=taken.sha256,
        first_byte=part.first if part else 0,
        bytes_sent=part.length if part else None,
        file_size=part.size if part else None,
    )


def _unsaid(request: HttpRequest, person: Person, disposition: str) -> Taken:
    """Of a view that says nothing: the name of the file, and the sites whose participants it could show."""
    name = _FILE_NAME.search(disposition)
    parameters = {"address": request.path, "as_of": request.GET.get("as_of", "")[:40]}
    return Taken(ExportLog.What.OTHER, name[1] if name else request.path, sorted(person.site_ids()), parameters)


def note(selection: Selection, what: str, name: str, now: datetime, purpose: str = "", **more: Any) -> ExportLog:
    """The line of a file that is written, and not sent: prepared, or by a command."""
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


def seen_by(person: Person, before: int | None = None, most: int = MAX_LINES) -> list[ExportLog]:
    """The newest lines about the sites whose trail this person may review; `before` one of them, to go on.

    Of the codes that were chosen only those of his or her sites.
    """
    sites = person.site_ids(Permission.AUDIT)
    entries = ExportLog.objects.filter(sites__overlap=sorted(sites))
    lines = list((entries.filter(pk__lt=before) if before else entries)[:most])
    named = {code for line in lines for code in line.parameters.get("participants", ())}
    seen = set(Participant.objects.filter(code__in=named, site__in=sites).values_list("code", flat=True))
    for line in lines:
        if codes := line.parameters.get("participants"):
            line.parameters["participants"] = [code if code in seen else str(_("another site's")) for code in codes]
    return lines
