"""What waits for somebody's judgement: relatedness, classification, cases, a changed endpoint, a locked enrolment."""

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import May
from adverse_events.adverse_event import IS_SERIOUS, IS_UNJUDGED
from adverse_events.models import AdverseEvent, SeriousEvent
from enrollment import enrolment_lock
from enrollment.models import Deviation
from oversight.kinds import KINDS
from oversight.models import EndpointVerdict, VerdictSeen
from oversight.verdicts import PRIMARY
from oversight.work_item import Asked, Item, at
from records.base import Status
from records.selectors import first_of

_JUDGES = [
    ("related_sbrt", May.JUDGE_SBRT, gettext_lazy("Judge: is it related to SBRT?")),
    ("related_surgery", May.JUDGE_SURGERY, gettext_lazy("Judge: is it related to surgery?")),
]


def to_judge(asked: Asked) -> list[Item]:
    """Events that wait for a specialist's opinion."""
    events = AdverseEvent.objects.filter(participant__in=asked.participants, voided_at__isnull=True)
    open_ones = events.filter(IS_UNJUDGED)
    items = []
    for event in open_ones.select_related("participant").order_by("created_at")[: asked.most]:
        waits = [(name, may, what) for name, may, what in _JUDGES if getattr(event, name) is None]
        mine = [each for each in waits if asked.person.may(each[1])]
        for name, _may, what in mine or waits[:1]:
            items.append(
                Item(
                    event.participant.code,
                    str(what),
                    event.title,
                    at(event.participant, f"adverse-event/{event.number}/#q-{name}"),
                    tone="soon" if event.is_serious else "",
                    safety=event.is_serious,
                    bucket="today" if mine else "others",
                    order=(2, event.created_at.timestamp()),
                )
            )
    return items


def to_classify(asked: Asked) -> list[Item]:
    """Deviations that wait for the principal investigator."""
    found = Deviation.objects.filter(
        participant__in=asked.participants, voided_at__isnull=True, status=Status.COMPLETE, classification__isnull=True
    )
    return [
        Item(
            deviation.participant.code,
            _("Classify the deviation"),
            deviation.get_kind_display(),
            at(deviation.participant, f"deviation/{deviation.number}/#q-classification"),
            bucket="today" if asked.person.may(May.CLASSIFY) else "others",
            order=(2, deviation.updated_at.timestamp()),
        )
        for deviation in found.select_related("participant").order_by("updated_at")[: asked.most]
    ]


def cases(asked: Asked) -> list[Item]:
    """Serious events without a case: no clock is running for them yet."""
    cases = SeriousEvent.objects.filter(adverse_event=OuterRef("pk"), voided_at__isnull=True)
    found = AdverseEvent.objects.filter(IS_SERIOUS, participant__in=asked.participants, voided_at__isnull=True)
    return [
        Item(
            event.participant.code,
            _("Open a serious-event case"),
            event.title,
            at(event.participant, f"serious-event/new/?adverse_event={event.pk}"),
            tone="late",
            bucket="now" if asked.person.may(May.ENTER) else "others",
            order=(0, event.created_at.timestamp()),
        )
        for event in found.alias(case=first_of(cases))
        .filter(case__isnull=True)
        .select_related("participant")
        .order_by("created_at")[: asked.most]
    ]


def changed_verdicts(asked: Asked) -> list[Item]:
    """Changes of the primary endpoint that this person must know of and has not looked at."""
    if not asked.has_one_of(KINDS["endpoint-changed"].roles):
        return []
    seen = VerdictSeen.objects.filter(verdict=OuterRef("pk"), person=asked.person)
    changed = EndpointVerdict.objects.filter(participant__in=asked.participants, variant=PRIMARY).exclude(before="")
    unseen = changed.alias(seen_by_me=first_of(seen)).filter(seen_by_me__isnull=True)
    return [
        Item(
            verdict.participant.code,
            _("The primary endpoint changed: %(before)s → %(now)s")
            % {"before": verdict.before, "now": verdict.verdict},
            verdict.cause[0] if verdict.cause else verdict.because,
            at(verdict.participant, "endpoint/"),
            tone="soon",
            bucket="now",
            order=(1, verdict.judged_at.timestamp()),
        )
        for verdict in unseen.select_related("participant").order_by("-pk")[: asked.most]
    ]


def locked(asked: Asked) -> list[Item]:
    """The stopping boundary is reached and nobody has decided."""
    lock = enrolment_lock.standing()
    if lock is None or lock.decision or not (asked.person.may(May.SAFETY) or asked.person.may(May.REGISTER)):
        return []
    bucket = "now" if asked.person.may(May.REOPEN) else "others"
    url = reverse("safety") if asked.person.may(May.SAFETY) else reverse("participant-new")
    return [
        Item(
            "BLEND", _("New enrolment is locked: decide"), lock.because, url, tone="late", bucket=bucket, order=(0, 0.0)
        )
    ]
