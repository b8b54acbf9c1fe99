"""A participant's life in the trial: forms with their state, and the time axis. The visits are in visit_matrix."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from oversight.casebook import facts
from oversight.casebook.book import Casebook
from oversight.casebook.visit_matrix import VisitRow
from procedures.models import Surgery
from protocol.facts import local_day
from protocol.schedule import LAST_DATE
from records.model import registry
from records.model.base import ParticipantRecord
from records.workflow import states

FORMS = ["screening", "consent", "eligibility", "baseline", "sbrt", "surgery", "death", "end-of-study"]
_IF_NEEDED = {"death"}
LISTS = [
    "adverse-event", "serious-event", "deviation", "therapy", "stay", "outside-care", "contact", "technique-change",
]  # fmt: skip
WIDTH, MARGIN, HEAD, ROW, LABEL = 1000, 30, 106, 26, 105


@dataclass(frozen=True)
class Cell:
    """One form of the casebook, with its state in a word and a shape."""

    title: str
    url: str
    tone: str
    words: str
    record: ParticipantRecord | None = None


@dataclass(frozen=True)
class Mark:
    """Something on the time axis."""

    x: float
    label: str
    tone: str
    url: str
    on: date
    row: int = 0


@dataclass(frozen=True)
class Span:
    """An adverse event as a bar."""

    x: float
    width: float
    label: str
    severe: bool
    url: str
    row: int

    @property
    def y(self) -> int:
        """The top of the bar below its label."""
        return HEAD + ROW * self.row

    @property
    def label_y(self) -> int:
        return self.y - 3


@dataclass(frozen=True)
class Axis:
    """The horizontal time axis, in the SVG's own units."""

    marks: list[Mark]
    spans: list[Span]
    today: float | None
    height: int


def forms(book: Casebook) -> list[Cell]:
    """The forms that are filled in once, and the index operation, in the order of the job."""
    home = reverse("casebook", args=[book.participant.code])
    models = registry.forms()
    cells = []
    for slug in FORMS:
        records: list[ParticipantRecord | None] = [*book.every(models[slug])]
        for record in records or [None]:
            path = f"{slug}/"
            if models[slug].repeats:
                path += f"{record.number}/" if record else "new/"
            state = states.state(record) if record else states.NEW
            words = str(states.WORDS[state])
            if record is None and slug in _IF_NEEDED:
                state, words = "not-expected", _("if it happens")
            title = str(models[slug]._meta.verbose_name)
            if isinstance(record, Surgery) and record.index == "no":
                title = _("Re-operation")
            cells.append(Cell(title, home + path, state, words, record))
    return cells


def lists(book: Casebook) -> list[tuple[str, str, list[Cell]]]:
    """(title, address of a new one, records) of the forms that repeat."""
    home = reverse("casebook", args=[book.participant.code])
    models = registry.forms()
    return [
        (
            str(models[slug]._meta.verbose_name_plural),
            f"{home}{slug}/new/",
            [
                Cell(_title(record), f"{home}{slug}/{record.number}/", states.state(record),
                     str(states.WORDS[states.state(record)]), record)
                for record in book.every(models[slug])
            ],
        )
        for slug in LISTS
    ]  # fmt: skip


def _title(record: ParticipantRecord) -> str:
    return f"{record.number}. {record.title}"


def axis(book: Casebook, cells: list[VisitRow], now: datetime) -> Axis | None:
    """Consent to day 90 on one line, events as bars below; None while nothing has a date."""
    treatment = facts.treatment(book)
    zone = treatment.zone
    home = reverse("casebook", args=[book.participant.code])
    consent, death, end = book.consent, book.death, book.end_of_study
    today = now.astimezone(book.participant.site.tz).date()
    dated: list[tuple[date | None, str, str, str]] = [
        (local_day(consent.moment("consented_at"), zone) if consent else None, _("consent"), "past", f"{home}consent/"),
        (local_day(treatment.sbrt_end, zone), _("SBRT"), "past", f"{home}sbrt/"),
        (local_day(treatment.incision, zone), _("surgery"), "past", f"{home}surgery/"),
        (death.died_on.earliest if death and death.died_on else None, _("death"), "past", f"{home}death/"),
        (end.ended_on if end else None, _("end of study"), "past", f"{home}end-of-study/"),
    ]
    for cell in cells:
        if cell.code in ("d60", "d90") and cell.opens and cell.status != "not expected":
            dated.append((cell.opens, cell.name.lower(), _mark_tone(cell.status), cell.url))
    known = sorted((on, label, tone, url) for on, label, tone, url in dated if on and on <= LAST_DATE)
    if not known:
        return None
    first = known[0][0] - timedelta(days=2)
    days = max((max(known[-1][0], min(today, first + timedelta(days=120))) - first).days + 3, 14)

    def x(on: date) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * min(max((on - first).days, 0), days) / days, 1)

    marks: list[Mark] = []
    free = [0.0, 0.0, 0.0]  # where the next label of each row may begin: above the line, and two rows below
    for on, label, tone, url in known:
        row = next((row for row, begins in enumerate(free) if x(on) >= begins), 0)
        free[row] = x(on) + LABEL
        marks.append(Mark(x(on), label, tone, url, on, row))
    spans = _spans(book, x, today, home)
    shown = x(today) if (today - first).days <= days else None
    return Axis(marks, spans, shown, HEAD - 16 + ROW * len(spans))


def _mark_tone(status: str) -> str:
    return {"done": "past", "overdue": "missed"}.get(status, "come")


def _spans(book: Casebook, x: Callable[[date], float], today: date, home: str) -> list[Span]:
    spans: list[Span] = []
    for event in book.adverse_events:
        rows = book.grades_of(event)
        known = [partial_date for partial_date in (event.onset_on, *(row.from_on for row in rows)) if partial_date]
        if not known:
            continue
        start = min(partial_date.earliest for partial_date in known)
        end = event.ended_on.latest if event.ended_on else today
        worst = max((row.grade or 0 for row in rows), default=0)
        label = f"{event.title} · {_('grade')} {worst}" if worst else event.title
        width = max(x(max(end, start)) - x(start), 6)
        spans.append(
            Span(x(start), round(width, 1), label, worst >= 3, f"{home}adverse-event/{event.number}/", len(spans))
        )
    return spans
