"""Who saw a participant: asked when data may have leaked, so answered at once."""

import re
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from protocol.study import STUDY
from records import named, paging
from records.audit import read_log
from records.models import Participant, Query

PAGE = 100


@require_safe
def listing(request: AuthedRequest) -> HttpResponse:
    """Everything that was read at one's sites; `?participant=` who saw that one, in lists and exports too."""
    require(request.user, Permission.AUDIT)
    sites = request.user.site_ids(Permission.AUDIT)
    mine = Participant.objects.filter(site_id__in=sites)
    code = request.GET.get("participant", "").replace("\x00", "").strip().upper()[:20]
    before = paging.before(request.GET.get("before", ""))
    participant = mine.filter(code=code).select_related("site").first() if code else None
    rows: list[read_log.Read] = []
    if participant is not None:
        rows = read_log.reads_of(participant.code, participant.site_id, participant.created_at, before, PAGE + 1)
    elif not code:
        rows = read_log.at_sites(sites, mine.values("code"), before, PAGE + 1)
    _name_queries(rows)
    context: dict[str, Any] = {
        "rows": rows[:PAGE],
        "code": code,
        "refused": _("You audit no participant with this code.") if code and participant is None else "",
        "older": urlencode({"participant": code, "before": rows[PAGE - 1].pk}) if len(rows) > PAGE else "",
        "zone": participant.site.zone if participant else STUDY.zone,
        "years": read_log.RETENTION_YEARS,
    }
    return render(request, "audit/reads.html", context, status=422 if context["refused"] else 200)


def _name_queries(rows: list[read_log.Read]) -> None:
    """The address of a query holds its id; people know it by its number."""
    ids = {row.pk: int(match[1]) for row in rows if (match := re.match(r"/queries/(\d{1,18})/", row.address))}
    titles = named.titles((Query._meta.db_table, pk) for pk in ids.values())
    for row in rows:
        row.about = titles.get((Query._meta.db_table, ids.get(row.pk, 0)), "")
