"""From rows to what the protocol may know: nothing is judged here."""

from datetime import UTC, date, datetime
from typing import cast

from adverse_events.models import AdverseEvent, SeriousEvent
from assessments.models import Visit
from enrollment.models import Death
from oversight.casebook.book import Casebook
from protocol.eligibility import Eligibility
from protocol.facts import (
    Ended,
    EndpointFacts,
    EndReason,
    EventFacts,
    FollowUpFacts,
    GradeRow,
    Moment,
    Relatedness,
    SeriousFacts,
    SeriousKind,
    TreatmentFacts,
    local_day,
)
from protocol.window import bounds
from records.model.base import ParticipantRecord

EARLY_ENDS: dict[str, EndReason] = {"died": "died", "withdrew": "withdrew", "lost": "lost"}


def treatment(book: Casebook) -> TreatmentFacts:
    """SBRT from first beam on to last beam off, and the index operation."""
    zone = book.participant.site.zone
    sbrt, fractions = book.sbrt, book.fractions
    operation = book.index_operation
    performed = operation if operation is not None and operation.performed != "no" else None
    return TreatmentFacts(
        sbrt_start=_edge([row.moment("beam_on_at") for row in fractions], zone, last=False),
        sbrt_end=_edge([row.moment("beam_off_at") for row in fractions], zone, last=True),
        incision=performed.moment("incision_at") if performed else None,
        closed=performed.moment("closed_at") if performed else None,
        sbrt_complete=sbrt is None or sbrt.delivery not in ("partial", "aborted"),
        surgery_cancelled=operation is not None and operation.performed == "no",
        zone=zone,
    )


def _edge(moments: list[Moment], zone: str, last: bool) -> Moment:
    """The first or last of some moments; only its day where another could lie beyond it; None where one is unknown."""
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments) or not known:
        return None
    spans = [(bounds(moment, zone), moment) for moment in known]
    edge = max(spans, key=lambda span: span[0][1]) if last else min(spans, key=lambda span: span[0][0])
    return edge[1]


def ended(book: Casebook) -> Ended | None:
    """Died, withdrew or lost, whichever form says so first, drafts too; a death outweighs the others."""
    death, end, consent = book.death, book.end_of_study, book.consent
    if death is not None:
        return Ended(_died_by(death, book), "died")
    if end is not None and end.outcome in EARLY_ENDS:
        return Ended(_by(end, end.ended_on, book), EARLY_ENDS[end.outcome])
    if consent is None or consent.withdrawn != "yes" or "visits" not in (consent.withdrawn_what or []):
        return None
    return Ended(_by(consent, consent.withdrawn_on, book), "withdrew")


def finished_on(book: Casebook) -> date | None:
    """The last day of somebody who is through, or was never enrolled."""
    end = book.end_of_study
    return _by(end, end.ended_on, book) if end is not None and end.outcome and end.outcome not in EARLY_ENDS else None


def _by(record: ParticipantRecord, on: date | None, book: Casebook) -> date:
    """The day that is stated, no later than that was; without one the day on which the form first said so."""
    return min(on, _day(record.updated_at, book)) if on else _day(_first(record, book), book)


def _died_by(death: Death, book: Casebook) -> date:
    """The last day on which it can have been: what was entered had happened, unless the form now says it had not."""
    by = _day(death.created_at, book)
    if death.died_on and death.died_on.earliest > by:
        by = _day(_first(death, book), book)
    return min(death.at_latest or by, by)


def _first(record: ParticipantRecord, book: Casebook) -> datetime:
    return book.first_said.get((record._meta.db_table, record.pk), record.updated_at)


def _day(at: datetime, book: Casebook) -> date:
    return at.astimezone(book.participant.site.tz).date()


def follow_up(book: Casebook) -> FollowUpFacts:
    """Treatment, visits that took place or were given up, and the clocks of serious events."""
    visits = {visit.visit for visit in book.every(Visit) if visit.done in ("yes", "no")}
    return FollowUpFacts(
        treatment=treatment(book),
        visits_done=frozenset(visits),
        ended=ended(book),
        finished_on=finished_on(book),
        study=book.study,
        serious=tuple(serious(case) for case in book.serious_events),
    )


def serious(case: SeriousEvent) -> SeriousFacts:
    return SeriousFacts(
        subject=str(case.number),
        kind=cast(SeriousKind | None, case.kind),
        site_aware=case.moment("site_aware_at"),
        site_reported=case.moment("site_reported_at") is not None,
        sponsor_aware=case.moment("sponsor_aware_at"),
        authority_reported=case.authority_reported_on is not None,
        further_reported=case.further_reported_on is not None,
        exempt=case.exempt == "yes",
    )


def endpoint(book: Casebook) -> EndpointFacts:
    """What the primary endpoint rests on."""
    treatment_facts = treatment(book)
    return EndpointFacts(
        sbrt_start=treatment_facts.sbrt_start,
        surgery_on=local_day(treatment_facts.incision, treatment_facts.zone),
        seen_until=seen_until(book),
        events=tuple(_event(book, event, treatment_facts) for event in book.adverse_events),
        ended=ended(book),
        zone=treatment_facts.zone,
    )


def seen_until(book: Casebook) -> date | None:
    """The last day on which somebody of the trial knew how the participant was."""
    days = [visit.visited_on for visit in book.every(Visit) if visit.done == "yes"]
    if end := book.end_of_study:
        days += [end.last_seen_on, end.ended_on if end.outcome == "completed" else None]
    return max((day for day in days if day), default=None)


def _event(book: Casebook, event: AdverseEvent, treatment_facts: TreatmentFacts) -> EventFacts:
    rows = book.grades_of(event)
    after_sbrt = event.onset_order in ("between", "after-surgery")
    floor = treatment_facts.sbrt_start if after_sbrt and isinstance(treatment_facts.sbrt_start, datetime) else None
    onset = event.onset_on.earliest if event.onset_on else None
    not_before = _later(floor, onset, treatment_facts.zone)
    return EventFacts(
        term=event.title or f"event {event.number}",
        baseline_grade=event.baseline_grade if event.at_baseline == "yes" else None,
        sbrt=_relatedness(event, "sbrt"),
        surgery=_relatedness(event, "surgery"),
        combination=_relatedness(event, "combination"),
        ended=event.ended_on,
        grades=tuple(GradeRow(row.grade, row.from_on, not_before=not_before, key=str(row.pk)) for row in rows)
        or (GradeRow(None, not_before=not_before),),  # nobody has graded it, but when it began is known
        key=str(event.number),
    )


def _relatedness(event: AdverseEvent, treatment: str) -> Relatedness | None:
    """What counts; the database holds these answers to the words of the list."""
    return cast(Relatedness | None, event.counting(treatment))


def _later(floor: datetime | None, onset: date | None, zone: str) -> Moment:
    """The later of two things that a grade cannot have begun before."""
    if floor is None or onset is None:
        return floor or onset
    return max(floor.astimezone(UTC), bounds(onset, zone)[0])


def eligibility(book: Casebook) -> Eligibility | None:
    """The verdict on the recorded evidence."""
    return book.eligibility.verdict() if book.eligibility else None
