"""One line of the worklist."""

from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from oversight.models import Alert
from records.models import Participant

MOST = 60  # lines of one source; more are counted on the participants' list


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
