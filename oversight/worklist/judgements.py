"""What waits for somebody's judgement: relatedness, classification, cases, a changed endpoint, a locked enrolment."""

from django.db.models import Case, OuterRef, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.permissions import everywhere
from accounts.roles import Permission
from adverse_events.adverse_event import IS_SERIOUS, IS_UNJUDGED
from adverse_events.models import AdverseEvent
from enrollment import enrolment_lock
from enrollment.models import Deviation
from oversight.alert_types import ALERT_TYPES
from oversight.endpoint.history import PRIMARY
from oversight.models import EndpointVerdict, VerdictSeen
from oversight.worklist.item import Item, WorklistRequest, at
from records.model.base import Status
from records.model.fields import crf_field
from records.selectors import exists_key

_JUDGES = [
    ("related_sbrt", Permission.JUDGE_SBRT, gettext_lazy("Judge: is it related to SBRT?")),
    ("related_surgery", Permission.JUDGE_SURGERY, gettext_lazy("Judge: is it related to surgery?")),
]


def to_judge(asked: WorklistRequest) -> list[Item]:
    """Events that wait for a specialist's opinion: one's own before the others', the serious ones first."""
    events = AdverseEvent.objects.filter(IS_UNJUDGED, participant__in=asked.participants, voided_at__isnull=True)
    judges = {name: asked.person.site_ids(may) for name, may, _what in _JUDGES}
    mine = Q(pk__in=[])
    for name, sites in judges.items():
        mine |= Q(**{f"{name}__isnull": True}, participant__site__in=sites)
    events = events.annotate(
        serious=_yes(IS_SERIOUS), **{f"no_{name}": _yes(Q(**{f"{name}__isnull": True})) for name in judges}
    )
    parts = [([events.filter(IS_SERIOUS, mine)], True), ([events.filter(mine).exclude(IS_SERIOUS)], True)]
    parts = [*parts, ([events.exclude(mine)], False)] if any(judges.values()) else [([events], False)]
    items, words = [], [(name, str(what)) for name, _may, what in _JUDGES]  # translated once
    for row in asked.first(parts, "created_at", _SEEN, ("ctcae_term", "verbatim")):
        waits = [(name, what) for name, what in words if row[f"no_{name}"]]
        own = [wait for wait in waits if int(row["participant__site"]) in judges[wait[0]]]
        serious = bool(row["serious"])
        for name, what in own or waits[:1]:
            items.append(
                Item(
                    row["participant__code"],
                    what,
                    row.get("ctcae_term") or row.get("verbatim") or "",
                    at(row["participant__code"], f"adverse-event/{row['number']}/#q-{name}"),
                    tone="soon" if serious else "",
                    safety=serious,
                    bucket="today" if own else "others",
                    order=(2, row["at"]),
                    unread=row["unread"],
                )
            )
    return items


_SEEN = (
    "participant__code", "participant__site", "number", "created_at", "serious",
    *(f"no_{name}" for name, _may, _what in _JUDGES),
)  # fmt: skip


def _yes(holds: Q) -> Case:
    return Case(When(holds, then=Value("yes")), default=Value(""))


def to_classify(asked: WorklistRequest) -> list[Item]:
    """Deviations that wait for the principal investigator."""
    deviations = Deviation.objects.filter(
        participant__in=asked.participants, voided_at__isnull=True, status=Status.COMPLETE, classification__isnull=True
    )
    kinds = dict(crf_field(Deviation, "kind").flatchoices)
    parts = asked.parted([deviations], asked.person.site_ids(Permission.CLASSIFY))
    return [
        Item(
            row["participant__code"],
            _("Classify the deviation"),
            str(kinds.get(row["kind"], "")),
            at(row["participant__code"], f"deviation/{row['number']}/#q-classification"),
            bucket="today" if row["mine"] else "others",
            order=(2, row["at"]),
        )
        for row in asked.first(parts, "updated_at", ("participant__code", "number", "kind", "updated_at"))
    ]


def changed_verdicts(asked: WorklistRequest) -> list[Item]:
    """Changes of the primary endpoint that this person must know of and has not looked at."""
    sites = asked.sites_of(ALERT_TYPES["endpoint-changed"].roles)
    if not sites:
        return []
    seen = VerdictSeen.objects.filter(verdict=OuterRef("pk"), person=asked.person)
    changed = EndpointVerdict.objects.filter(
        participant__in=asked.participants, participant__site__in=sites, variant=PRIMARY
    ).exclude(before="")
    unseen = changed.alias(seen_by_me=exists_key(seen)).filter(seen_by_me__isnull=True)
    return [
        Item(
            verdict.participant.code,
            _("The primary endpoint changed: %(before)s → %(now)s")
            % {"before": verdict.before, "now": verdict.verdict},
            verdict.cause[0] if verdict.cause else verdict.because,
            at(verdict.participant.code, "endpoint/"),
            tone="soon",
            bucket="now",
            order=(1, verdict.judged_at.timestamp()),
        )
        for verdict in unseen.select_related("participant").order_by("-pk")[: asked.most]
    ]


def locked(asked: WorklistRequest) -> list[Item]:
    """The stopping boundary is reached and nobody has decided."""
    lock = enrolment_lock.open_lock()
    if (
        lock is None
        or lock.decision
        or not (asked.person.may(Permission.SAFETY) or asked.person.may(Permission.REGISTER))
    ):
        return []
    bucket = "now" if everywhere(asked.person, Permission.REOPEN) else "others"
    url = reverse("safety") if asked.person.may(Permission.SAFETY) else reverse("participant-new")
    return [
        Item(
            "BLEND", _("New enrolment is locked: decide"), lock.because, url, tone="late", bucket=bucket, order=(0, 0.0)
        )
    ]
