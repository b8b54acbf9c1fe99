"""The primary endpoint, derived once (study.md 5.5): grade 3 or higher, caused by the treatment, within 60 days.

Three values throughout: a condition is true, false, or cannot be told yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from protocol.facts import EndpointFacts, EventFacts, GradeRow, local_day, zone_of
from protocol.partial_dates import PartialDate
from protocol.schedule import last_day
from protocol.study import STUDY
from protocol.toxicity import emergent, related
from protocol.window import bounds

Span = tuple[datetime, datetime]
_FOREVER: Span = (
    datetime.min.replace(tzinfo=UTC) + timedelta(days=2),
    datetime.max.replace(tzinfo=UTC) - timedelta(days=2),
)


@dataclass(frozen=True)
class JudgedRow:
    """One grade row with its four conditions: True, False or None (cannot be told)."""

    term: str
    grade: int | None
    began: str
    severe: bool | None
    emergent: bool | None
    in_window: bool | None
    related: bool | None
    qualifies: bool | None
    event_key: str = ""
    row_key: str = ""


@dataclass(frozen=True)
class Endpoint:
    """yes, no, undetermined or not evaluable, with the derivation and what would settle it."""

    verdict: str
    because: str
    at: str | None
    window_start: date | None
    window_last_day: date | None
    rows: tuple[JudgedRow, ...]
    settle: tuple[str, ...] = ()


def primary_endpoint(
    facts: EndpointFacts,
    days: int = STUDY.endpoint["days"],
    grades: Sequence[int] = tuple(STUDY.endpoint["grades"]),
) -> Endpoint:
    """Judge one participant. The window runs from SBRT start to the end of the local day surgery + `days`."""
    first_day = local_day(facts.sbrt_start, facts.zone)
    anchor = facts.surgery_on or first_day
    final = last_day(anchor, days) if anchor else None
    judged = [(_judge(event, row, facts, final, grades), row) for event in facts.events for row in _rows(event)]
    rows = tuple(row for row, _grade_row in judged)

    def endpoint(verdict: str, because: str, at: str | None = None, settle: tuple[str, ...] = ()) -> Endpoint:
        return Endpoint(verdict, because, at, first_day, final, rows, settle)

    qualifying = [(row, grade_row) for row, grade_row in judged if row.qualifies]
    if qualifying:
        first, _grade_row = min(qualifying, key=lambda pair: _sort_key(pair[1]))
        return endpoint("yes", f"{first.term}, grade {first.grade}, began {first.began}", first.began)
    open_rows = [row for row in rows if row.qualifies is None]
    if open_rows:
        settle = tuple(question for row in open_rows for question in _questions(row))
        names = "; ".join(sorted({row.term for row in open_rows}))
        return endpoint("undetermined", f"it cannot be told yet whether these count: {names}", settle=settle)
    if final is None:
        return endpoint("undetermined", "no treatment is recorded", settle=("When was SBRT given?",))
    if facts.ended and facts.ended.on < final:
        return endpoint("not evaluable", f"{facts.ended.why} on {facts.ended.on}, before {final}, without an event")
    if facts.seen_until and facts.seen_until >= final:
        return endpoint("no", f"no event, and followed until {facts.seen_until}; the last day was {final}")
    return endpoint(
        "undetermined",
        f"no event so far, but follow-up until {final} is not complete",
        settle=(f"How was the patient on or after {final}?",),
    )


def _rows(event: EventFacts) -> tuple[GradeRow, ...]:
    """The grade log; an event that nobody graded is one open row."""
    return event.grades or (GradeRow(None),)


def _judge(
    event: EventFacts, row: GradeRow, facts: EndpointFacts, final: date | None, grades: Sequence[int]
) -> JudgedRow:
    severe = None if row.grade is None else row.grade in grades
    new = emergent(row.grade, event.baseline_grade)
    if row.grade is None and not any(emergent(grade, event.baseline_grade) for grade in grades):
        new = False  # whichever grade it was: none of those that count would be worse than before
    inside = _in_window(_span(row, event, facts.zone), facts, final)
    conditions = (severe, new, inside, caused := related(event))
    qualifies = False if False in conditions else None if None in conditions else True
    return JudgedRow(event.term, row.grade, _as_given(row), severe, new, inside, caused, qualifies, event.key, row.key)


def _as_given(row: GradeRow) -> str:
    if row.began is None:
        return "unknown"
    return row.began.isoformat() if isinstance(row.began, datetime) else str(row.began)


def _span(row: GradeRow, event: EventFacts, zone: str) -> Span | None:
    """The first and last instant at which the grade can have begun; None where what is known contradicts itself."""
    low, high = _FOREVER
    if isinstance(row.began, datetime):
        low = high = row.began.astimezone(UTC)
        return low, high
    if isinstance(row.began, PartialDate):
        low, high = bounds(row.began.earliest, zone)[0], bounds(row.began.latest, zone)[1]
    for floor in (row.not_before, event.seen_well_on):
        if floor is not None:
            low = max(low, bounds(floor, zone)[0])
    if row.not_after is not None:
        high = min(high, bounds(row.not_after, zone)[1])
    if event.ended is not None:
        high = min(high, bounds(event.ended.latest, zone)[1])
    return (low, high) if low <= high else None


def _in_window(span: Span | None, facts: EndpointFacts, final: date | None) -> bool | None:
    """Wholly inside: True; wholly outside: False; across an edge, or unknown: None."""
    if span is None or final is None:
        return None
    low, high = span
    end = datetime.combine(final + timedelta(days=1), time(), zone_of(facts.zone)).astimezone(UTC)
    if low >= end:
        return False
    if facts.sbrt_start is None:
        return None
    start_low, start_high = bounds(facts.sbrt_start, facts.zone)
    if high < start_low:
        return False
    return True if low >= start_high and high < end else None


def _sort_key(row: GradeRow) -> str:
    if isinstance(row.began, datetime):
        return row.began.astimezone(UTC).isoformat()
    return row.began.earliest.isoformat() if row.began else ""


def _questions(row: JudgedRow) -> list[str]:
    """What would settle an open row, as questions to a person."""
    asked = []
    if row.severe is None:
        asked.append(f"{row.term}: which grade was it?")
    if row.in_window is None:
        asked.append(f"{row.term}: when exactly did this grade begin (now: {row.began})?")
    if row.related is None:
        asked.append(f"{row.term}: is it related to SBRT, to surgery, or to both so close together?")
    return asked
