"""People, sites, and who holds which role where."""

from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import DUTIES, NEVER_TOGETHER, May, Role


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

    class Meta:
        ordering = ["username"]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def held(self) -> list[tuple[int, Role]]:
        """(site id, role) of every role this person holds; accounts.backends brings them with the login."""
        if (codes := getattr(self, "held_codes", None)) is not None:
            return [(int(site), Role(role)) for site, role in (code.split(":") for code in codes)]
        return [(site, Role(role)) for site, role in self.memberships.values_list("site_id", "role")]

    def may(self, what: May, site_id: int | None = None) -> bool:
        """Whether a role of this person (at that site, where one is named) allows it."""
        return any(what in DUTIES[role].may for site, role in self.held if site_id in (None, site))

    def site_ids(self, what: May = May.SEE) -> set[int]:
        """The sites at which this person may do so."""
        return {site for site, role in self.held if what in DUTIES[role].may}

    @property
    def roles(self) -> list[Role]:
        """The roles held anywhere, in the order of study.md 6."""
        return [role for role in Role if any(role == held for _site, held in self.held)]

    @property
    def signature(self) -> str:
        """Name and roles, as the audit trail prints them."""
        roles = ", ".join(str(role.label) for role in self.roles)
        return f"{self} ({roles})" if roles else str(self)


class Membership(models.Model):
    """One role of one person at one site."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    site = models.ForeignKey(Site, models.PROTECT, related_name="memberships")
    role = models.CharField(_("Role"), max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "site", "role"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}, {self.site}"

    def clean(self) -> None:
        """Refuse two hats that would let somebody check his or her own work."""
        others = {role for _site, role in self.person.held}
        for one, other in NEVER_TOGETHER:
            if (self.role == one and other in others) or (self.role == other and one in others):
                raise ValidationError(
                    _("One person cannot be both %(one)s and %(other)s."),
                    params={"one": one.label, "other": other.label},
                )
