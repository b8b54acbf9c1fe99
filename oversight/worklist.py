"""What needs whom now. Each source is one question to the database, whatever the number of participants."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.roles import May, Role
from adverse_events.models import AdverseEvent, SeriousEvent
from enrollment import enrolment_lock
from enrollment.models import Consent, Deviation, EndOfStudy, Screening
from oversight import awaiting_signature, monitoring_progress
from oversight.kinds import KINDS
from oversight.models import Alert, Deadline, EndpointVerdict, Finding, VerdictSeen
from oversight.rule_queries import FAILED, UNUSUAL
from oversight.verdicts import PRIMARY
from oversight.work_item import MOST, Item, at
from protocol.toxicity import SERIOUSNESS
from records import crf, selectors
from records.base import Record, RowRecord, Status, VisitRecord
from records.models import Query

SOON = timedelta(hours=12)
URGENT_RULES = {"window-late", "window-not-done", "window-reversed", "sbrt-incomplete", "eligibility", "consent-order"}
PATH = ["screening", "consent", "eligibility", "baseline", "sbrt", "surgery"]


def for_person(person: Person, now: datetime) -> dict[str, list[Item]]:
    """now, today, week and others, the most urgent first."""
    participants = selectors.participants(person)
    sources = {
        _("Deadlines"): [*_alerts(person, participants, now), *_coming(person, participants, now)],
        _("Forms"): [*_drafts(person, participants), *_next_forms(person, participants)],
        _("To judge and to classify"): [*_to_judge(person, participants), *_to_classify(person, participants)],
        _("To sign"): awaiting_signature.lines(person, participants, now),
        _("Serious events"): _cases(person, participants),
        _("Found by checks"): [*_to_check(person, participants), *_failed_checks(person, participants)],
        _("Queries"): _queries(person, participants),
        _("The endpoint and the boundary"): [*_changed_verdicts(person, participants), *_locked(person)],
        _("To compare with the source"): _to_compare(person, participants),
    }
    items = [item for found in sources.values() for item in found]
    for kind, found in sources.items():
        for item in found:
            item.kind = kind
    buckets: dict[str, list[Item]] = {"now": [], "today": [], "week": [], "others": []}
    said: set[str] = set()
    for item in sorted(items, key=lambda each: (each.bucket == "others", each.order, each.code)):
        page = item.url.partition("#")[0]
        if (page if item.whole else item.url) not in said:  # the window's alert asks for the next form, the surgery
            said |= {page, item.url}
            buckets[item.bucket].append(item)
    return buckets


def _mine(person: Person, roles: tuple[Role, ...]) -> bool:
    return any(role in roles for role in person.roles)


def _alerts(person: Person, participants: Any, now: datetime) -> list[Item]:
    found = Alert.objects.filter(participant__in=participants, outcome=Alert.Outcome.OPEN)
    drafted = Deviation.objects.filter(
        participant=OuterRef("participant"), rule__startswith="window", status=Status.DRAFT, voided_at__isnull=True
    )
    worse = Alert.objects.filter(
        participant=OuterRef("participant"), subject=OuterRef("subject"), due_at=OuterRef("due_at"),
        outcome=Alert.Outcome.OPEN, raised_at__gte=OuterRef("due_at"), pk__gt=OuterRef("pk"),
    )  # fmt: skip
    # Said once: the draft of the deviation stands for the missed window, "overdue" for "due".
    found = found.exclude(Exists(drafted), kind="window-missed").exclude(Exists(worse))
    items = []
    for alert in found.select_related("participant__site").order_by("due_at")[:MOST]:
        kind = KINDS[alert.kind]
        late = alert.due_at <= now
        urgent = late or alert.due_at - now <= SOON or alert.kind.startswith("window")
        bucket = "others" if not _mine(person, kind.roles) else "now" if urgent else "today"
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


def _coming(person: Person, participants: Any, now: datetime) -> list[Item]:
    """Deadlines of the coming week that nobody needs to be told of yet."""
    week = Deadline.objects.filter(
        participant__in=participants, met=False, raise_at__gt=now, raise_at__lte=now + timedelta(days=7)
    )
    return [
        Item(
            deadline.participant.code,
            str(KINDS[deadline.kind].what),
            deadline.because,
            at(deadline.participant, KINDS[deadline.kind].form.format(deadline.subject)),
            deadline.raise_at,
            "",
            "week" if _mine(person, KINDS[deadline.kind].roles) else "others",
            (5, deadline.raise_at.timestamp()),
            whole=True,
        )
        for deadline in week.select_related("participant").order_by("raise_at")[:MOST]
        if not KINDS[deadline.kind].late
    ]


def _drafts(person: Person, participants: Any) -> list[Item]:
    """Forms begun and not completed."""
    items = []
    for slug, model in crf.forms().items():
        if issubclass(model, RowRecord):
            continue
        found = model._default_manager.filter(
            participant__in=participants, status=Status.DRAFT, voided_at__isnull=True
        ).select_related("participant")
        for record in found.order_by("updated_at")[:MOST]:
            visit = f"{record.visit}/" if isinstance(record, VisitRecord) else ""
            number = f"{record.number}/" if model.repeats else ""
            by_rule = bool(getattr(record, "rule", ""))
            urgent = getattr(record, "rule", "") in URGENT_RULES
            items.append(
                Item(
                    record.participant.code,
                    _("Complete the deviation: %(kind)s") % {"kind": record.get_kind_display()}
                    if by_rule
                    else _("Complete: %(form)s") % {"form": model._meta.verbose_name},
                    record.description if by_rule else _("a draft"),
                    at(record.participant, f"{visit}{slug}/{number}{_first_open(record)}"),
                    tone="late" if urgent else "",
                    bucket="others" if not person.may(May.ENTER) else "now" if urgent else "today",
                    order=(1 if urgent else 3, record.updated_at.timestamp()),
                    whole=True,
                )
            )
    return items


def _first_open(record: Record) -> str:
    """The first question of a draft that wants an answer, as the tail of an address."""
    return next((f"#q-{field.name}" for field in record.unanswered()), "")


def _next_forms(person: Person, participants: Any) -> list[Item]:
    """The first form on the way to surgery that a participant does not have yet."""
    models = crf.forms()
    has = {
        slug.replace("-", "_"): Exists(
            models[slug]._default_manager.filter(participant=OuterRef("pk"), voided_at__isnull=True)
        )
        for slug in PATH
    }
    missing = Q()
    for slug in has:
        missing |= Q(**{f"has_{slug}": False})
    over = (
        EndOfStudy.objects.filter(participant=OuterRef("pk"), voided_at__isnull=True),
        Screening.objects.filter(participant=OuterRef("pk"), voided_at__isnull=True, outcome="failed"),
        Consent.objects.filter(participant=OuterRef("pk"), voided_at__isnull=True, given="no"),
    )
    waiting = participants.annotate(**{f"has_{slug}": exists for slug, exists in has.items()}).filter(missing)
    for ending in over:
        waiting = waiting.exclude(Exists(ending))
    items = []
    for participant in waiting.order_by("-pk")[:MOST]:
        slug = next(slug for slug in PATH if not getattr(participant, f"has_{slug}"))
        tail = "surgery/new/" if slug == "surgery" else f"{slug}/"
        items.append(
            Item(
                participant.code,
                _("Fill in: %(form)s") % {"form": models[slug]._meta.verbose_name},
                _("the next form"),
                at(participant, tail),
                bucket="today" if person.may(May.ENTER) else "others",
                order=(4, float(participant.pk)),
                whole=True,
            )
        )
    return items


_JUDGES = [
    ("related_sbrt", May.JUDGE_SBRT, gettext_lazy("Judge: is it related to SBRT?")),
    ("related_surgery", May.JUDGE_SURGERY, gettext_lazy("Judge: is it related to surgery?")),
]


def _to_judge(person: Person, participants: Any) -> list[Item]:
    """Events that wait for a specialist's opinion."""
    events = AdverseEvent.objects.filter(participant__in=participants, voided_at__isnull=True)
    open_ones = events.filter(Q(related_sbrt__isnull=True) | Q(related_surgery__isnull=True))
    items = []
    for event in open_ones.select_related("participant").order_by("created_at")[:MOST]:
        asked = [(name, may, what) for name, may, what in _JUDGES if getattr(event, name) is None]
        mine = [each for each in asked if person.may(each[1])]
        for name, _may, what in mine or asked[:1]:
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


