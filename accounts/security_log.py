"""What people did about accounts, roles and delegations: a log that the application can only add to and read."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.person import Person
from accounts.roles import Role


class Act(models.Model):
    """One line. `by` acted (nobody, where a login failed), `person` is whom it is about."""

    class What(models.TextChoices):
        LOGIN = "login", _("logged in")
        LOGIN_FAILED = "login-failed", _("failed to log in")
        THROTTLED = "throttled", _("was slowed down after too many failures")
        LOGOUT = "logout", _("logged out")
        UNLOCKED = "unlocked", _("gave the password again")
        CONFIRM_FAILED = "confirm-failed", _("failed to confirm with password and second factor")
        SESSION_ENDED = "session-ended", _("signed a device out")
        PASSWORD_SET = "password-set", _("set a password")
        FACTOR_ADDED = "factor-added", _("added a second factor")
        FACTOR_REMOVED = "factor-removed", _("removed a second factor")
        INVITED = "invited", _("invited")
        RESET = "reset", _("reset the access of")
        ROLE_GIVEN = "role-given", _("gave a role to")
        ROLE_ENDED = "role-ended", _("set the end of a role of")
        DEACTIVATED = "deactivated", _("deactivated")
        REACTIVATED = "reactivated", _("let back in")
        DELEGATED = "delegated", _("delegated to")
        DELEGATION_ENDED = "delegation-ended", _("ended a delegation to")
        RECERTIFIED = "recertified", _("confirmed as still needed")

    at = models.DateTimeField()
    what = models.CharField(max_length=20, choices=What.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    username = models.CharField(max_length=150, blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="acts")
    site = models.ForeignKey("accounts.Site", models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=20, blank=True)
    address = models.GenericIPAddressField(null=True)
    reason = models.CharField(max_length=1000, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        indexes = [
            models.Index(fields=["person", "id"], name="act_person"),
            models.Index(fields=["what", "at"], name="act_what_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what} {self.username}"

    @property
    def role_label(self) -> str:
        """The role in words, or the code that was known then."""
        return str(Role(self.role).label) if self.role in Role.values else self.role


def log(what: Act.What, *, now: datetime, by: Person | None = None, person: Person | None = None, **more: Any) -> Act:
    """Write one line. `by` is taken as the person meant where nobody else is named."""
    person = person or by
    more.setdefault("username", getattr(person, "username", ""))
    return Act.objects.create(at=now, what=what, by=by, person=person, **more)


def about(person: Person, asked: str, most: int) -> dict[str, Any]:
    """For a page: the newest acts about somebody, or all where that is asked for, and how many more there are."""
    acts = Act.objects.filter(person=person).select_related("by", "site").order_by("-id")
    if asked == "all":
        return {"acts": acts, "more_acts": 0}
    return {"acts": acts[:most], "more_acts": max(0, acts.count() - most)}
