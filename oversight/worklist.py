"""What needs whom now. Each source is one question to the database, whatever the number of participants."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.utils.translation import gettext as _

from accounts.models import Person
from oversight import awaiting_signature, work_checks, work_deadlines, work_forms, work_opinions
from oversight.models import Deadline
from oversight.work_item import ALL, MOST, Asked, Item
from records import selectors


@dataclass
class Work:
    """Lines by bucket: now, today, week and others, the most urgent first. `more`: there are others behind them."""

    lines: dict[str, list[Item]]
    more: bool


def for_person(person: Person, now: datetime, whole: bool = False) -> Work:
    """What needs this person; `whole`: beyond what one reads in a morning."""
    asked = Asked(person, selectors.participants(person), now, ALL if whole else MOST)
    sources = {
        _("Deadlines"): (work_deadlines.alerts(asked), work_deadlines.coming(asked)),
        _("Forms"): (*work_forms.drafts(asked), work_forms.next_forms(asked)),
        _("To judge and to classify"): (work_opinions.to_judge(asked), work_opinions.to_classify(asked)),
        _("To sign"): (*awaiting_signature.lines(asked),),
        _("Serious events"): (work_opinions.cases(asked),),
        _("Found by checks"): (work_checks.to_check(asked), work_checks.failed_checks(asked)),
        _("Queries"): (work_checks.queries(asked),),
        _("The endpoint and the boundary"): (work_opinions.changed_verdicts(asked), work_opinions.locked(asked)),
        _("To compare with the source"): (work_checks.to_compare(asked),),
    }
    for kind, found in sources.items():
        for item in chain.from_iterable(found):
            item.kind = kind
    found = list(chain.from_iterable(sources.values()))
    return Work(_by_urgency(list(chain.from_iterable(found))), any(len(each) >= asked.most for each in found))


def _by_urgency(items: list[Item]) -> dict[str, list[Item]]:
    """Each page once, where it is asked for most urgently: the window's alert asks for the next form, the surgery."""
    buckets: dict[str, list[Item]] = {"now": [], "today": [], "week": [], "others": []}
    said: set[str] = set()
    for item in sorted(items, key=lambda each: (each.bucket == "others", each.order, each.code)):
        page = item.url.partition("#")[0]
        if (page if item.whole else item.url) not in said:
            said |= {page, item.url}
            buckets[item.bucket].append(item)
    return buckets


def next_thing(person: Person, now: datetime) -> Deadline | None:
    """When the next thing comes, for somebody who has nothing to do."""
    coming = Deadline.objects.filter(participant__in=selectors.participants(person), met=False, raise_at__gt=now)
    return coming.select_related("participant__site").order_by("raise_at").first()
