"""Who read what (NEN 7513): one row for each page of participants that was shown, and for each export.

A page about one participant names it; one about many (a list, an export) names the sites whose participants it could
show, so that whoever may have been seen there is found. The application adds rows and reads them, nothing else.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts.due import SKEW
from accounts.marks import about_nobody
from accounts.models import Person
from accounts.requests import AuthedRequest

SHOWN = (200, 206, 409, 422)  # the answers that show what is stored
POLLED = timedelta(minutes=10)  # a fragment that keeps a page up to date is a new reading once in this time
RETENTION_YEARS = 5  # at least, from each row on; nothing deletes them


class Read(models.Model):
    """One page, list or export that somebody was shown."""

    class Kind(models.TextChoices):
        PAGE = "page", _("page")
        LIST = "list", _("list")
        EXPORT = "export", _("export")

    at = models.DateTimeField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reader = models.CharField(max_length=300)  # name and roles, as they were
    participant = models.CharField(max_length=20, blank=True, default="")
    sites = ArrayField(models.BigIntegerField(), default=list)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.CharField(max_length=300)
    origin = models.CharField(max_length=45, blank=True, default="")

    about: str  # what people call the query whose address it is: set by records.views.reads

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["participant", "-id"], name="read_participant"),
            models.Index(fields=["person", "-at"], name="read_person"),
        ]

    def __str__(self) -> str:
        return f"{self.reader}: {self.address}"


def about(request: AuthedRequest, code: str) -> None:
    """Say whom a page is about where its address does not."""
    request.read_about = code


_NOTE = """
INSERT INTO records_read (at, person_id, reader, participant, sites, kind, address, origin)
SELECT %(at)s, %(person)s, %(reader)s, %(participant)s, %(sites)s::bigint[], %(kind)s, %(address)s, %(origin)s
WHERE %(since)s::timestamptz IS NULL OR NOT EXISTS (
    SELECT FROM records_read WHERE person_id = %(person)s AND address = %(address)s
        AND at > %(since)s AND at <= %(ahead)s
)
"""


def note(request: HttpRequest, response: HttpResponseBase, now: datetime) -> None:
    """Leave the row of what is about to be shown, in one statement; raises where it cannot be written.

    The address is kept without what was asked of it, which may be anything that somebody typed.
    """
    match, person = request.resolver_match, request.user
    if match is None or request.method == "HEAD" or response.status_code not in SHOWN or match.func in about_nobody:
        return
    if not isinstance(person, Person) or not person.site_roles:
        return
    code = match.kwargs.get("code", "") or getattr(request, "read_about", "")
    fragment = request.method != "GET" or (bool(getattr(request, "htmx", False)) and not _is_file(response))
    params = {
        "at": now,
        "person": person.pk,
        "reader": person.signature[:300],
        "participant": code,
        "sites": [] if code else sorted({site for site, _role in person.site_roles}),
        "kind": _kind(response, code),
        "address": request.path[:300],
        "origin": request.META.get("REMOTE_ADDR", "")[:45],
        "since": now - POLLED if fragment else None,
        "ahead": now + SKEW,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, params)


def _kind(response: HttpResponseBase, code: str) -> str:
    if _is_file(response):
        return Read.Kind.EXPORT
    return Read.Kind.PAGE if code else Read.Kind.LIST


def _is_file(response: HttpResponseBase) -> bool:
    return "attachment" in response.headers.get("Content-Disposition", "")


def reads_of(code: str, site_id: int, since: datetime, before: int | None, most: int) -> list[Read]:
    """Who saw a participant, the newest first: the pages about it, and the lists and exports that could show it."""
    alone = Read.objects.filter(participant=code)
    among = Read.objects.filter(participant="", sites__contains=[site_id], at__gte=since)
    entries: list[Read] = []
    for rows in (alone, among):
        rows = rows.filter(pk__lt=before) if before else rows
        entries += rows.order_by("-pk")[:most]
    return sorted(entries, key=lambda row: -row.pk)[:most]


def at_sites(sites: set[int], codes: Any, before: int | None, most: int) -> list[Read]:
    """Everything that was read of some sites, the newest first; `codes`: the participants there."""
    rows = Read.objects.filter(models.Q(participant__in=codes) | models.Q(participant="", sites__overlap=list(sites)))
    rows = rows.filter(pk__lt=before) if before else rows
    return list(rows.order_by("-pk")[:most])
