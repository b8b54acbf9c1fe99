"""The few mails about accounts; sent after the commit, and never with a secret besides the one-time link."""

from datetime import datetime

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Person
from accounts.roles import ROLE_PERMISSIONS, Permission
from accounts.security_log import Act, log

_log = structlog.get_logger("accounts")


def keepers(now: datetime) -> list[Person]:
    """Who manages people."""
    roles = [role for role, duties in ROLE_PERMISSIONS.items() if Permission.PEOPLE in duties.may]
    memberships = Membership.objects.at(now).filter(role__in=roles).values("person")
    return list(Person.objects.filter(pk__in=memberships, is_active=True).exclude(email=""))


def warn_of_failures(person: Person | None, username: str, address: str, now: datetime) -> None:
    """Too many failures: written down, and told at once to the owner and to who manages people (21 CFR 11.300(d))."""
    log(Act.What.THROTTLED, now=now, person=person, username=username[:150], address=address or None)
    to = {keeper.email for keeper in keepers(now)} | ({person.email} if person and person.email else set())
    text = _(
        "There were many failed tries for the user name %(username)s, from the address %(address)s.\n\n"
        "Whoever tried has to wait; devices on which the owner has logged in before go on working. "
        "If this was not you, tell the administrator.\n"
    ) % {"username": username, "address": address or _("unknown")}
    transaction.on_commit(lambda: send(_("Failed tries to log in to the BLEND trial database"), text, to))


def send(subject: str, text: str, to: set[str]) -> None:
    """One mail to each, so that nobody sees the others; a mail server that is away holds nobody up."""
    for address in sorted(to):
        try:
            send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
        except OSError as error:
            _log.error("mail not sent", error=type(error).__name__)
