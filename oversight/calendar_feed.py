"""The calendar of coming visits and deadlines, and the feed that a person's own calendar reads from a secret address.

The feed leaves the system: it holds times and neutral words, no code, no site, no kind of event (docs/adr).
"""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from accounts import site_scope
from accounts.models import Person
from oversight.alert_types import ALERT_TYPES, SAFETY
from oversight.models import CalendarFeed, Deadline
from protocol.study import STUDY
from records import selectors
from records.models import Participant

HORIZON = timedelta(days=120)
MAX_ENTRIES = 300  # visits of one page; time limits are never cut
IN_FEED = 2000  # visits of a feed, which somebody's telephone reads again and again
_NAMES = uuid.UUID("4c6b4f2b-6f5d-4a53-9a9e-0f8f3c1d7b61")
_OWN_NAME = {"day-60-due": "d60", "day-90-due": "d90"}


@dataclass(frozen=True)
class Entry:
    """One line of the calendar: a visit has days on which it can be done, a deadline an instant."""

    participant: Participant
    kind: str
    subject: str
    what: str
    opens: date | None
    due_at: datetime
    url: str

    @property
    def day(self) -> date:
        """The local day under which it stands."""
        return self.opens or self.due_at.astimezone(self.participant.site.tz).date()

    @property
    def last_day(self) -> date:
        """The last local day that is still in time."""
        return (self.due_at - timedelta(seconds=1)).astimezone(self.participant.site.tz).date()


def entries(
    person: Person, now: datetime, *, mine: bool = True, start: int = 0, most: int = MAX_ENTRIES
) -> list[Entry]:
    """What is to come, day by day; `mine`: what the roles of this person act on.

    Every time limit, and so many visits from the `start`th on, in the order in which they have to be done.
    """
    coming = _coming(person, now, mine).select_related("participant__site").order_by("due_at", "pk")
    limits = [] if start else list(coming.filter(kind__in=SAFETY))
    shown_entries = [_entry(deadline) for deadline in [*limits, *coming.exclude(kind__in=SAFETY)[start : start + most]]]
    return sorted(shown_entries, key=lambda entry: (entry.day, entry.due_at, entry.participant.code))


def visits(person: Person, now: datetime, mine: bool = True) -> int:
    """How many visits are to come, shown or not."""
    return _coming(person, now, mine).exclude(kind__in=SAFETY).count()


def _coming(person: Person, now: datetime, mine: bool) -> QuerySet[Deadline]:
    kinds = [
        code
        for code, kind in ALERT_TYPES.items()
        if not kind.late and (not mine or set(kind.roles) & set(person.roles))
    ]
    return Deadline.objects.filter(
        Q(due_at__gt=now), participant__in=selectors.participants(person), met=False, kind__in=kinds,
        raise_at__lte=now + HORIZON,
    )  # fmt: skip


def _entry(deadline: Deadline) -> Entry:
    visit = _OWN_NAME.get(deadline.kind, deadline.subject) if "-due" in deadline.kind else ""
    participant, kind = deadline.participant, ALERT_TYPES[deadline.kind]
    return Entry(
        participant,
        deadline.kind,
        deadline.subject,
        _("Visit: %(name)s") % {"name": STUDY.visit_name(visit)} if visit else str(kind.what),
        deadline.raise_at.astimezone(participant.site.tz).date() if visit else None,
        deadline.due_at,
        reverse("casebook", args=[participant.code]) + kind.form.format(deadline.subject),
    )


def renew(person: Person, now: datetime) -> str:
    """A new secret for this person's address; the one before stops working. Only its digest is kept."""
    secret = secrets.token_urlsafe(32)
    CalendarFeed.objects.update_or_create(person=person, defaults={"digest": _digest(secret), "made_at": now})
    return secret


def stop(person: Person) -> None:
    """Nobody can follow this person's calendar any more."""
    CalendarFeed.objects.filter(person=person).delete()


def owner(secret: str) -> CalendarFeed | None:
    """Whose address this is; nobody's, if it was renewed or its owner has left."""
    feeds = CalendarFeed.objects.filter(digest=_digest(secret), person__is_active=True)
    return feeds.select_related("person").first()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def feed(owned: CalendarFeed, now: datetime, link: str) -> bytes:
    """The person's calendar as iCalendar; `link` is where one logs in to see what it is about."""
    calendar = Calendar()
    calendar.add("prodid", "-//sbrtspine//BLEND//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "BLEND")
    with site_scope.sites_of(owned.person):  # a calendar program logs nobody in
        coming, more = entries(owned.person, now, most=IN_FEED), visits(owned.person, now) - IN_FEED
    for event in _events(owned, coming, now, link):
        calendar.add_component(event)
    if more > 0:
        calendar.add_component(_rest(owned, more, now, link))
    return bytes(calendar.to_ical())


def _rest(owned: CalendarFeed, more: int, now: datetime, link: str) -> Event:
    """Says on the day of reading that there are visits which it does not hold."""
    event = Event()
    event.add("uid", f"{uuid.uuid5(_NAMES, f'{owned.digest} more')}@sbrtspine")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("summary", _("BLEND: %(n)s later visits are not in this calendar") % {"n": more})
    event.add("url", link)
    event.add("class", "PRIVATE")
    event.add("dtstart", now.date())
    event.add("dtend", now.date() + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    return event


def _events(owned: CalendarFeed, coming: Iterable[Entry], now: datetime, link: str) -> Iterable[Event]:
    for entry in coming:
        event = Event()
        name = f"{owned.digest} {entry.participant.pk} {entry.kind} {entry.subject}"
        event.add("uid", f"{uuid.uuid5(_NAMES, name)}@sbrtspine")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("summary", _neutral(entry))
        event.add("url", link)
        event.add("class", "PRIVATE")
        if entry.opens is not None:
            event.add("dtstart", entry.opens)
            event.add("dtend", entry.last_day + timedelta(days=1))
            event.add("transp", "TRANSPARENT")
        else:
            event.add("dtstart", (entry.due_at - timedelta(minutes=30)).astimezone(UTC))
            event.add("dtend", entry.due_at.astimezone(UTC))
        yield event


def _neutral(entry: Entry) -> str:
    """Words that say when to look, and nothing of anybody."""
    return _("BLEND: visit") if entry.opens is not None else _("BLEND: time limit")
