"""What time asks of people beside safety: open alerts, and the deadlines of the coming week."""

from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet

from oversight.alert_types import ALERT_TYPES, COMING, SAFETY
from oversight.models import Alert, Deadline
from oversight.notifications.notify import INFORMS
from oversight.worklist.item import Item, WorklistRequest, at
from oversight.worklist.rows import Part
from records.selectors import exists_key

SOON = timedelta(hours=12)
_WHICH = ("participant__code", "kind", "subject")


def alerts(asked: WorklistRequest) -> list[Item]:
    """What people have been told of and is open; "overdue" stands for "due"."""
    worse = Alert.objects.filter(
        participant=OuterRef("participant"), subject=OuterRef("subject"), due_at=OuterRef("due_at"),
        outcome=Alert.Outcome.OPEN, raised_at__gte=OuterRef("due_at"), pk__gt=OuterRef("pk"),
    )  # fmt: skip
    open_alerts = Alert.objects.filter(participant__in=asked.participants, outcome=Alert.Outcome.OPEN)
    open_alerts = open_alerts.exclude(kind__in=SAFETY).alias(worse=exists_key(worse)).filter(worse__isnull=True)
    what, items, now = _words(), [], asked.now.timestamp()
    for row in asked.first(_by_roles(open_alerts, asked), "due_at", (*_WHICH, "due_at"), ("because",)):
        late, urgent = row["at"] <= now, row["at"] - now <= SOON.total_seconds()
        items.append(
            Item(
                row["participant__code"],
                what[row["kind"]],
                row.get("because", ""),
                _where(row),
                row["due_at"],
                "late" if late else "soon",
                "others" if not row["mine"] else "now" if urgent else "today",
                (0, row["at"]),
                unread=row["unread"],
            )
        )
    return items


def coming(asked: WorklistRequest) -> list[Item]:
    """Deadlines of the coming week that nobody needs to be told of yet."""
    week = Deadline.objects.filter(
        participant__in=asked.participants,
        met=False,
        raise_at__gt=asked.now,
        raise_at__lte=asked.now + timedelta(days=7),
        kind__in=COMING,
    )
    what = _words()
    return [
        Item(
            row["participant__code"],
            what[row["kind"]],
            row.get("because", ""),
            _where(row),
            row["raise_at"],
            "",
            "week" if row["mine"] else "others",
            (5, row["at"]),
            whole=True,
            unread=row["unread"],
        )
        for row in asked.first(_by_roles(week, asked), "raise_at", (*_WHICH, "raise_at"), ("because",))
    ]


def _words() -> dict[str, str]:
    """What each kind is called, translated once: a list has hundreds of lines."""
    return {code: str(kind.what) for code, kind in ALERT_TYPES.items()}


def _by_roles(open_alerts: QuerySet[Any], asked: WorklistRequest) -> list[Part]:
    """What the roles of this person act on, where they are held, and apart from it the rest."""
    if all(_sees_to_all(asked, site) for site in asked.person.site_ids()):
        return [([open_alerts], True)]  # without a word about kinds the database reads its lines in order of time
    mine = Q()
    for site, role in asked.person.site_roles:
        mine |= Q(participant__site=site, kind__in=[code for code, kind in ALERT_TYPES.items() if role in kind.roles])
    return (
        [([open_alerts.filter(mine)], True), ([open_alerts.exclude(mine)], False)] if mine else [([open_alerts], False)]
    )


def _sees_to_all(asked: WorklistRequest, site: int) -> bool:
    """Whether every kind of deadline is for this person there."""
    kinds = {code for code in ALERT_TYPES if code not in INFORMS}
    roles = [role for at_site, role in asked.person.site_roles if at_site == site]
    return all(any(role in ALERT_TYPES[code].roles for role in roles) for code in kinds)


def _where(row: dict[str, Any]) -> str:
    return at(row["participant__code"], ALERT_TYPES[row["kind"]].form.format(row["subject"]))
