"""The 48-hour board: everybody in a window, or in one that ended in the last week, and who looks after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import Membership, Person
from accounts.roles import Role
from oversight.casebook import loading, status
from oversight.casebook.status import ParticipantStatus
from oversight.models import Deadline, Responsible
from records import selectors
from records.models import Participant

MAX_OPEN, MAX_OVER = 8, 4  # what a wall can show in letters that are read from three metres
LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """One participant on the board. Until somebody takes over, the site's surgeons are responsible."""

    participant: Participant
    standing: ParticipantStatus
    taken: Responsible | None
    surgeons: list[str]

    @property
    def is_open(self) -> bool:
        return self.standing.is_open

    @property
    def words(self) -> str:
        return "closing" if self.is_open and self.standing.tone == "soon" else self.standing.window.verdict


@dataclass(frozen=True)
class Board:
    """The rows, and how many windows more are open, or ended in the last week, than are shown."""

    rows: list[Row]
    more: int
    more_over: int


def build_board(person: Person, now: datetime, whole: bool = False) -> Board:
    """Open windows first, the one that closes next on top; then those that ended last. `whole`: not only what fits."""
    windows = Deadline.objects.filter(kind="window-missed", participant__in=selectors.participants(person))
    running = windows.filter(met=False, due_at__gte=now).order_by("due_at")
    over = windows.filter(due_at__gte=now - LOOK_BACK).exclude(met=False, due_at__gte=now).order_by("met", "-due_at")
    most, most_over = (None, None) if whole else (MAX_OPEN, MAX_OVER)
    participants = _participants(running[:most]) + _participants(over[:most_over])
    books = loading.load(participants, loading.TREATMENT)
    taken = _taken(books)
    surgeons = _surgeons({participant.site_id for participant in participants})
    rows = [
        Row(
            book.participant,
            status.participant_status(book, now),
            taken.get(pk),
            surgeons.get(book.participant.site_id, []),
        )
        for pk, book in books.items()
    ]
    more, more_over = (0, 0) if whole else (running.count() - MAX_OPEN, over.count() - MAX_OVER)
    return Board(sorted(rows, key=lambda row: _order(row, now)), max(0, more), max(0, more_over))


def _participants(windows: QuerySet[Deadline]) -> list[Participant]:
    return [deadline.participant for deadline in windows.select_related("participant__site")]


def _order(row: Row, now: datetime) -> tuple[bool, float]:
    closes = row.standing.window.closes_at or now
    return (False, closes.timestamp()) if row.is_open else (True, -closes.timestamp())


def take(participant: Participant, person: Person, now: datetime) -> Responsible:
    """This person looks after the window from now on; who does so already leaves no second line."""
    last = _taken([participant]).get(participant.pk)
    if last is not None and last.person_id == person.pk:
        return last
    return Responsible.objects.create(participant=participant, person=person, at=now)


def _taken(participants: Iterable[Participant | int]) -> dict[int, Responsible]:
    last = Responsible.objects.filter(participant__in=participants).order_by("participant_id", "-pk")
    return {
        responsible.participant_id: responsible
        for responsible in last.distinct("participant_id").select_related("person")
    }


def _surgeons(sites: set[int]) -> dict[int, list[str]]:
    memberships = Membership.objects.filter(site__in=sites, role=Role.SURGEON, person__is_active=True)
    surgeons: dict[int, list[str]] = {}
    for membership in memberships.select_related("person").order_by("person__last_name"):
        surgeons.setdefault(membership.site_id, []).append(str(membership.person))
    return surgeons
