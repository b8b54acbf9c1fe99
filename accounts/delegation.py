"""The delegation log of a site: who may do what, from when, after which training, signed by the principal investigator.

A line is never changed: it ends by another line. Without a line that holds now, a role reads and writes nothing.
"""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import text_input
from accounts.person import Person, Site
from accounts.roles import Task
from accounts.security_log import Act, log


class Delegations(models.QuerySet["Delegation"]):
    """Lines of the log."""

    def at(self, now: datetime) -> "Delegations":
        """Those that hold at that moment."""
        begun = Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now))
        return self.filter(begun).filter(Q(ending=None) | Q(ending__ends_at__gt=now))


class Delegation(models.Model):
    """One line of a site's log, as it was signed."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations")
    site = models.ForeignKey("accounts.Site", models.PROTECT, related_name="delegations")
    tasks = ArrayField(models.CharField(max_length=20, choices=Task.choices), verbose_name=gettext_lazy("Tasks"))
    starts_at = models.DateTimeField(gettext_lazy("From"))
    ends_at = models.DateTimeField(gettext_lazy("Until"), null=True, blank=True)
    trained_on = models.DateField(gettext_lazy("Trained in the protocol on"))
    gcp_on = models.DateField(gettext_lazy("Good clinical practice on"), null=True, blank=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signed_as = models.CharField(max_length=300)
    signed_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    objects = Delegations.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["site", "person", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")), name="delegation_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {', '.join(self.tasks)}"

    @property
    def task_labels(self) -> list[str]:
        """The tasks in words."""
        return [str(Task(task).label) for task in self.tasks if task in Task.values]

    def content(self) -> dict[str, Any]:
        """What the signature covers."""
        names = ("person_id", "site_id", "tasks", "starts_at", "ends_at", "trained_on", "gcp_on", "signed_by_id")
        return {name: getattr(self, name) for name in (*names, "signed_as", "signed_at")}

    @property
    def holds(self) -> bool:
        """Whether the line is still exactly what was signed."""
        return self.digest == _digest(self.content())


class DelegationEnd(models.Model):
    """A delegation was ended before its time, or at a time that was open."""

    delegation = models.OneToOneField(Delegation, models.PROTECT, related_name="ending")
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=1000)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.delegation} ends"


def _digest(content: dict[str, Any]) -> str:
    def plain(value: Any) -> str:
        return str(int(value.timestamp())) if isinstance(value, datetime) else str(value)

    return hashlib.sha256(json.dumps(content, default=plain, sort_keys=True).encode()).hexdigest()


def check(
    site: Site,
    tasks: list[str],
    *,
    starts_at: datetime,
    trained_on: date,
    ends_at: datetime | None = None,
    **_more: Any,
) -> None:
    """Whether a line can be signed; ValidationError by field."""
    wrong: dict[str, str] = {}
    if not tasks or set(tasks) - set(Task.values):
        wrong["tasks"] = _("Tick at least one task.")
    if trained_on > starts_at.astimezone(site.tz).date():
        wrong["trained_on"] = _("Training comes before the first day of the delegation.")
    if ends_at is not None and ends_at <= starts_at:
        wrong["ends_on"] = _("The last day is before the first.")
    if wrong:
        raise ValidationError(wrong)


def sign(
    person: Person,
    site: Site,
    tasks: list[str],
    *,
    starts_at: datetime,
    trained_on: date,
    by: Person,
    now: datetime,
    ends_at: datetime | None = None,
    gcp_on: date | None = None,
) -> Delegation:
    """Put a signed line on the log. The caller has asked for the password again; ValidationError by field."""
    check(site, tasks, starts_at=starts_at, trained_on=trained_on, ends_at=ends_at)
    line = Delegation(person=person, site=site, tasks=sorted(tasks), starts_at=starts_at, ends_at=ends_at)
    line.trained_on, line.gcp_on = trained_on, gcp_on
    line.signed_by, line.signed_as, line.signed_at = by, by.signature, now.replace(microsecond=0)
    line.digest = _digest(line.content())
    with transaction.atomic():
        line.save(force_insert=True)
        details = {"tasks": line.tasks, "from": starts_at.isoformat(), "until": ends_at and ends_at.isoformat()}
        log(Act.What.DELEGATED, now=now, by=by, person=person, site=site, details={**details, "line": line.pk})
    person.forget_roles()
    return line


def end(line: Delegation, *, ends_at: datetime, reason: str, by: Person, now: datetime) -> DelegationEnd:
    """End a line, with a reason; a second time is refused. The caller has asked for the password again."""
    reason = text_input.reason(reason)
    fields = {"ends_at": ends_at, "reason": reason, "signed_by": by, "signed_at": now}
    with transaction.atomic():
        ending, created = DelegationEnd.objects.get_or_create(delegation=line, defaults=fields)
        if not created:
            raise ValidationError({"reason": _("This delegation was ended already.")})
        details = {"line": line.pk, "until": ends_at.isoformat()}
        log(
            Act.What.DELEGATION_ENDED, now=now, by=by, person=line.person, site=line.site, reason=reason,
            details=details,
        )  # fmt: skip
    return ending
