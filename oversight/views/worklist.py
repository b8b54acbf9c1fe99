"""The worklist, and putting a line of it aside."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Person
from accounts.once import once
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight.models import ScanFailure, Snooze
from oversight.worklist import build, item, line_html, safety, snooze
from oversight.worklist.item import Item
from protocol.study import STUDY
from records import selectors

BUCKETS = {
    "safety": _("Safety"),
    "now": _("Now"),
    "today": _("Today"),
    "week": _("This week"),
    "others": _("Waiting for others"),
}
SHOWN = 20  # lines below one heading, until somebody asks for all
ORDERS = {"": _("By urgency"), "participant": _("By participant"), "kind": _("By kind")}


@require_safe
def work(request: AuthedRequest) -> HttpResponse:
    """What needs this person now, the most urgent first; `?by=` participant or kind gathers it, `?all=1` shows all."""
    return _page(request, timezone.now())


def _page(request: AuthedRequest, now: datetime, refused: ValidationError | None = None) -> HttpResponse:
    whole, by = request.GET.get("all") == "1", request.GET.get("by", "")
    worklist, aside, groups = _read(request.user, now, whole, by, SHOWN if by not in ORDERS or not by else None)
    lines = worklist.lines
    shown = [line for group in groups for line in group.items]
    item.complete([*shown, *(line for line, _snooze in aside)])
    safety.tell(shown, request.user)
    drawn = line_html.Lines(request, now, request.POST)
    for group in groups:
        group.html = drawn.rows(group.items)
    context = {
        "groups": groups,
        "more": worklist.more,
        "cut": any(len(group.items) < group.n for group in groups),
        "shown": SHOWN,
        "whole": whole,
        "aside": aside,
        "orders": ORDERS,
        "by": by,
        "now": now,
        "nothing": (nothing := not (lines["safety"] or lines["now"] or lines["today"])),
        "next": build.next_thing(request.user, now) if nothing else None,
        "may_register": request.user.may(Permission.REGISTER),
        "not_judged": ScanFailure.objects.filter(participant__in=selectors.participants(request.user)).count(),
        "zone": STUDY.zone,
        "errors": refused.messages if refused else [],
    }
    return render(request, "oversight/worklist/worklist.html", context, status=422 if refused else 200)


def _read(
    person: Person, now: datetime, whole: bool, by: str, drawn: int | None
) -> tuple[build.Work, list[tuple[Item, Snooze]], list["_Group"]]:
    """The lines, those put aside, and the headings; once more with all texts where a line without them is to be shown:
    one that moved up because those before it lead to pages that are on the list already."""
    worklist = build.for_person(person, now, whole, None if whole else drawn)
    aside = snooze.split(person, worklist.lines, now)
    groups = [_Group(*heading, whole) for heading in _groups(worklist, by)]
    shown = [*(line for group in groups for line in group.items), *(line for line, _snooze in aside)]
    if any(line.unread for line in shown):
        return _read(person, now, whole, by, None)
    return worklist, aside, groups


@dataclass
class _Group:
    """A heading with its lines: how many there are, whether others were not counted, and those that are shown."""

    words: Any
    lines: list[Item]
    more: bool
    whole: bool
    html: str = ""

    @property
    def n(self) -> int:
        return len(self.lines)

    @property
    def items(self) -> list[Item]:
        """Safety is never cut."""
        return self.lines if self.whole or self.words == BUCKETS["safety"] else self.lines[:SHOWN]

    @property
    def folded(self) -> bool:
        return bool(self.words == BUCKETS["others"])


def _groups(work: build.Work, by: str) -> list[tuple[Any, list[Item], bool]]:
    """The headings with their lines, safety first; then whoever has the most urgent line."""
    lines = work.lines
    if by not in ("participant", "kind"):
        return [(words, lines[bucket], bucket in work.more) for bucket, words in BUCKETS.items() if lines[bucket]]
    mine = [line for bucket in ("now", "today", "week") for line in lines[bucket]]
    key = (lambda line: line.code) if by == "participant" else (lambda line: str(line.kind))
    first: dict[str, int] = {}
    for place, line in enumerate(mine):
        first.setdefault(key(line), place)
    sorted_lines = sorted(mine, key=lambda line: first[key(line)])
    more = bool(work.more & {"now", "today", "week"})
    groups: list[tuple[Any, list[Item], bool]] = [
        (name, list(items), more) for name, items in groupby(sorted_lines, key)
    ]
    top = [(BUCKETS["safety"], lines["safety"], "safety" in work.more)] if lines["safety"] else []
    return top + groups + ([(BUCKETS["others"], lines["others"], "others" in work.more)] if lines["others"] else [])


@require_POST
@once
def put_aside(request: AuthedRequest) -> HttpResponse:
    """Put a line aside with a reason, or take it back (`days=0`)."""
    now, url = timezone.now(), request.POST.get("url", "")
    if request.POST.get("days") == "0":
        snooze.unsnooze(request.user, url, now)
        return redirect("worklist")
    try:
        snooze.snooze_item(request.user, url, request.POST.get("days", ""), request.POST.get("reason", ""), now)
    except ValidationError as refused:
        return _page(request, now, refused)
    return redirect("worklist")
