"""What time asks of people: open alerts, and the deadlines of the coming week."""

from datetime import timedelta

from django.db.models import OuterRef, Q

from enrollment.models import Deviation
from oversight.kinds import KINDS
from oversight.models import Alert, Deadline
from oversight.work_item import Asked, Item, at
from records.base import Status
from records.selectors import first_of

SOON = timedelta(hours=12)


def alerts(asked: Asked) -> list[Item]:
    found = Alert.objects.filter(participant__in=asked.participants, outcome=Alert.Outcome.OPEN)
    drafted = Deviation.objects.filter(
        participant=OuterRef("participant"), rule__startswith="window", status=Status.DRAFT, voided_at__isnull=True
    )
    worse = Alert.objects.filter(
        participant=OuterRef("participant"), subject=OuterRef("subject"), due_at=OuterRef("due_at"),
        outcome=Alert.Outcome.OPEN, raised_at__gte=OuterRef("due_at"), pk__gt=OuterRef("pk"),
    )  # fmt: skip
    # Said once: the draft of the deviation stands for the missed window, "overdue" for "due".
    found = found.alias(drafted=first_of(drafted), worse=first_of(worse)).filter(
        Q(drafted__isnull=True) | ~Q(kind="window-missed"), worse__isnull=True
    )
    items = []
    for alert in found.select_related("participant__site").order_by("due_at")[: asked.most]:
        kind = KINDS[alert.kind]
        late = alert.due_at <= asked.now
        urgent = late or alert.due_at - asked.now <= SOON or alert.kind.startswith("window")
        bucket = "others" if not asked.has_one_of(kind.roles) else "now" if urgent else "today"
        items.append(
            Item(
                alert.participant.code,
                str(kind.what),
                alert.because,
                at(alert.participant, kind.form.format(alert.subject)),
                alert.due_at,
                "late" if late else "soon",
                bucket,
                (-1 if kind.safety else 0, alert.due_at.timestamp()),
                safety=kind.safety,
                alert=alert,
            )
        )
    return items


def coming(asked: Asked) -> list[Item]:
    """Deadlines of the coming week that nobody needs to be told of yet."""
    week = Deadline.objects.filter(
        participant__in=asked.participants,
        met=False,
        raise_at__gt=asked.now,
        raise_at__lte=asked.now + timedelta(days=7),
    ).exclude(kind__in=[code for code, kind in KINDS.items() if kind.late])
    return [
        Item(
            deadline.participant.code,
            str(KINDS[deadline.kind].what),
            deadline.because,
            at(deadline.participant, KINDS[deadline.kind].form.format(deadline.subject)),
            deadline.raise_at,
            "",
            "week" if asked.has_one_of(KINDS[deadline.kind].roles) else "others",
            (5, deadline.raise_at.timestamp()),
            whole=True,
        )
        for deadline in week.select_related("participant").order_by("raise_at")[: asked.most]
    ]
