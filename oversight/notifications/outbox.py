"""The outbox's sender: the most urgent first, sent and then marked, so that a crash repeats a mail and loses none."""

import smtplib
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q

from accounts.due import SKEW, ahead
from oversight.models import Mail, Urgency
from oversight.notifications import emails, notify, quiet_hours

MAX_SECONDS = 45.0  # seconds of one run; the next goes on
FIRST_WAIT = timedelta(seconds=30)  # after a try that failed; doubled by each further one, up to:
MAX_WAIT = {Urgency.SAFETY: timedelta(minutes=5), Urgency.ORDINARY: timedelta(hours=1)}
_BEGUN = timedelta(seconds=10)  # so long a try is left alone; while it is at work, its row is locked as well
AWAY = (
    ConnectionError, TimeoutError, socket.gaierror, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError,
    smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError,
)  # fmt: skip
log = structlog.get_logger("mail")


@dataclass
class Report:
    """What one run did."""

    sent: int = 0
    failed: int = 0
    not_needed: int = 0
    away: bool = False


def send(now: datetime, *, safety_only: bool = False, at_most: float = MAX_SECONDS) -> Report:
    """Mail what is due. Several at once share the work; a server that is away ends the run, the next tries again."""
    report, post = Report(), get_connection()
    started = monotonic()
    try:
        while not report.away and (gone := monotonic() - started) < at_most:
            moment = now + timedelta(seconds=gone)
            mail = _take(moment, safety_only)
            if mail is None:
                break
            _deliver(mail, post, moment, report)
    finally:
        post.close()
    return report


def _take(now: datetime, safety_only: bool) -> Mail | None:
    """The most urgent mail that nobody is at work on; that a try has begun is committed before it begins."""
    owed = Mail.objects.filter(_come(now), sent_at=None, not_needed_at=None)
    owed = owed.filter(Q(begun_at=None) | Q(begun_at__lte=now - _BEGUN) | ahead("begun_at", now))
    if safety_only:
        owed = owed.filter(urgency=Urgency.SAFETY)
    with transaction.atomic():
        ordered = owed.order_by("urgency", "try_at", "pk")
        mail = ordered.select_for_update(skip_locked=True, of=("self",)).select_related("person").first()
        if mail is None:
            return None
        mail.repeats += mail.begun_at is not None
        mail.tries, mail.begun_at = mail.tries + 1, now
        mail.save(update_fields=["tries", "repeats", "begun_at"])
    return mail


def _come(now: datetime) -> Q:
    """Its time has come; or it lies further ahead than anything waits, so that a clock that was ahead has set it."""
    safety = Q(urgency=Urgency.SAFETY, try_at__gt=now + MAX_WAIT[Urgency.SAFETY] + SKEW)
    return Q(try_at__lte=now) | Q(try_at__gt=now + quiet_hours.MAX_DELAY) | safety


def _deliver(mail: Mail, post: BaseEmailBackend, now: datetime, report: Report) -> None:
    """Send, then mark. The row stays locked meanwhile, so that a slow server is not asked twice."""
    with transaction.atomic():
        mine = Mail.objects.filter(pk=mail.pk, tries=mail.tries, sent_at=None)
        if not mine.select_for_update().exists():
            return  # another worker has taken it over, and has dealt with it by now
        messages = mail.messages.select_related("alert__participant__site", "lock").order_by("urgency", "pk")
        wanted = [message for message in messages if notify.needed(message)]
        if not wanted:
            mine.update(not_needed_at=now, begun_at=None)
            report.not_needed += 1
            return
        try:
            emails.write(mail, wanted, now, post).send()
        except Exception as error:  # one that cannot be sent does not hold up the others; /health/ counts it
            report.failed += 1
            report.away = isinstance(error, AWAY)
            _failed(mail, error, now)
            return
        mine.update(sent_at=now, begun_at=None, last_error="")
        report.sent += 1


def _failed(mail: Mail, error: Exception, now: datetime) -> None:
    """Try again later, each time a little later. What the server said may quote an address: its number is enough."""
    description = f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
    wait = min(FIRST_WAIT * 2 ** min(mail.tries - 1, 12), MAX_WAIT[Urgency(mail.urgency)])
    log.error("mail not sent", mail=mail.pk, tries=mail.tries, error=description)
    Mail.objects.filter(pk=mail.pk).update(begun_at=None, last_error=description[:100], try_at=now + wait)


def waiting(now: datetime) -> dict[str, int]:
    """For /health/: mails that have failed and wait, and safety mails that are a quarter of an hour late."""
    owed = Mail.objects.filter(sent_at=None, not_needed_at=None)
    late = owed.filter(Q(due_at__lte=now - timedelta(minutes=15)) | ahead("due_at", now), urgency=Urgency.SAFETY)
    return {"failing": owed.exclude(last_error="").count(), "safety_late": late.count()}


def slowest(since: datetime) -> timedelta | None:
    """The longest that a safety mail has waited from being owed to being taken by the server."""
    sent = Mail.objects.filter(urgency=Urgency.SAFETY, sent_at__gte=since).annotate(wait=F("sent_at") - F("due_at"))
    return sent.order_by("-wait").values_list("wait", flat=True).first()
