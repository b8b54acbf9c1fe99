"""Who is told what: written in the transaction that raises an alert, passed on while nobody acknowledges it."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from accounts.due import SKEW, ahead
from accounts.models import Membership, Person
from accounts.roles import ROLE_PERMISSIONS, Permission, Role
from enrollment.models import EnrolmentLock
from oversight.alert_types import ALERT_TYPES, SAFETY
from oversight.models import Alert, Mail, Message, MessagePreference, Urgency
from oversight.notifications import quiet_hours
from protocol.study import STUDY

# Who is told next of a safety alert that nobody acknowledges, step by step.
NEXT = (Role.PRINCIPAL_INVESTIGATOR, Role.DATA_MANAGER)
DECIDERS = tuple(role for role, duties in ROLE_PERMISSIONS.items() if Permission.REOPEN in duties.may)
INFORMS = ("endpoint-changed",)  # nothing to be done about it: told although it is never open
_BATCH = 1000
_HELD = uuid.UUID("9d4c8f0e-6f0c-4d5b-9d5c-0b3c55d1a0ff")  # names the envelopes in which messages go together


# Whether somebody is still to be told: what owe, owe_lock and escalate would find, asked in one go by every scan.
_WAITING = """
SELECT EXISTS (SELECT FROM oversight_alert WHERE told_at IS NULL)
    OR EXISTS (SELECT FROM enrollment_enrolmentlock WHERE told_at IS NULL)
    OR EXISTS (
        SELECT FROM oversight_alert AS a
        WHERE a.outcome = 'open' AND a.kind = ANY(%(safety)s) AND (a.told_at <= %(waited)s OR a.told_at > %(ahead)s)
        AND EXISTS (SELECT FROM oversight_message AS m WHERE m.alert_id = a.id)
        AND NOT EXISTS (SELECT FROM oversight_message AS m WHERE m.alert_id = a.id
            AND (m.acknowledged_at IS NOT NULL OR m.level >= %(last)s 
                OR (m.raised_at > %(waited)s AND m.raised_at <= %(ahead)s))))
"""


def enqueue_all(now: datetime) -> None:
    """Everything that a scan has to tell people; where there is nothing, one question."""
    waited = now - timedelta(minutes=settings.ESCALATE_AFTER_MINUTES)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"safety": list(SAFETY), "waited": waited, "ahead": now + SKEW, "last": len(NEXT)})
        if not cursor.fetchone()[0]:
            return
    enqueue_for_alerts(now)
    enqueue_for_lock(now)
    escalate(now)


def enqueue_for_alerts(now: datetime) -> None:
    """Write a message to each person whom a new alert concerns; one that concerns nobody is looked at again."""
    alerts = list(Alert.objects.filter(told_at=None).select_related("participant__site").order_by("pk"))
    staff = _staff({alert.participant.site_id for alert in alerts}, now)
    messages = []
    for alert in alerts:
        people = {
            pk for role in ALERT_TYPES[alert.kind].roles for pk in staff.get((alert.participant.site_id, role), ())
        }
        urgency = Urgency.SAFETY if ALERT_TYPES[alert.kind].safety else Urgency.ORDINARY
        messages += [Message(person_id=pk, alert=alert, urgency=urgency, raised_at=now) for pk in sorted(people)]
    _write(messages, now)
    Alert.objects.filter(told_at=None, pk__in={message.alert_id for message in messages}).update(told_at=now)


def enqueue_for_lock(now: datetime) -> None:
    """Tell those who decide that new enrolment is locked."""
    for lock in EnrolmentLock.objects.filter(told_at=None):
        memberships = Membership.objects.overlapping(now, None)  # who has left the role is told nothing
        people = memberships.filter(role__in=DECIDERS, person__is_active=True).values_list("person", flat=True)
        messages = [
            Message(person_id=pk, lock=lock, urgency=Urgency.SAFETY, raised_at=now) for pk in sorted(set(people))
        ]
        _write(messages, now)
        if messages:
            EnrolmentLock.objects.filter(pk=lock.pk).update(told_at=now)


def escalate(now: datetime) -> int:
    """Tell the next in line of each safety alert that nobody has acknowledged in time; answers how many messages."""
    waited = now - timedelta(minutes=settings.ESCALATE_AFTER_MINUTES)
    alerts = list(
        Alert.objects.filter(
            Q(told_at__lte=waited) | ahead("told_at", now), outcome=Alert.Outcome.OPEN, kind__in=SAFETY
        )
        .exclude(Exists(Message.objects.filter(alert=OuterRef("pk"), acknowledged_at__isnull=False)))
        .annotate(level=Max("messages__level"), last=Max("messages__raised_at"))
        .filter(Q(last__lte=waited) | ahead("last", now), level__lt=len(NEXT))
        .select_related("participant__site")
    )
    staff = _staff({alert.participant.site_id for alert in alerts}, now)
    messages = []
    for alert in alerts:
        for level in range(alert.level + 1, len(NEXT) + 1):
            people = staff.get((alert.participant.site_id, NEXT[level - 1]), ())
            messages += [
                Message(person_id=pk, alert=alert, urgency=Urgency.SAFETY, level=level, raised_at=now)
                for pk in sorted(people)
            ]
            if people:  # nobody holds this role here: the one after it is told at once
                break
    _write(messages, now)
    return len(messages)


def acknowledge(person: Person, message: Message, now: datetime) -> None:
    """This person takes note, for everybody: a safety alert is not passed on any further."""
    about = Q(alert=message.alert_id) if message.alert_id else Q(lock=message.lock_id)
    mine = Message.objects.filter(about, person=person)
    mine.filter(seen_at=None).update(seen_at=now)
    mine.filter(acknowledged_at=None).update(acknowledged_at=now)


def see(person: Person, ids: Iterable[int], now: datetime) -> None:
    """These messages have been before this person's eyes."""
    Message.objects.filter(person=person, pk__in=ids, seen_at=None).update(seen_at=now)


