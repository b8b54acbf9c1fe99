"""What the pages about people show."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, Subquery
from django.http import Http404
from django.utils.translation import gettext as _

from accounts import recertification
from accounts.due import due
from accounts.login.factors import REAL
from accounts.models import Delegation, Membership, Person, Recertification, Site
from accounts.roles import ON_DELEGATION, Permission
from accounts.services import SYSTEM
from protocol.cli_args import EARLIEST, LATEST


def people(now: datetime) -> list[Person]:
    """Every account but the software's own, with roles, second factor, delegation and when it was last looked at."""
    last = Recertification.objects.filter(person=OuterRef("pk")).order_by("-at")
    persons = Person.objects.exclude(username=SYSTEM).annotate(
        has_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=REAL)),
        looked_at=Subquery(last.values("at")[:1]),
        looked_by=Subquery(last.values("by__username")[:1]),
    )
    roles = Membership.objects.select_related("site").order_by("site__code", "starts_at")
    lines = Delegation.objects.at(now)
    prefetched = persons.prefetch_related(
        Prefetch("memberships", roles, to_attr="roles_held"), Prefetch("delegations", lines, to_attr="lines_now")
    )
    return [_told(person, now) for person in prefetched.order_by("-is_active", "last_name", "username")]


def _told(person: Any, now: datetime) -> Any:
    person.now_held = [
        membership for membership in person.roles_held if membership.ends_at is None or membership.ends_at > now
    ]
    person.dormant = recertification.is_dormant(person, now)
    person.look_again = person.is_active and due(person.looked_at, recertification.EVERY, now)
    sites = {line.site_id for line in person.lines_now}
    needs = [membership for membership in person.now_held if membership.role in ON_DELEGATION]
    person.undelegated = [membership.site for membership in needs if membership.site_id not in sites]
    person.needs_delegation = bool(needs)
    return person


def person(pk: int) -> Person:
    """One account; 404 for the software's own."""
    account = Person.objects.exclude(username=SYSTEM).filter(pk=pk).first()
    if account is None:
        raise Http404
    return account


def log_sites(person: Person) -> Iterable[Site]:
    """The sites whose delegation log somebody may read."""
    worked_at = {site for site, _role in person.site_roles}
    may = worked_at if person.may(Permission.PEOPLE) else person.site_ids(Permission.SEE)
    return Site.objects.filter(pk__in=may)


def read_day(text: str, field: str) -> date | None:
    """A day typed as 2016-03-08 or 8-3-2016, or nothing; ValidationError beside the field."""
    return needed_day(text, field) if text.strip() else None


def needed_day(text: str, field: str) -> date:
    """A day that may not be left out; ValidationError beside the field."""
    text = text.strip()
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, read at the site's midnight below
        except ValueError:
            continue
        if EARLIEST <= day.year <= LATEST:
            return day
    raise ValidationError({field: _("Give a day, as 2026-03-08.")})


def midnight(day: date, site: Site) -> datetime:
    """The day's beginning on the site's clocks."""
    return datetime(day.year, day.month, day.day, tzinfo=site.tz)


def span(values: Any, site: Site, now: datetime) -> tuple[datetime, datetime | None]:
    """`from` and `until` (its whole day) of a page; from today where nothing is said."""
    first = read_day(values.get("starts_on", ""), "starts_on")
    last = read_day(values.get("ends_on", ""), "ends_on")
    starts_at = midnight(first, site) if first else now
    ends_at = midnight(last + timedelta(days=1), site) if last else None
    if ends_at is not None and ends_at <= starts_at:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    return starts_at, ends_at
