"""How far the comparison with the source is: form by form what the plan wants, what stands, what was lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from oversight import sign_off
from oversight.casebook import loading
from oversight.casebook.book import Casebook
from oversight.monitoring.plan import WHY, MonitoringDraw, required, seeds
from protocol.study import STUDY
from records.entry.target import FormTarget
from records.model import registry
from records.models import Participant, Verification
from records.workflow import attestations, source_verification

MAX_ROWS = 300  # participants looked at on one page


@dataclass(frozen=True)
class Task:
    """One form that the plan wants compared, or of which a comparison was lost."""

    participant: Participant
    form: str
    title: str
    which: str
    why: str
    url: str
    wanted: int
    compared: int
    lost: int

    @property
    def left(self) -> int:
        return self.wanted - self.compared

    @property
    def because(self) -> str:
        """Why the plan wants it."""
        return str(WHY[self.why])


@dataclass
class Line:
    """One kind of form at one site."""

    site: str
    form: str
    title: str
    forms: int = 0
    wanted: int = 0
    compared: int = 0
    lost: int = 0

    @property
    def left(self) -> int:
        return self.wanted - self.compared


def tasks(participants: QuerySet[Participant], start: int = 0) -> list[Task]:
    """Every complete form of which the plan wants something, participant by participant; a fixed number of queries.

    Of `MAX_ROWS` participants from the `start`th on: those of whom a comparison was lost first, then in order of codes.
    """
    lost = Exists(Verification.objects.filter(participant=OuterRef("pk"), lost_at__isnull=False))
    books = loading.load(participants.select_related("site").order_by(lost.desc(), "code")[start : start + MAX_ROWS])
    draws = seeds()
    known: dict[int, list[Verification]] = {}
    for row in Verification.objects.filter(participant__in=books):
        known.setdefault(row.participant_id, []).append(row)
    return [task for book in books.values() for task in _of(book, draws, known.get(book.participant.pk, []))]


def _of(book: Casebook, draws: list[MonitoringDraw], known: list[Verification]) -> Iterable[Task]:
    inside = sign_off.rows_inside(book)
    records = list(book.forms())
    parts = [part for record in records for part in (record, *inside.get(attestations.key(record), ()))]
    standing = source_verification.valid_verifications(parts, [row for row in known if row.lost_at is None])
    once = {(row.table, row.record_id, row.field) for row in known}
    for record in records:
        why, wanted = required(book, record, inside.get(attestations.key(record), []), draws)
        if not wanted:
            continue
        answers = [(*attestations.key(part), name) for part, names in wanted for name in names]
        stands = {answer for answer in answers if answer[2] in standing.get(answer[:2], {})}
        place = FormTarget(book.participant, type(record), record, getattr(record, "visit", None))
        yield Task(
            book.participant,
            record.slug,
            str(record._meta.verbose_name),
            STUDY.visit_name(place.visit) if place.visit else str(record.number) if record.repeats else "",
            why,
            place.url(),
            len(answers),
            len(stands),
            len((set(answers) & once) - stands),
        )


def by_site_and_form(all_tasks: Iterable[Task]) -> list[Line]:
    """Sums, in the order of sites and forms."""
    lines: dict[tuple[str, str], Line] = {}
    for task in all_tasks:
        site = task.participant.site.name
        line = lines.setdefault((site, task.form), Line(site, task.form, task.title))
        line.forms += 1
        line.wanted += task.wanted
        line.compared += task.compared
        line.lost += task.lost
    order = list(registry.forms())
    return sorted(lines.values(), key=lambda line: (line.site, order.index(line.form)))


def totals(all_tasks: Iterable[Task]) -> dict[str, Any]:
    """For the sentence on top."""
    every = list(all_tasks)
    wanted, compared = sum(task.wanted for task in every), sum(task.compared for task in every)
    return {
        "wanted": wanted,
        "compared": compared,
        "left": wanted - compared,
        "lost": sum(task.lost for task in every),
        "percent": 100 * compared // wanted if wanted else None,
    }
