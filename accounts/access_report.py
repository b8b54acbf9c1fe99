"""Who had what at an instant: replayed from the log, line by line, and not read from the tables as they are now."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import Person, Site
from accounts.security_log import Act

_ROLES = (Act.What.ROLE_GIVEN, Act.What.ROLE_ENDED)


@dataclass
class AccessAt:
    """What one person had."""

    person: Person | None
    active: bool = True
    roles: dict[int, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)

    def current(self, at: datetime) -> list[dict[str, Any]]:
        """The roles in force."""
        return [role for role in self.roles.values() if _holds(role, at)] if self.active else []

    def delegated(self, at: datetime) -> list[dict[str, Any]]:
        """The lines of the delegation log in force."""
        return [line for line in self.tasks.values() if _holds(line, at)]


def _holds(grant: dict[str, Any], at: datetime) -> bool:
    return grant["from"] <= at and (grant["until"] is None or at < grant["until"])


def replay(at: datetime) -> list[AccessAt]:
    """Everybody known at that instant, with roles and delegations in force."""
    sites = Site.objects.in_bulk()
    people: dict[int | None, AccessAt] = {}
    for act in Act.objects.filter(at__lte=at, person__isnull=False).select_related("person").order_by("id"):
        access = people.setdefault(act.person_id, AccessAt(act.person))
        if act.what in _ROLES:
            period = _read(act.details)
            access.roles[act.details["membership"]] = {"role": act.role_label, "site": sites[act.site_id], **period}
        elif act.what == Act.What.DELEGATED:
            period = _read(act.details)
            access.tasks[act.details["line"]] = {"tasks": act.details["tasks"], "site": sites[act.site_id], **period}
        elif act.what == Act.What.DELEGATION_ENDED:
            access.tasks[act.details["line"]]["until"] = _read(act.details)["until"]
        elif act.what in (Act.What.DEACTIVATED, Act.What.REACTIVATED):
            access.active = act.what == Act.What.REACTIVATED
    return sorted(people.values(), key=lambda entry: str(entry.person))


def _read(details: dict[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(details[name]) if details.get(name) else None for name in ("from", "until")}