def unread(person: Person) -> int:
    """How many of this person's messages have not been before his or her eyes."""
    return visible(person).filter(person=person, seen_at=None).count()


def visible(person: Person, what: Permission = Permission.SEE) -> QuerySet[Message]:
    """Messages about the sites at which this person may do so, whoever was told."""
    there = Alert.objects.filter(
        pk=OuterRef("alert"), participant__site__in=person.site_ids(what), participant__voided_at=None
    )
    return Message.objects.filter(Exists(there) | Q(lock__isnull=False))


def inbox(person: Person) -> QuerySet[Message]:
    """This person's messages, the newest first."""
    mine = visible(person).filter(person=person).select_related("alert__participant__site", "lock", "mail")
    return mine.order_by("-pk")


def unanswered(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those about safety that wait for somebody to acknowledge them: no limit cuts these."""
    of_alert = Q(alert__outcome=Alert.Outcome.OPEN) | Q(alert__kind__in=INFORMS)
    of_lock = Q(lock__isnull=False, lock__decision="")
    return messages.filter(of_alert | of_lock, urgency=Urgency.SAFETY, acknowledged_at=None)


def others(messages: QuerySet[Message]) -> QuerySet[Message]:
    """All the rest, the unread ones first."""
    rest = messages.exclude(pk__in=unanswered(messages).order_by().values("pk"))
    return rest.alias(read=Q(seen_at__isnull=False)).order_by("read", "-pk")


def acknowledged(messages: Iterable[Message]) -> dict[tuple[int | None, int | None], Message]:
    """(alert, lock) of these messages -> the message with which somebody acknowledged it first."""
    messages = list(messages)
    alerts, locks = ({getattr(message, name) for message in messages} for name in ("alert_id", "lock_id"))
    about = Q(alert__in=alerts) | Q(lock__in=locks)
    acknowledgements = Message.objects.filter(about, acknowledged_at__isnull=False).select_related("person")
    return {(message.alert_id, message.lock_id): message for message in acknowledgements.order_by("-acknowledged_at")}


def needed(message: Message) -> bool:
    """Whether it still wants to be mailed: what has been dealt with meanwhile does not."""
    if message.lock is not None:
        return not message.lock.decision
    alert = message.alert
    return alert is not None and (alert.outcome == Alert.Outcome.OPEN or alert.kind in INFORMS)


def _staff(sites: set[int], now: datetime) -> dict[tuple[int, Role], list[int]]:
    """Who holds which role at these sites; who has left it is told nothing."""
    staff: dict[tuple[int, Role], list[int]] = {}
    memberships = (
        Membership.objects.overlapping(now, None).filter(site__in=sites, person__is_active=True).order_by("person")
    )
    for site, role, person in memberships.values_list("site", "role", "person"):
        staff.setdefault((site, Role(role)), []).append(person)
    return staff


def _write(messages: list[Message], now: datetime) -> None:
    """Messages with the envelopes in which they are mailed: each of safety alone, others of one instant together."""
    people = Person.objects.select_related("message_preference").in_bulk({message.person_id for message in messages})
    mails = [(message, _envelope(message, people[message.person_id], now)) for message in messages]
    envelopes = {mail.key: mail for _message, mail in mails if mail.person.email}  # without: told here alone
    mail_ids = _made(envelopes)
    for message, mail in mails:
        message.mail_id = mail_ids.get(mail.key)
    Message.objects.bulk_create(messages, batch_size=_BATCH, ignore_conflicts=True)


def _made(envelopes: dict[uuid.UUID, Mail]) -> dict[uuid.UUID, int]:
    """The envelopes' rows, made or found waiting. One that is on its way already takes no more: another is made."""
    Mail.objects.bulk_create(envelopes.values(), batch_size=_BATCH, ignore_conflicts=True)
    waiting = Mail.objects.filter(key__in=envelopes, tries=0).select_for_update()
    mail_ids = dict(waiting.values_list("key", "pk"))
    for key, mail in envelopes.items():
        if key not in mail_ids:
            mail_ids[key] = Mail.objects.create(
                person=mail.person, urgency=mail.urgency, due_at=mail.due_at, try_at=mail.try_at
            ).pk
    return mail_ids


def _envelope(message: Message, person: Person, now: datetime) -> Mail:
    preference = getattr(person, "message_preference", None) or MessagePreference()
    due = quiet_hours.due(preference, message.urgency, now, _zone(message))
    safety = message.urgency == Urgency.SAFETY
    key = uuid.uuid4() if safety else uuid.uuid5(_HELD, f"{person.pk} {due.isoformat()}")
    return Mail(key=key, person=person, urgency=message.urgency, due_at=due, try_at=due)


def _zone(message: Message) -> ZoneInfo:
    return message.alert.participant.site.tz if message.alert else ZoneInfo(STUDY.zone)
