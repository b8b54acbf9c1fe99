"""New enrolment is locked when the stopping boundary is reached, until a person decides; nothing else stops (5.9)."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import text_input
from accounts.models import Person


class EnrolmentLock(models.Model):
    """One reaching of the boundary, and what somebody decided about it. A decision is made once and never changed."""

    class Decision(models.TextChoices):
        RESUME = "resume", gettext_lazy("Enrolment goes on")
        STAY = "stay", gettext_lazy("Enrolment stays closed")

    events = models.PositiveSmallIntegerField()
    evaluable = models.PositiveSmallIntegerField()
    because = models.CharField(max_length=400)
    raised_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, default="")
    reason = models.CharField(max_length=1000, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["evaluable"], name="enrolment_lock_once"),
            models.CheckConstraint(
                condition=models.Q(decision="", decided_at__isnull=True, decided_by__isnull=True, reason="")
                | (
                    models.Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~models.Q(decision="")
                    & ~models.Q(reason="")
                ),
                name="enrolment_lock_decided_by_somebody",
                violation_error_message=gettext_lazy("A decision says who, when and why."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.events} of {self.evaluable}"


def open_lock() -> EnrolmentLock | None:
    """The lock that keeps enrolment closed: one that nobody has decided on, or that was decided to stay."""
    last = EnrolmentLock.objects.order_by("-evaluable", "-pk").first()
    return last if last is not None and last.decision != EnrolmentLock.Decision.RESUME else None


def close(events: int, evaluable: int, because: str, now: datetime) -> EnrolmentLock | None:
    """Lock new enrolment, once for each look; None where this look, or a later one, has been dealt with."""
    if EnrolmentLock.objects.filter(evaluable__gte=evaluable).exists():
        return None
    return EnrolmentLock.objects.create(events=events, evaluable=evaluable, because=because, raised_at=now)


def decide(lock_id: int, *, by: Person, decision: str, reason: str, now: datetime) -> EnrolmentLock:
    """Record what a person decided; ValidationError without a reason, or where it has been decided before."""
    if decision not in EnrolmentLock.Decision.values:
        raise ValidationError({"decision": _("Choose one of the two.")})
    reason = text_input.reason(reason)
    with transaction.atomic():
        lock = EnrolmentLock.objects.select_for_update().filter(pk=lock_id).first()
        if lock is None or lock.decision:
            raise ValidationError(_("This has been decided already."))
        lock.decision, lock.reason, lock.decided_at, lock.decided_by = decision, reason, now, by
        lock.save()
    return lock
