"""The lane on top: the 48 hours, the clocks of serious events, and serious events without a clock. No limit cuts it.

It reads deadlines, not alerts: what is live is shown although nobody has been told yet, or no scan has run since.
"""

from typing import Any

from django.db.models import Case, IntegerField, OuterRef, Q, Value, When
from django.utils.translation import gettext as _

from accounts import site_scope
from accounts.models import Person
from adverse_events.adverse_event import IS_SERIOUS
from adverse_events.models import AdverseEvent, SeriousEvent
from enrollment.models import Deviation
from oversight.alert_types import ALERT_TYPES, SAFETY
from oversight.models import Alert, Deadline, Message
from oversight.worklist.item import Acknowledgement, Item, WorklistRequest, at
from records.model.base import Status
from records.selectors import exists_key

_SEEN = ("participant_id", "participant__code", "kind", "subject", "raised", "due_at", "because", "drafted")
_OPEN = "window-open"  # nobody was told yet


def windows_and_clocks(asked: WorklistRequest, most: int | None) -> list[Item]:
    """Every window that is open, closing or late, and every clock that runs or has run out.

    A window and its miss are one line, as are a report and its being late. `most`: of what is late and of what is not,
    each by itself, where there are thousands: no heap of missed windows cuts off one that can still be kept.
    """
    shown = Q(kind="window-closing") | Q(raise_at__lte=asked.now)
    unmet = Deadline.objects.filter(shown, participant__in=asked.participants, met=False, kind__in=SAFETY)
    raised = Case(When(raise_at__lte=asked.now, then=Value(True)), default=Value(False))
    unmet = unmet.annotate(raised=raised)
    drafted = Deviation.objects.filter(
        participant=OuterRef("participant"), rule__startswith="window", status=Status.DRAFT, voided_at__isnull=True
    )
    late = unmet.filter(due_at__lte=asked.now).annotate(drafted=exists_key(drafted, "number"))
    live = unmet.filter(due_at__gt=asked.now).annotate(drafted=Value(None, IntegerField()))
    late, live = (part.order_by("due_at").values(*_SEEN) for part in (late, live))
    one: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in late[: most and 2 * most + 2].union(live[: most and most + 1], all=True):
        about = (row["participant_id"], row["kind"].rpartition("-")[0], row["subject"])
        if about not in one or ALERT_TYPES[row["kind"]].late:
            one[about] = row
    lines: dict[bool, list[Item]] = {True: [], False: []}
    what = {code: str(kind.what) for code, kind in ALERT_TYPES.items()}  # translated once: there may be hundreds
    what[_OPEN] = _("48-hour window is open: record the surgery")
    for row in sorted(one.values(), key=lambda row: row["due_at"]):
        lines[row["due_at"] <= asked.now].append(_line(row, asked, what))
    return asked.cut(lines[False], most) + asked.cut(lines[True], most)


def _line(row: dict[str, Any], asked: WorklistRequest, what: dict[str, str]) -> Item:
    kind, late, raised = ALERT_TYPES[row["kind"]], row["due_at"] <= asked.now, row["raised"]
    live = row["kind"] == "window-closing" and not late
    path = kind.form.format(row["subject"])
    if row["kind"] == "window-missed" and row["drafted"]:
        path += f"{row['drafted']}/"
    return Item(
        row["participant__code"],
        what[row["kind"] if raised else _OPEN],
        row["because"],
        at(row["participant__code"], path),
        row["due_at"],
        "late" if late else "soon" if raised else "upcoming",
        "safety",
        (-2 if live else -1, row["due_at"].timestamp()),
        safety=True,
        about_deadline=(row["participant_id"], row["kind"], row["subject"], row["due_at"]),
    )


def tell(items: list[Item], person: Person) -> None:
    """Bring to the lines that are shown what people were told of them, so that it can be acknowledged there."""
    wanted = {item.about_deadline: item for item in items if item.about_deadline}
    if not wanted:
        return
    of_it = Message.objects.filter(alert=OuterRef("pk"))
    mine = of_it.filter(person=person).order_by("-pk")
    by = of_it.filter(acknowledged_at__isnull=False).order_by("acknowledged_at")
    about = {participant for participant, *_rest in wanted}
    alerts = Alert.objects.filter(participant__in=about, outcome=Alert.Outcome.OPEN, kind__in=SAFETY)
    alerts = alerts.annotate(message=exists_key(mine), by=exists_key(by)).exclude(message__isnull=True, by__isnull=True)
    rows = list(alerts.values(*_TOLD))
    first = {row["by"] for row in rows if row["by"]}
    messages = Message.objects.select_related("person").in_bulk(first) if first else {}
    for row in rows:
        if item := wanted.get((row["participant_id"], row["kind"], row["subject"], row["due_at"])):
            item.acknowledgement = Acknowledgement(
                row["participant__site__zone"], row["message"], messages.get(row["by"])
            )


_TOLD = ("participant_id", "kind", "subject", "due_at", "participant__site__zone", "message", "by")


def without_a_clock(asked: WorklistRequest, most: int | None) -> list[Item]:
    """Serious events without a case, and cases that do not say when the site learned of it: nothing runs for them."""
    seen = ("pk", "participant__code", "created_at", "ctcae_term", "verbatim")
    standing = SeriousEvent.objects.filter(participant__in=asked.participants, voided_at__isnull=True)
    without = AdverseEvent.objects.filter(pk__in=_without_a_case(asked, most)).order_by("created_at")
    unclocked = standing.filter(site_aware_at_date__isnull=True, site_reported_at_date__isnull=True)
    unclocked = unclocked.exclude(exempt="yes").order_by("created_at")
    open_one, say_when = _("Open a serious-event case"), _("Say when the site learned of the serious event")
    no_clock = _("no clock runs for this case yet")
    cases = [
        _unwatched(row, open_one, f"serious-event/new/?adverse_event={row['pk']}")
        for row in without.values(*seen)[: most and most + 1]
    ]
    clocks = [
        _unwatched({**row, "verbatim": no_clock}, say_when, f"serious-event/{row['number']}/#q-site_aware_at")
        for row in unclocked.values("number", "participant__code", "created_at")[: most and most + 1]
    ]
    return asked.cut(cases, most) + asked.cut(clocks, most)


def _without_a_case(asked: WorklistRequest, most: int | None) -> list[int]:
    """Their keys, of the sites of who asks; what they say is read within the policies, as everything is."""
    serious = AdverseEvent.objects.filter(IS_SERIOUS, participant__in=asked.participants, voided_at__isnull=True)
    cases = SeriousEvent.objects.filter(voided_at__isnull=True, adverse_event__isnull=False).values("adverse_event")
    with (
        site_scope.all_sites()
    ):  # all serious events are passed over, and the policy would cost four times the question
        events = serious.exclude(pk__in=cases).order_by("created_at").values_list("pk", flat=True)
        return list(events[: most and most + 1])


def _unwatched(row: dict[str, Any], what: str, path: str) -> Item:
    return Item(
        row["participant__code"],
        what,
        row.get("ctcae_term") or row["verbatim"] or "",
        at(row["participant__code"], path),
        tone="late",
        bucket="safety",
        order=(-1, row["created_at"].timestamp()),
        safety=True,
    )


SOURCES = (windows_and_clocks, without_a_clock)
