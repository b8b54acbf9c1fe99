"""Plain functions that put records into the database through the real door."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F

from accounts.models import Person, Site
from records import services
from records.model.base import ItemGroupRecord, Record
from records.models import Participant

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def amsterdam(local: str, fold: int = 0) -> datetime:
    """ "2016-03-08 14:05" on Dutch clocks; fold=1 is the second of two equal times."""
    return datetime.fromisoformat(local).replace(tzinfo=AMSTERDAM, fold=fold)


def register(site: Site, by: Person, now: datetime | None = None) -> Participant:
    """The next participant of the trial."""
    code = f"BLEND-{Participant.objects.count() + 1:02}"
    return services.write(Participant(code=code, site=site), by=by, version=0, now=now)


def record(
    model: type[Record],
    participant: Participant,
    by: Person,
    *,
    complete: bool = False,
    rows: list[ItemGroupRecord] | None = None,
    missing: dict[str, str] | None = None,
    now: datetime | None = None,
    visit: str | None = None,
    **answers: Any,
) -> Any:
    """A form of a participant, with these answers; instants as `amsterdam(...)` or as a date."""
    form = model(participant=participant, missing=missing or {})
    if visit:
        form.visit = visit
    form.fill(**answers)
    return services.write(form, by=by, version=0, complete=complete, rows=rows or [], now=now)


def change(
    form: Record, by: Person, *, reason: str = "Source checked", now: datetime | None = None, **answers: Any
) -> Any:
    """Change an existing record through the door."""
    form.refresh_from_db()
    form.fill(**answers)
    return services.write(form, by=by, version=form.version, reason=reason, now=now)


def leave(person: Person) -> None:
    """All roles end, as of when they began: for the tests this person never held one."""
    person.memberships.update(ends_at=F("starts_at"))
    person.forget_roles()
