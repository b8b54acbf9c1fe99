"""Lines of the worklist that somebody puts aside: with a reason, for days, never what is urgent or about safety."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import text_input
from accounts.due import within
from accounts.models import Person
from oversight.models import Snooze
from oversight.worklist import build
from oversight.worklist.item import Item

DAYS = (1, 3, 7)


def snooze_item(person: Person, url: str, days: str, reason: str, now: datetime) -> Snooze:
    """Keep a line off today's list for so many days, at most until it is due; ValidationError with a sentence."""
    lines = build.for_person(person, now, whole=True).lines
    item = next((line for line in lines["today"] if _is(line, url) and line.can_wait), None)
    if item is None:
        raise ValidationError(_("This line cannot be put aside: it is urgent, about safety, or no longer there."))
    if days not in {str(choice) for choice in DAYS}:
        raise ValidationError(_("Choose for how long."))
    reason = text_input.reason(reason, empty=_("Say why it can wait."), limit=300)
    wait = timedelta(days=int(days))
    last = _current_snoozes(person, now).get(url)
    if last is not None and (last.reason, last.at + wait) == (reason, last.until):
        return last
    until = now + wait
    if item.due_at is not None:
        until = min(until, item.due_at)
    return Snooze.objects.create(person=person, url=url, reason=reason, at=now, until=until)


def unsnooze(person: Person, url: str, now: datetime) -> None:
    """Put a line back on today's list."""
    if (last := _current_snoozes(person, now).get(url)) is not None:
        Snooze.objects.create(person=person, url=url, reason=last.reason, at=now, until=now)


def split(person: Person, lines: dict[str, list[Any]], now: datetime) -> list[tuple[Any, Snooze]]:
    """Take what is put aside out of today's lines; answers those, the first to come back first."""
    standing = _current_snoozes(person, now)
    aside, left = [], []
    for item in lines["today"]:
        snooze = next((snooze for url, snooze in standing.items() if item.can_wait and _is(item, url)), None)
        if snooze is None:
            left.append(item)
        else:
            aside.append((item, snooze))
    lines["today"] = left
    return sorted(aside, key=lambda pair: pair[1].until)


def _is(item: Item, url: str) -> bool:
    """A form to be filled in stays put aside when its next open question is another one."""
    return item.key == (url.partition("#")[0] if item.whole else url)


def _current_snoozes(person: Person, now: datetime) -> dict[str, Snooze]:
    """What this person said last of each line, where it still holds."""
    snoozes = {
        snooze.url: snooze
        for snooze in Snooze.objects.filter(within("at", _MAX_SNOOZE, now), person=person).order_by("pk")
    }
    return {url: snooze for url, snooze in snoozes.items() if snooze.until > now}


_MAX_SNOOZE = timedelta(days=max(DAYS))