def _to_classify(person: Person, participants: Any) -> list[Item]:
    """Deviations that wait for the principal investigator."""
    found = Deviation.objects.filter(
        participant__in=participants, voided_at__isnull=True, status=Status.COMPLETE, classification__isnull=True
    )
    return [
        Item(
            deviation.participant.code,
            _("Classify the deviation"),
            deviation.get_kind_display(),
            at(deviation.participant, f"deviation/{deviation.number}/#q-classification"),
            bucket="today" if person.may(May.CLASSIFY) else "others",
            order=(2, deviation.updated_at.timestamp()),
        )
        for deviation in found.select_related("participant").order_by("updated_at")[:MOST]
    ]


def _cases(person: Person, participants: Any) -> list[Item]:
    """Serious events without a case: no clock is running for them yet."""
    serious = Q()
    for name in SERIOUSNESS:
        serious |= Q(**{name: "yes"})
    cases = SeriousEvent.objects.filter(adverse_event=OuterRef("pk"), voided_at__isnull=True)
    found = AdverseEvent.objects.filter(serious, participant__in=participants, voided_at__isnull=True)
    return [
        Item(
            event.participant.code,
            _("Open a serious-event case"),
            event.title,
            at(event.participant, f"serious-event/new/?adverse_event={event.pk}"),
            tone="late",
            bucket="now" if person.may(May.ENTER) else "others",
            order=(0, event.created_at.timestamp()),
        )
        for event in found.exclude(Exists(cases)).select_related("participant").order_by("created_at")[:MOST]
    ]


# Findings that only some can settle; all others are for whoever fills in the forms, and for whoever checks them.
_SETTLED_BY = {"adjudicate": (May.ADJUDICATE,)}
_CHECKED_BY = (May.ENTER, May.QUERY)


