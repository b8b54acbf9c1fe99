"""From rows to what the protocol may know: nothing is judged here."""

from datetime import UTC, date, datetime

from oversight.casebook.loading import Casebook
from protocol.eligibility import Eligibility
from protocol.facts import (
    Ended,
    EndpointFacts,
    EventFacts,
    FollowUpFacts,
    GradeRow,
    Moment,
    SeriousFacts,
    TreatmentFacts,
    local_day,
)
from protocol.window import bounds
from records.model.base import Record

EARLY_ENDS = ("died", "withdrew", "lost")


def treatment(book: Casebook) -> TreatmentFacts:
    """SBRT from first beam on to last beam off, and the index operation."""
    zone = book.participant.site.zone
    sbrt = book.one("sbrt")
    fractions = book.rows("sbrt-fraction", sbrt) if sbrt else []
    operation = next((record for record in book.records["surgery"] if record.index == "yes"), None)
    performed = operation is not None and operation.performed != "no"
    return TreatmentFacts(
        sbrt_start=_edge([row.moment("beam_on_at") for row in fractions], zone, last=False),
        sbrt_end=_edge([row.moment("beam_off_at") for row in fractions], zone, last=True),
        incision=operation.moment("incision_at") if performed else None,
        closed=operation.moment("closed_at") if performed else None,
        sbrt_complete=sbrt is None or sbrt.delivery not in ("partial", "aborted"),
        surgery_cancelled=operation is not None and operation.performed == "no",
        zone=zone,
    )


def _edge(moments: list[Moment], zone: str, last: bool) -> Moment:
    """The first or last of some moments; only its day where another could lie beyond it; None where one is unknown."""
    if not moments or None in moments:
        return None
    spans = [(bounds(moment, zone), moment) for moment in moments]
    edge = max(spans, key=lambda each: each[0][1]) if last else min(spans, key=lambda each: each[0][0])
    return edge[1]


def ended(book: Casebook) -> Ended | None:
    """Died, withdrew or lost, whichever form says so first, drafts too; a death outweighs the others."""
    death, end, consent = book.one("death"), book.one("end-of-study"), book.one("consent")
    if death is not None:
        return Ended(_died_by(death, book), "died")
    if end is not None and end.outcome in EARLY_ENDS:
        return Ended(_by(end, end.ended_on, book), end.outcome)
    if consent is None or consent.withdrawn != "yes" or "visits" not in (consent.withdrawn_what or []):
        return None
    return Ended(_by(consent, consent.withdrawn_on, book), "withdrew")


def finished_on(book: Casebook) -> date | None:
    """The last day of somebody who is through, or was never enrolled."""
    end = book.one("end-of-study")
    return _by(end, end.ended_on, book) if end is not None and end.outcome and end.outcome not in EARLY_ENDS else None


def _by(record: Record, on: date | None, book: Casebook) -> date:
    """The day that is stated, no later than that was; without one the day on which the form first said so."""
    return min(on, _day(record.updated_at, book)) if on else _day(_first(record, book), book)


def _died_by(death: Record, book: Casebook) -> date:
    """The last day on which it can have been: what was entered had happened, unless the form now says it had not."""
    by = _day(death.created_at, book)
    if death.died_on and death.died_on.earliest > by:
        by = _day(_first(death, book), book)
    return min(death.at_latest or by, by)


def _first(record: Record, book: Casebook) -> datetime:
    return book.entries.get((record._meta.db_table, record.pk), record.updated_at)


def _day(at: datetime, book: Casebook) -> date:
    return at.astimezone(book.participant.site.tz).date()


def follow_up(book: Casebook) -> FollowUpFacts:
    """Treatment, visits that took place or were given up, and the clocks of serious events."""
    visits = {visit.visit for visit in book.records["visit"] if visit.done in ("yes", "no")}
    return FollowUpFacts(
        treatment=treatment(book),
        visits_done=frozenset(visits),
        ended=ended(book),
        finished_on=finished_on(book),
        study=book.study,
        serious=tuple(serious(case) for case in book.records["serious-event"]),
    )


def serious(case: object) -> SeriousFacts:
    return SeriousFacts(
        subject=str(case.number),
        kind=case.kind,
        site_aware=case.moment("site_aware_at"),
        site_reported=case.moment("site_reported_at") is not None,
        sponsor_aware=case.moment("sponsor_aware_at"),
        authority_reported=case.authority_reported_on is not None,
        further_reported=case.further_reported_on is not None,
        exempt=case.exempt == "yes",
    )


def endpoint(book: Casebook) -> EndpointFacts:
    """What the primary endpoint rests on."""
    given = treatment(book)
    return EndpointFacts(
        sbrt_start=given.sbrt_start,
        surgery_on=local_day(given.incision, given.zone),
        seen_until=seen_until(book),
        events=tuple(_event(book, event, given) for event in book.records["adverse-event"]),
        ended=ended(book),
        zone=given.zone,
    )


def seen_until(book: Casebook) -> date | None:
    """The last day on which somebody of the trial knew how the participant was."""
    days = [visit.visited_on for visit in book.records["visit"] if visit.done == "yes"]
    if end := book.one("end-of-study"):
        days += [end.last_seen_on, end.ended_on if end.outcome == "completed" else None]
    return max((day for day in days if day), default=None)


def _event(book: Casebook, event: object, given: TreatmentFacts) -> EventFacts:
    rows = book.rows("adverse-event-grade", event)
    after_sbrt = event.onset_order in ("between", "after-surgery")
    floor = given.sbrt_start if after_sbrt and isinstance(given.sbrt_start, datetime) else None
    onset = event.onset_on.earliest if event.onset_on else None
    not_before = _later(floor, onset, given.zone)
    return EventFacts(
        term=event.title or f"event {event.number}",
        baseline_grade=event.baseline_grade if event.at_baseline == "yes" else None,
        sbrt=event.counting("sbrt"),
        surgery=event.counting("surgery"),
        combination=event.counting("combination"),
        ended=event.ended_on,
        grades=tuple(GradeRow(row.grade, row.from_on, not_before=not_before, key=str(row.pk)) for row in rows)
        or (GradeRow(None, not_before=not_before),),  # nobody has graded it, but when it began is known
        key=str(event.number),
    )


def _later(floor: Moment, onset: date | None, zone: str) -> Moment:
    """The later of two things that a grade cannot have begun before."""
    if floor is None or onset is None:
        return floor or onset
    return max(floor.astimezone(UTC), bounds(onset, zone)[0])


def eligibility(book: Casebook) -> Eligibility | None:
    """The verdict on the recorded evidence."""
    record = book.one("eligibility")
    return record.verdict() if record else None
