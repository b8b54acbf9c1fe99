"""One line of the worklist, and what its sources are asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Person
from accounts.roles import Role
from oversight.models import Message
from oversight.worklist.rows import Part, Wanted
from records import selectors
from records.model.base import Record
from records.models import Participant

COUNTED, ALL = 500, 5000  # lines of one source: those that the first page counts, and where somebody wants to see all


@dataclass(frozen=True)
class WorklistRequest:
    """Whose worklist, about which participants, at what instant, and how many lines of each source."""

    person: Person
    participants: QuerySet[Participant]
    now: datetime
    most: int
    drawn: int | None = None  # of each list so many lines are read as a whole; None: all of them
    beyond: list[str] = field(default_factory=list)  # grows whenever a source has more lines than that

    def sites_of(self, roles: tuple[Role, ...]) -> set[int]:
        """Where this person holds one of these roles."""
        return {site for site, role in self.person.site_roles if role in roles}

    def cut(self, lines: list["Item"], most: int | None) -> list["Item"]:
        """The first of them; whether there are more is remembered."""
        if most is None or len(lines) <= most:
            return lines
        self.beyond.append("lane")
        return lines[:most]

    def parted(self, tables: list[QuerySet[Any]], mine: set[int]) -> list[Part]:
        """(what is for this person, True), (what is for others, False): so that no limit cuts before roles."""
        others = self.person.site_ids() - mine
        parts = []
        if mine:
            parts.append(([table.filter(participant__site__in=mine) if others else table for table in tables], True))
        if others:
            parts.append(([table.exclude(participant__site__in=mine) if mine else table for table in tables], False))
        return parts

    def first(
        self, parts: list[Part], order: str, columns: tuple[str, ...], texts: tuple[str, ...] = ()
    ) -> list[dict[str, Any]]:
        """The first rows of several lists, each cut by itself, in one statement (work_rows)."""
        rows, beyond = Wanted(order, columns, texts, self.most, self.drawn).rows(parts)
        if beyond:
            self.beyond.append(order)
        return rows


@dataclass(frozen=True)
class Acknowledgement:
    """What people were told of a line: this person's message about it, and the one somebody acknowledged first."""

    zone: str
    message: int | None
    by: Message | None


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
    unread: bool = False  # its texts were not asked for: it is only counted
    acknowledgement: Acknowledgement | None = None
    kind: str = ""
    about_deadline: tuple[int, str, str, datetime] | None = None
    about: tuple[type[Record], int] | None = None  # the record that `complete` wants to see, once the line is shown
    complete: Callable[["Item", Any], None] | None = None

    @property
    def can_wait(self) -> bool:
        """Whether one may put it aside for some days."""
        return self.bucket == "today" and self.tone != "late" and not self.safety

    @property
    def key(self) -> str:
        """What it is known by when it is put aside: a form to be filled in by its page, whichever question is next."""
        return self.url.partition("#")[0] if self.whole else self.url


def at(code: str, path: str) -> str:
    """An address below the casebook."""
    before, after = _casebook()
    return f"{before}{code}{after}{path}"


@cache
def _casebook() -> tuple[str, str]:
    """What stands around the code, worked out once: a list has hundreds of addresses."""
    before, _code, after = reverse("casebook", args=["XX-00"]).partition("XX-00")
    return before, after


def complete(items: Iterable[Item]) -> None:
    """Let the lines that are shown look at their records, in one statement."""
    wanted: dict[type[Record], dict[int, list[Item]]] = {}
    for item in items:
        if item.about is not None:
            model, pk = item.about
            wanted.setdefault(model, {}).setdefault(pk, []).append(item)
    for record in selectors.some({model: list(lines) for model, lines in wanted.items()}):
        for item in wanted[type(record)][record.pk]:
            if item.complete is not None:
                item.complete(item, record)
