"""What every page's frame needs: the menu of this person's roles, the protocol's version, demo mode."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.roles import Permission
from oversight.notifications import notify
from protocol.study import STUDY
from records import personal_data

_MENU = [
    ("worklist", _("Worklist"), None),
    ("participants", _("Participants"), Permission.SEE),
    ("board", _("Board"), Permission.SEE),
    ("safety", _("Safety"), Permission.SAFETY),
    ("progress", _("Progress"), Permission.SEE),
    ("outcomes", _("Outcomes"), Permission.EXPORT),
    ("report", _("Report"), Permission.EXPORT),
    ("queries", _("Queries"), Permission.SEE),
    ("monitoring", _("Monitoring"), Permission.MONITORING),
    ("protocol", _("Protocol"), Permission.SEE),
    ("exports", _("Exports"), Permission.EXPORT),
    ("snapshots", _("Snapshots"), (Permission.EXPORT, Permission.SAFETY)),
    ("audit", _("Audit"), Permission.AUDIT),
    ("delegation", _("Delegation"), (Permission.SEE, Permission.PEOPLE)),
    ("people", _("People"), Permission.PEOPLE),
]


def frame(request: HttpRequest) -> dict[str, Any]:
    """For base.html. Never fails a page: without a login there is no menu."""
    user = getattr(request, "user", None)
    person = user if isinstance(user, Person) else None
    return {
        "demo": settings.DEMO,
        "suspect": personal_data.refused(),
        "protocol_version": STUDY.version,
        "may_see": person is not None and person.may(Permission.SEE),
        "unread": lambda: notify.unread(person) if person else 0,  # asked only where a page shows it
        "menu": [(name, label) for name, label, may in _MENU if person and (may is None or _may(person, may))],
        "sending": uuid4(),  # of what this page sends (accounts.once)
        "idle_seconds": settings.IDLE_SECONDS,
    }


def _may(person: Person, what: Permission | tuple[Permission, ...]) -> bool:
    """Whether one of these is allowed."""
    return any(person.may(permission) for permission in (what if isinstance(what, tuple) else (what,)))
