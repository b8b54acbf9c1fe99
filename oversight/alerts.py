"""Raising alerts, set-based and unique, and sending them: sent first, marked after, so that none is lost."""

import smtplib
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.roles import DUTIES, May
from enrollment.models import EnrolmentLock
from oversight.kinds import KINDS
from oversight.models import Alert

DECIDERS = [role for role, duties in DUTIES.items() if May.REOPEN in duties.may]
AWAY = (ConnectionError, TimeoutError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError)
log = structlog.get_logger("alerts")

_RAISE = """
INSERT INTO oversight_alert (participant_id, kind, subject, due_at, because, raised_at, outcome)
SELECT participant_id, kind, subject, due_at, because, %(now)s, 'open'
FROM oversight_deadline WHERE NOT met AND raise_at <= %(now)s
ON CONFLICT (participant_id, kind, subject, due_at) DO NOTHING
RETURNING participant_id, kind, subject, due_at
"""


def raise_due(now: datetime) -> list[dict[str, Any]]:
    """One alert for each deadline that has come and is unmet, however often and by however many this is asked."""
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, {"now": now})
        return [
            {"participant": participant, "kind": kind, "subject": subject, "due_at": due_at}
            for participant, kind, subject, due_at in cursor.fetchall()
        ]


def send_unsent(now: datetime) -> int:
    """Send what has not been sent; a crash in between repeats a message. Answers how many went out."""
    sent = 0
    for pk in list(Alert.objects.filter(sent_at=None).order_by("raised_at").values_list("pk", flat=True)):
        with transaction.atomic():
            alert = (
                Alert.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("participant__site")
                .filter(pk=pk, sent_at=None)
                .first()
            )
            if alert is None:
                continue  # another worker has it
            try:
                told = _send(alert)
            except AWAY as error:  # the next scan tries again, also the others
                log.error("mail server away", alert=pk, error=type(error).__name__)
                return sent
            except Exception as error:  # one that cannot be sent does not hold up the others; /health/ counts it
                log.error("alert not sent", alert=pk, error=type(error).__name__)
                continue
            if told:
                Alert.objects.filter(pk=pk).update(sent_at=now)
                sent += 1
    return sent


def send_boundary(now: datetime) -> int:
    """Tell those who decide that enrolment is locked; marked only after it was sent."""
    sent = 0
    with transaction.atomic():
        for lock in EnrolmentLock.objects.select_for_update(skip_locked=True).filter(told_at=None):
            deciders = Person.objects.filter(memberships__role__in=DECIDERS, is_active=True)
            to = sorted({person.email for person in deciders if person.email})
            subject = _("The stopping boundary is reached: new enrolment is locked")
            try:
                if to:
                    send_mail(subject, f"{subject}\n{lock.because}\n", settings.DEFAULT_FROM_EMAIL, to)
            except Exception as error:  # the next scan tries again
                log.error("boundary not told", error=type(error).__name__)
                continue
            lock.told_at = now
            lock.save(update_fields=["told_at"])
            sent += 1
    return sent


def recipients(alert: Alert) -> list[str]:
    """The people of the site whose role acts on this kind."""
    people = Person.objects.filter(
        memberships__site=alert.participant.site, memberships__role__in=KINDS[alert.kind].roles, is_active=True
    )
    return sorted({person.email for person in people if person.email})


def unsent(now: datetime) -> int:
    """Alerts that have waited longer than any hiccup: nobody to tell, or no way to."""
    return Alert.objects.filter(sent_at=None, raised_at__lt=now - timedelta(hours=1)).count()


def _send(alert: Alert) -> bool:
    """The code and the deadline; nothing clinical leaves the system. False where there is nobody to tell."""
    to = recipients(alert)
    if not to:
        return False
    zone = alert.participant.site.tz
    subject = f"{alert.participant.code}: {KINDS[alert.kind].what}"
    due = _("Due %(at)s.") % {"at": f"{alert.due_at.astimezone(zone):%a %-d %b %Y %H:%M %Z}"}
    send_mail(subject, f"{subject}\n{due}\n", settings.DEFAULT_FROM_EMAIL, to)
    return True
