"""Making accounts, giving and ending roles, leaving and coming back: each act leaves a line in the security log."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import invitations, text_input
from accounts.login import factors, sessions
from accounts.models import Delegation, Membership, Person, Site
from accounts.roles import Role
from accounts.security_log import Act, log

SYSTEM = "system"
TAKEN = gettext_lazy("This user name belongs to somebody, or did. It is never given twice.")


def system() -> Person:
    """The actor under whose name the software itself writes; nobody can log in as it."""
    person, created = Person.objects.get_or_create(
        username=SYSTEM, defaults={"first_name": "sbrtspine", "last_name": "(automatic)", "is_active": False}
    )
    if created:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    return person


def give_role(
    person: Person,
    role: Role,
    site: Site,
    *,
    by: Person | None = None,
    reason: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    now: datetime | None = None,
) -> Membership:
    """Let somebody hold a role at a site, for a time; forbidden pairs that meet in time raise ValidationError."""
    now = now or timezone.now()
    membership = Membership(person=person, role=role, site=site, starts_at=starts_at or now, ends_at=ends_at)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)  # two roles given at once see each other
        membership.full_clean()
        membership.save()
        log(Act.What.ROLE_GIVEN, now=now, by=by, **_told(membership, reason))
    person.forget_roles()
    return membership


def end_role(membership: Membership, *, ends_at: datetime, by: Person, reason: str, now: datetime) -> None:
    """Set or change when a role ends; what has ended stays ended, and what ends then already leaves no line."""
    reason = text_input.reason(reason)
    with transaction.atomic():
        row = Membership.objects.select_for_update().get(pk=membership.pk)
        if row.ends_at is not None and row.ends_at <= now:
            raise ValidationError({"ends_on": _("This role has ended; give it again instead.")})
        ends_at = max(ends_at, row.starts_at)
        if row.ends_at == ends_at:
            return
        row.ends_at = ends_at
        row.full_clean()
        row.save()
        log(Act.What.ROLE_ENDED, now=now, by=by, **_told(row, reason))
    membership.person.forget_roles()


def _told(membership: Membership, reason: str) -> dict[str, Any]:
    """A role for the log, complete enough to be replayed."""
    until = membership.ends_at
    return {
        "person": membership.person,
        "site": membership.site,
        "role": membership.role,
        "reason": reason,
        "details": {
            "membership": membership.pk,
            "from": membership.starts_at.isoformat(),
            "until": until.isoformat() if until else None,
        },
    }


def invite(
    *, username: str, first_name: str, last_name: str, email: str, role: Role, site: Site, starts_at: datetime,
    ends_at: datetime | None, by: Person, now: datetime, origin: str,
) -> Person:  # fmt: skip
    """A new account with its first role, and a link by mail to choose the password."""
    names = {"username": username, "first_name": first_name, "last_name": last_name, "email": email}
    person = Person(**{name: text_input.line(text, name=name) for name, text in names.items()})
    person.set_unusable_password()
    if Person.objects.filter(username__iexact=person.username).exists():
        raise ValidationError({"username": TAKEN})
    with transaction.atomic():
        person.full_clean(exclude=["password", "password_set_at"])
        _save_new(person)
        log(Act.What.INVITED, now=now, by=by, person=person)
        give_role(person, role, site, by=by, starts_at=starts_at, ends_at=ends_at, now=now)
        invitations.invite(person, by=by, now=now, origin=origin)
    return person


def _save_new(person: Person) -> None:
    """Of two who give one name at one moment the second is told so."""
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise ValidationError({"username": TAKEN}) from error


def reset(person: Person, *, by: Person, reason: str, now: datetime, origin: str) -> None:
    """A lost password or device: both are dead at once, and a link is mailed. Until a new second factor: no signing."""
    reason = text_input.reason(reason)
    if not person.is_active:
        raise ValidationError({"reason": _("This account is closed. Let the person back in first.")})
    with transaction.atomic():
        factors.remove_all(person, by=by, now=now)
        person.set_unusable_password()
        person.must_enrol = True
        person.save(update_fields=["password", "must_enrol"])
        sessions.end_all(person)
        log(Act.What.RESET, now=now, by=by, person=person, reason=reason)
        invitations.invite(person, by=by, now=now, origin=origin)


def set_password(person: Person, password: str, *, now: datetime) -> None:
    """The owner chose a password; the caller has checked it against the rules."""
    with transaction.atomic():
        person.set_password(password)
        person.password_set_at = now
        person.save(update_fields=["password", "password_set_at"])
        log(Act.What.PASSWORD_SET, now=now, by=person)


def deactivate(person: Person, *, by: Person, reason: str, now: datetime) -> None:
    """Somebody leaves: out at the next request, roles ended, everything that was done stays under the name."""
    reason = text_input.reason(reason)
    if person == by:
        raise ValidationError({"reason": _("Nobody closes his or her own account: ask a colleague.")})
    with transaction.atomic():
        if not _turns(person, active=False):
            return
        person.save(update_fields=["is_active"])
        for membership in person.memberships.overlapping(now, None):
            end_role(membership, ends_at=now, by=by, reason=reason, now=now)
        factors.remove_all(person, by=by, now=now)
        sessions.end_all(person)
        log(Act.What.DEACTIVATED, now=now, by=by, person=person, reason=reason)


def reactivate(person: Person, *, by: Person, reason: str, now: datetime, origin: str) -> None:
    """Somebody comes back: the same person, without roles, and with a new link."""
    reason = text_input.reason(reason)
    with transaction.atomic():
        if not _turns(person, active=True):
            return
        person.must_enrol = True
        person.set_unusable_password()
        person.save(update_fields=["is_active", "must_enrol", "password"])
        log(Act.What.REACTIVATED, now=now, by=by, person=person, reason=reason)
        invitations.invite(person, by=by, now=now, origin=origin)


def _turns(person: Person, *, active: bool) -> bool:
    """Let the account be active or not; whether that changes anything, which a page opened earlier does not know."""
    was = Person.objects.select_for_update().get(pk=person.pk).is_active
    person.is_active = active
    return was != active


def delegations_of(person: Person) -> Any:
    """All lines about somebody, with their ends."""
    return Delegation.objects.filter(person=person).select_related("site", "signed_by", "ending__signed_by")
