"""The lane on top: the 48 hours, the clocks of serious events, and serious events without a clock. No limit cuts it.

It reads deadlines, not alerts: what is live is shown although nobody has been told yet, or no scan has run since.
"""

from typing import Any

from django.db.models import OuterRef, Q
from django.utils.translation import gettext as _

from adverse_events.adverse_event import IS_SERIOUS
from adverse_events.models import AdverseEvent, SeriousEvent
from enrollment.models import Deviation
from oversight.kinds import KINDS, SAFETY
from oversight.models import Alert, Deadline
from oversight.work_item import Asked, Item, at
from records.base import Status
from records.selectors import first_of

_SEEN = ("participant_id", "participant__code", "kind", "subject", "raise_at", "due_at", "because", "drafted")


def windows_and_clocks(asked: Asked, most: int | None) -> list[Item]:
    """Every window that is open, closing or late, and every clock that runs or has run out; `most`: of the first page.

    A window and its miss are one line, as are a report and its being late.
    """
    live = Q(kind="window-closing") | Q(raise_at__lte=asked.now)
    drafted = Deviation.objects.filter(
        participant=OuterRef("participant"), rule__startswith="window", status=Status.DRAFT, voided_at__isnull=True
    )
    unmet = Deadline.objects.filter(live, participant__in=asked.participants, met=False, kind__in=SAFETY)
    unmet = unmet.annotate(drafted=first_of(drafted, "number")).order_by("due_at")
    one: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in unmet.values(*_SEEN)[: most and 2 * most]:
        about = (row["participant_id"], row["kind"].rpartition("-")[0], row["subject"])
        if about not in one or KINDS[row["kind"]].late:
            one[about] = row
    return [_line(row, asked) for row in list(one.values())[:most]]


def _line(row: dict[str, Any], asked: Asked) -> Item:
    kind = KINDS[row["kind"]]
    late, told = row["due_at"] <= asked.now, row["raise_at"] <= asked.now
    live = row["kind"] == "window-closing" and not late
    tail = kind.form.format(row["subject"])
    if row["kind"] == "window-missed" and row["drafted"]:
        tail += f"{row['drafted']}/"
    return Item(
        row["participant__code"],
        str(kind.what) if told else _("48-hour window is open: record the surgery"),
        row["because"],
        at(row["participant__code"], tail),
        row["due_at"],
        "late" if late else "soon" if told else "upcoming",
        "safety",
        (-2 if live else -1, row["due_at"].timestamp()),
        safety=True,
        about_deadline=(row["participant_id"], row["kind"], row["subject"], row["due_at"]),
    )


def alerts_of(items: list[Item]) -> None:
    """Bring to the lines that are shown what people were told of them, so that it can be acknowledged there."""
    wanted = {item.about_deadline: item for item in items if item.about_deadline}
    about = {participant for participant, *_rest in wanted}
    told = Alert.objects.filter(participant__in=about, outcome=Alert.Outcome.OPEN, kind__in=SAFETY)
    for alert in told.select_related("participant__site") if about else ():
        if item := wanted.get((alert.participant_id, alert.kind, alert.subject, alert.due_at)):
            item.alert = alert


def without_a_clock(asked: Asked, most: int | None) -> list[Item]:
    """Serious events without a case, and cases that do not say when the site learned of it: nothing runs for them."""
    seen = ("pk", "participant__code", "created_at", "ctcae_term", "verbatim")
    standing = SeriousEvent.objects.filter(participant__in=asked.participants, voided_at__isnull=True)
    cases = SeriousEvent.objects.filter(adverse_event=OuterRef("pk"), voided_at__isnull=True)
    serious = AdverseEvent.objects.filter(IS_SERIOUS, participant__in=asked.participants, voided_at__isnull=True)
    without = serious.alias(case=first_of(cases)).filter(case__isnull=True).order_by("created_at")
    unclocked = standing.filter(site_aware_at_date__isnull=True, site_reported_at_date__isnull=True)
    unclocked = unclocked.exclude(exempt="yes").order_by("created_at")
    return [
        _unwatched(row, _("Open a serious-event case"), f"serious-event/new/?adverse_event={row['pk']}")
        for row in without.values(*seen)[:most]
    ] + [
        _unwatched(
            {**row, "verbatim": _("no clock runs for this case yet")},
            _("Say when the site learned of the serious event"),
            f"serious-event/{row['number']}/#q-site_aware_at",
        )
        for row in unclocked.values("number", "participant__code", "created_at")[:most]
    ]


def _unwatched(row: dict[str, Any], what: str, tail: str) -> Item:
    return Item(
        row["participant__code"],
        what,
        row.get("ctcae_term") or row["verbatim"] or "",
        at(row["participant__code"], tail),
        tone="late",
        bucket="safety",
        order=(-1, row["created_at"].timestamp()),
        safety=True,
    )


SOURCES = (windows_and_clocks, without_a_clock)
