"""The words of a mail, which leaves the system: that something is due and until when, never what or about whom."""

from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oversight.models import Mail, Message, Urgency
from oversight.notifications.notify import INFORMS
from records.templatetags.crf import hours_left, on_clock

POSSIBLE_REPEAT = "X-Possible-Repeat"


def write(mail: Mail, messages: list[Message], now: datetime, post: BaseEmailBackend) -> EmailMessage:
    """The letter for these messages. Its Message-ID stays the same when it is sent again: a mail client shows one."""
    headers = {"Message-ID": f"<{mail.key}@{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition('@')[2]}>"}
    if mail.repeats:
        headers[POSSIBLE_REPEAT] = "yes"
    if mail.urgency == Urgency.SAFETY:
        headers["Importance"] = "high"
    return EmailMessage(
        _subject(mail, messages), _body(mail, messages, now), settings.DEFAULT_FROM_EMAIL, [mail.person.email],
        headers=headers, connection=post,
    )  # fmt: skip


def _subject(mail: Mail, messages: list[Message]) -> str:
    if mail.urgency == Urgency.SAFETY:
        return _("BLEND, urgent: something needs you")
    return ngettext("BLEND: something needs you", "BLEND: %(n)s things need you", len(messages)) % {"n": len(messages)}


def _body(mail: Mail, messages: list[Message], now: datetime) -> str:
    lines = [_("What it is, and about whom, is said after you have logged in."), ""]
    lines += [_line(message, now) for message in messages]
    if any(message.level for message in messages):
        lines += ["", _("Nobody has acknowledged it so far, so it is passed on to you.")]
    if mail.urgency == Urgency.SAFETY:
        lines += ["", _("Acknowledge it there, so that others need not be called.")]
    if mail.repeats:
        lines += ["", _("You may have had this mail before: whether it arrived is not known.")]
    return "\n".join(lines) + "\n"


def _line(message: Message, now: datetime) -> str:
    """Until when, how long that is, and where it is done."""
    link = f"{settings.PUBLIC_URL}{reverse('messages')}#m-{message.pk}"
    if message.alert is None or message.alert.kind in INFORMS:
        return f"- {link}"
    due, zone = message.alert.due_at, message.alert.participant.site.zone
    return f"- {hours_left(due, now)} ({on_clock(due, zone)}): {link}"
