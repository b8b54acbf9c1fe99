"""One line of the worklist, and what its sources are asked."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Person
from accounts.roles import Role
from oversight.models import Alert
from records.models import Participant

MOST, ALL = 20, 300  # lines of one source: at first, and where somebody wants to see them all


@dataclass(frozen=True)
class Asked:
    """Whose worklist, about which participants, at what instant, and how many lines of each source."""

    person: Person
    participants: QuerySet[Participant]
    now: datetime
    most: int

    def has_one_of(self, roles: tuple[Role, ...]) -> bool:
        """Whether something is for this person."""
        return any(role in roles for role in self.person.roles)


@dataclass
class Item:
    """One line: what, for whom, why now, until when, and where it is done."""

    code: str
    what: str
    why: str
    url: str
    due_at: datetime | None = None
    tone: str = ""
    bucket: str = "today"
    order: tuple[int, float] = field(default=(9, 0.0))
    whole: bool = False  # a form to be filled in, not one question of it
    safety: bool = False  # about safety: never put aside
    alert: Alert | None = None
    kind: str = ""

    @property
    def can_wait(self) -> bool:
        """Whether one may put it aside for some days."""
        return self.bucket == "today" and self.tone != "late" and not self.safety


def at(participant: Participant, tail: str) -> str:
    """An address below the casebook."""
    return reverse("casebook", args=[participant.code]) + tail
