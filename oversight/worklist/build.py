"""What needs whom now. Each source is one question to the database, whatever the number of participants."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from oversight.models import Deadline
from oversight.worklist import checks, deadlines, forms, judgements, safety, signatures
from oversight.worklist.item import ALL, COUNTED, Item, WorklistRequest
from records import selectors

LANE = 200  # lines of one kind of safety on the first page of a study of thousands; in this one it cuts nothing


@dataclass
class Work:
    """Lines by bucket: safety, now, today, week and others, the most urgent first.

    `more`: the buckets of which there are still others that were not even counted.
    """

    lines: dict[str, list[Item]]
    more: set[str]


def for_person(person: Person, now: datetime, whole: bool = False, drawn: int | None = None) -> Work:
    """What needs this person; `whole`: everything, however many thousand, of safety without any limit.

    `drawn`: of each list only so many lines are wanted; those after them are only counted, and are `unread`.
    """
    asked = WorklistRequest(person, selectors.participants(person), now, ALL if whole else COUNTED, drawn)
    items = [item for source in safety.SOURCES for item in source(asked, None if whole else LANE)]
    more = {"safety"} if asked.beyond else set()
    for kind, source in _SOURCES:
        before, words = len(asked.beyond), str(kind)
        lines = source(asked)
        for item in lines:
            item.kind = words
        items += lines
        if len(asked.beyond) > before:
            more |= {item.bucket for item in lines}
    return Work(_by_urgency(items), more)


_SOURCES: list[tuple[Any, Callable[[WorklistRequest], list[Item]]]] = [
    (_("Deadlines"), deadlines.alerts),
    (_("Deadlines"), deadlines.coming),
    (_("Forms"), forms.drafts),
    (_("Forms"), forms.next_forms),
    (_("To judge and to classify"), judgements.to_judge),
    (_("To judge and to classify"), judgements.to_classify),
    (_("To sign"), signatures.lines),
    (_("Found by checks"), checks.to_check),
    (_("Found by checks"), checks.failed_checks),
    (_("Queries"), checks.queries),
    (_("The endpoint and the boundary"), judgements.changed_verdicts),
    (_("The endpoint and the boundary"), judgements.locked),
    (_("To compare with the source"), checks.to_compare),
]


_LAST = {"safety": -1, "others": 1}


def _by_urgency(items: list[Item]) -> dict[str, list[Item]]:
    """Each page once, where it is asked for most urgently: the window's alert asks for the next form, the surgery."""
    buckets: dict[str, list[Item]] = {"safety": [], "now": [], "today": [], "week": [], "others": []}
    shown_pages: set[str] = set()
    for item in sorted(items, key=lambda item: (_LAST.get(item.bucket, 0), item.order, item.code, item.url)):
        page = item.url.partition("#")[0]
        if (page if item.whole else item.url) not in shown_pages:
            shown_pages |= {page, item.url}
            buckets[item.bucket].append(item)
    return buckets


def next_thing(person: Person, now: datetime) -> Deadline | None:
    """When the next thing comes, for somebody who has nothing to do."""
    coming = Deadline.objects.filter(participant__in=selectors.participants(person), met=False, raise_at__gt=now)
    return coming.select_related("participant__site").order_by("raise_at").first()
