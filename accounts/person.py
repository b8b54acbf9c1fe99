"""People, sites, and who holds which role where, from when until when."""

from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import DELEGATED, INCOMPATIBLE_ROLES, ON_DELEGATION, ROLE_PERMISSIONS, Permission, Role


def validate_zone(name: str) -> None:
    """Refuse a time zone that this machine does not know."""
    if name not in available_timezones():
        raise ValidationError(_("%(zone)s is not a time zone, such as Europe/Amsterdam."), params={"zone": name})


class Site(models.Model):
    """A hospital. Its time zone is the one in which its clocks were read."""

    code = models.SlugField(_("Code"), max_length=20, unique=True)
    name = models.CharField(_("Name"), max_length=100)
    zone = models.CharField(_("Time zone"), max_length=50, default="Europe/Amsterdam", validators=[validate_zone])

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which this site's local times are read and shown."""
        return ZoneInfo(self.zone)


class Person(AbstractUser):
    """Somebody with a personal account. Rights come from roles at sites, never from Django's own flags."""

    password_set_at = models.DateTimeField(null=True)
    must_enrol = models.BooleanField(default=False)  # an administrator reset the access: nothing is signed until then

    class Meta:
        ordering = ["username"]
        constraints = [models.UniqueConstraint(Lower("username"), name="person_username_any_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def site_roles(self) -> list[tuple[int, Role]]:
        """(site id, role) of every role held now; accounts.login.backends brings them with the login."""
        if (codes := getattr(self, "held_codes", None)) is not None:
            return [(int(site), Role(role)) for site, role in (code.split(":") for code in codes)]
        now = timezone.now()
        return [(site, Role(role)) for site, role in self.memberships.at(now).values_list("site_id", "role")]

    @cached_property
    def delegated(self) -> set[tuple[int, str]]:
        """(site id, task) of everything delegated now; accounts.login.backends brings them with the login."""
        if (codes := getattr(self, "delegated_codes", None)) is not None:
            lines = [code.split(":") for code in codes]
        else:
            delegations = self.delegations.at(timezone.now()).values_list("site_id", "tasks")
            lines = [(site, ",".join(tasks)) for site, tasks in delegations]
        return {(int(site), task) for site, tasks in lines for task in tasks.split(",")}

    def forget_roles(self) -> None:
        """After a change: what is asked next is asked of the database."""
        for cached in ("site_roles", "held_codes", "delegated", "delegated_codes"):
            self.__dict__.pop(cached, None)

    def remember_factor(self, has_one: bool) -> None:
        """After a change of the second factor: what accounts.login.backends brought with the login."""
        self.__dict__["has_factor"] = has_one

    def may(self, what: Permission, site_id: int | None = None) -> bool:
        """Whether a role of this person (at that site, where one is named) allows it, and it is delegated."""
        return any(self._allows(site, role, what) for site, role in self.site_roles if site_id in (None, site))

    def _allows(self, site_id: int, role: Role, what: Permission) -> bool:
        if what not in ROLE_PERMISSIONS[role].may:
            return False
        task = DELEGATED.get(what)
        return task is None or role not in ON_DELEGATION or (site_id, task) in self.delegated

    def lacks_delegation(self, what: Permission, site_id: int | None = None) -> bool:
        """Whether the role would allow it, and only the delegation is missing."""
        of_role = any(what in ROLE_PERMISSIONS[role].may for site, role in self.site_roles if site_id in (None, site))
        return of_role and not self.may(what, site_id)

    def rights(self, site_id: int) -> frozenset[Permission]:
        """All that this person may do at a site."""
        return frozenset(may for may in Permission if self.may(may, site_id))

    def site_ids(self, what: Permission = Permission.SEE) -> set[int]:
        """The sites at which this person may do so."""
        return {site for site, role in self.site_roles if self._allows(site, role, what)}

    @property
    def roles(self) -> list[Role]:
        """The roles held anywhere, in the order of study.md 6."""
        return [role for role in Role if any(role == held_role for _site, held_role in self.site_roles)]

    @property
    def signature(self) -> str:
        """Name and roles, as the audit trail prints them."""
        roles = ", ".join(str(role.label) for role in self.roles)
        return f"{self} ({roles})" if roles else str(self)


class Memberships(models.QuerySet["Membership"]):
    """Roles of people."""

    def at(self, now: datetime) -> "Memberships":
        """Those that hold at that moment."""
        return self.filter(starts_at__lte=now).filter(Q(ends_at=None) | Q(ends_at__gt=now))

    def overlapping(self, starts_at: datetime, ends_at: datetime | None) -> "Memberships":
        """Those that hold at some moment between the two."""
        memberships = self.filter(Q(ends_at=None) | Q(ends_at__gt=starts_at))
        return memberships.filter(starts_at__lt=ends_at) if ends_at else memberships


class Membership(models.Model):
    """One role of one person at one site, for a time. It ends; it is never deleted."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    site = models.ForeignKey(Site, models.PROTECT, related_name="memberships")
    role = models.CharField(_("Role"), max_length=20, choices=Role.choices)
    starts_at = models.DateTimeField(_("From"), default=timezone.now)
    ends_at = models.DateTimeField(_("Until"), null=True, blank=True)

    objects = Memberships.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "site", "role"], condition=Q(ends_at=None), name="membership_open_once"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="membership_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}, {self.site}"

    def clean(self) -> None:
        """Refuse the same role twice at a time, and two hats that would let somebody check his or her own work."""
        if self.ends_at is not None and self.ends_at < self.starts_at:
            raise ValidationError({"ends_at": _("The last day is before the first.")})
        others = Membership.objects.filter(person=self.person).exclude(pk=self.pk)
        others = others.overlapping(self.starts_at, self.ends_at)
        if others.filter(site=self.site, role=self.role).exists():
            raise ValidationError(_("This person has that role there already, in that time."))
        roles = set(others.values_list("role", flat=True))
        for one, other in INCOMPATIBLE_ROLES:
            if (self.role == one and other in roles) or (self.role == other and one in roles):
                raise ValidationError(
                    _("One person cannot be both %(one)s and %(other)s."),
                    params={"one": one.label, "other": other.label},
                )