def _queries(person: Person, participants: Any) -> list[Item]:
    """Questions to one's own role, and answers to look at for who asks. What a casebook's rule asks is said there."""
    found = Query.objects.filter(participant__in=participants, rule__in=("", UNUSUAL)).exclude(state="closed")
    asks = person.may(May.QUERY)
    found = found.filter(Q(state="answered") | Q(assignee__in=person.roles) if asks else Q(state="open"))
    items = []
    for query in found.select_related("participant").order_by("raised_at")[:MOST]:
        mine = query.state == "answered" if asks else query.assignee in person.roles
        urgent = query.priority == "high"
        items.append(
            Item(
                query.participant.code,
                _("Look at the answer to a query") if query.state == "answered" else _("Answer a query"),
                query.sentence,
                reverse("query", args=[query.pk]),
                tone="late" if urgent else "",
                bucket="others" if not mine else "now" if urgent else "today",
                order=(2 if urgent else 4, query.raised_at.timestamp()),
            )
        )
    return items


def _failed_checks(person: Person, participants: Any) -> list[Item]:
    """A rule that cannot be evaluated, one line a rule, however many it fails for."""
    if not person.may(May.QUERY):
        return []
    found = Query.objects.filter(participant__in=participants, rule=FAILED).exclude(state="closed")
    return [
        Item(
            "BLEND",
            _("The check “%(rule)s” cannot be evaluated") % {"rule": row["subject"]},
            _("for how many participants: %(n)s") % {"n": row["n"]},
            f"{reverse('checks')}#failed-{row['subject']}",
            tone="late",
            bucket="now",
            order=(1, 0.0),
        )
        for row in found.order_by().values("subject").annotate(n=Count("pk"))
    ]


def _to_check(person: Person, participants: Any) -> list[Item]:
    """What does not fit together, as of the last judgement."""
    found = Finding.objects.filter(participant__in=participants).select_related("participant")
    return [
        Item(
            finding.participant.code,
            finding.sentence,
            _("to be decided") if finding.code in _SETTLED_BY else _("found by a check"),
            at(finding.participant, finding.tail),
            tone="soon",
            bucket="today" if any(person.may(may) for may in _SETTLED_BY.get(finding.code, _CHECKED_BY)) else "others",
            order=(3, finding.since.timestamp()),
        )
        for finding in found.order_by("since")[:MOST]
    ]


def _changed_verdicts(person: Person, participants: Any) -> list[Item]:
    """Changes of the primary endpoint that this person must know of and has not looked at."""
    if not _mine(person, KINDS["endpoint-changed"].roles):
        return []
    seen = VerdictSeen.objects.filter(verdict=OuterRef("pk"), person=person)
    changed = EndpointVerdict.objects.filter(participant__in=participants, variant=PRIMARY).exclude(before="")
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
        for verdict in changed.exclude(Exists(seen)).select_related("participant").order_by("-pk")[:MOST]
    ]


def _locked(person: Person) -> list[Item]:
    """The stopping boundary is reached and nobody has decided."""
    lock = enrolment_lock.standing()
    if lock is None or lock.decision or not (person.may(May.SAFETY) or person.may(May.REGISTER)):
        return []
    bucket = "now" if person.may(May.REOPEN) else "others"
    url = reverse("safety") if person.may(May.SAFETY) else reverse("participant-new")
    return [
        Item(
            "BLEND", _("New enrolment is locked: decide"), lock.because, url, tone="late", bucket=bucket, order=(0, 0.0)
        )
    ]


def _to_compare(person: Person, participants: Any) -> list[Item]:
    """For the monitor: what the plan wants compared with the source, one line a participant, lost comparisons first."""
    if not person.may(May.VERIFY):
        return []
    waiting: dict[str, list[monitoring_progress.Task]] = {}
    for task in monitoring_progress.tasks(participants.filter(site__in=person.site_ids(May.VERIFY))):
        if task.left:
            waiting.setdefault(task.participant.code, []).append(task)
    items = []
    for code, tasks in waiting.items():
        tasks.sort(key=lambda task: task.lost == 0)
        first, lost = tasks[0], sum(task.lost for task in tasks)
        told = {"form": first.title, "n": sum(task.left for task in tasks), "forms": len(tasks), "lost": lost}
        items.append(
            Item(
                code,
                _("Compare with the source: %(form)s") % told,
                _("answers changed after they had been compared: %(lost)s") % told
                if lost
                else _("left of the plan: %(n)s answers, forms: %(forms)s") % told,
                first.url,
                tone="soon" if lost else "",
                bucket="today" if lost else "week",
                order=(3 if lost else 6, float(first.participant.pk)),
            )
        )
    return items[:MOST]


def next_thing(person: Person, now: datetime) -> Deadline | None:
    """When the next thing comes, for somebody who has nothing to do."""
    coming = Deadline.objects.filter(participant__in=selectors.participants(person), met=False, raise_at__gt=now)
    return coming.select_related("participant__site").order_by("raise_at").first()
