"""The worklist, and putting a line of it aside."""

from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from accounts.roles import May
from oversight import messages, snoozing, worklist
from oversight.models import Alert, Message, ScanFailure
from protocol.study import STUDY
from records import selectors

BUCKETS = {"now": _("Now"), "today": _("Today"), "week": _("This week"), "others": _("Waiting for others")}
SHOWN = 20  # lines below one heading, until somebody asks for all
ORDERS = {"": _("By urgency"), "participant": _("By participant"), "kind": _("By kind")}


@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """What needs this person now, the most urgent first; `?by=` participant or kind gathers it, `?all=1` shows all."""
    return _page(request, timezone.now())


def _page(request: HttpRequest, now: datetime, refused: ValidationError | None = None) -> HttpResponse:
    whole = request.GET.get("all") == "1"
    found = worklist.for_person(request.user, now, whole)
    lines = found.lines
    aside = snoozing.apart(request.user, lines, now)
    by = request.GET.get("by", "")
    groups = [
        (words, len(items), items if whole else items[:SHOWN], words == BUCKETS["others"])
        for words, items in _groups(lines, by)
    ]
    context = {
        "groups": groups,
        "more": found.more or any(len(items) < n for _words, n, items, _folded in groups),
        "whole": whole,
        "aside": aside,
        "orders": ORDERS,
        "by": by,
        "now": now,
        "nothing": not (lines["now"] or lines["today"]),
        "next": worklist.next_thing(request.user, now),
        "may_register": request.user.may(May.REGISTER),
        "not_judged": ScanFailure.objects.filter(participant__in=selectors.participants(request.user)).count(),
        "told": _told(
            request.user, [item.alert for _words, _n, items, _folded in groups for item in items if item.alert]
        ),
        "days": snoozing.DAYS,
        "zone": STUDY.zone,
        "errors": refused.messages if refused else [],
        "typed": request.POST,
    }
    return render(request, "oversight/worklist.html", context, status=422 if refused else 200)


def _groups(lines: dict[str, list[worklist.Item]], by: str) -> list[tuple[Any, list[worklist.Item]]]:
    """The headings with their lines; whoever has the most urgent line comes first."""
    if by not in ("participant", "kind"):
        return [(words, lines[bucket]) for bucket, words in BUCKETS.items() if lines[bucket]]
    mine = [item for bucket in ("now", "today", "week") for item in lines[bucket]]
    key = (lambda item: item.code) if by == "participant" else (lambda item: str(item.kind))
    first: dict[str, int] = {}
    for place, item in enumerate(mine):
        first.setdefault(key(item), place)
    found = sorted(mine, key=lambda item: first[key(item)])
    groups: list[tuple[Any, list[worklist.Item]]] = [(name, list(items)) for name, items in groupby(found, key)]
    return groups + ([(BUCKETS["others"], lines["others"])] if lines["others"] else [])


def _told(person: Person, alerts: list[Alert]) -> dict[int, dict[str, Any]]:
    """Alert -> who acknowledged it, or this person's message that waits for it."""
    told = list(Message.objects.filter(alert__in=alerts, person=person).order_by("pk"))
    by = messages.acknowledged([Message(alert=alert) for alert in alerts]) if alerts else {}
    found = {each.alert_id: {"message": each, "by": None} for each in told}
    for (alert, _lock), message in by.items():
        found[alert] = {"message": None, "by": message}
    return found


@require_POST
def put_aside(request: HttpRequest) -> HttpResponse:
    """Put a line aside with a reason, or take it back (`days=0`)."""
    now, url = timezone.now(), request.POST.get("url", "")
    if request.POST.get("days") == "0":
        snoozing.take_back(request.user, url, now)
        return redirect("worklist")
    try:
        snoozing.put_aside(request.user, url, request.POST.get("days", ""), request.POST.get("reason", ""), now)
    except ValidationError as refused:
        return _page(request, now, refused)
    return redirect("worklist")
