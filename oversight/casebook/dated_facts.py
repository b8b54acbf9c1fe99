"""Every dated answer of a participant as a fact on the timeline, with the address of its field."""

from collections.abc import Iterator
from datetime import date

from adverse_events.models import SeriousEvent
from assessments.measurement import Measurement
from oversight.casebook import facts
from oversight.casebook.book import Casebook
from oversight.casebook.paths import path_of
from protocol import timeline
from protocol.partial_dates import PartialDate
from protocol.timeline import Fact
from records.model.base import ParticipantRecord
from records.model.fields import Instant, LocalDate, PartialDateField, crf_fields

_DATED = (Instant, LocalDate, PartialDateField)


def dated_facts(book: Casebook) -> list[Fact]:
    """Each answer that is a date or a time, drafts too; then what is derived from several: birth and the treatments."""
    return [*_answers(book), *_derived(book)]


def _answers(book: Casebook) -> Iterator[Fact]:
    zone = book.participant.site.zone
    for record in book.forms():
        groups = {f"{record.slug} {record.pk}"}
        if isinstance(record, SeriousEvent):
            groups.add(f"adverse-event {record.adverse_event_id}")
        if isinstance(record, Measurement):
            groups.add(f"visit {record.visit}")
        yield from _dated(record, groups, zone, path_of(record))
        for row in book.rows_of(record):
            yield from _dated(row, {*groups, f"{row.slug} {row.pk}"}, zone, f"{path_of(record)}#rows-{row.slug}")


def _dated(record: ParticipantRecord, groups: set[str], zone: str, path: str) -> Iterator[Fact]:
    for field in crf_fields(type(record)):
        if not isinstance(field, _DATED):
            continue
        moment = field.value_from_object(record)
        if moment is not None:
            place = path if "#" in path else f"{path}#q-{field.name}"
            yield timeline.fact_of(f"{record.slug}.{field.name}", moment, zone, groups=groups, path=place)


def _derived(book: Casebook) -> Iterator[Fact]:
    treatment = facts.treatment(book)
    for name in ("sbrt_start", "sbrt_end", "incision", "closed"):
        moment = getattr(treatment, name)
        if moment is not None:
            form = "sbrt/#rows-fractions" if name.startswith("sbrt") else "surgery/"
            yield timeline.fact_of(f"treatment.{name}", moment, treatment.zone, path=form)
    screening = book.screening
    if screening is not None and screening.birth_year is not None and date.min.year < screening.birth_year:
        birth = PartialDate(screening.birth_year)
        yield timeline.fact_of("screening.birth_year", birth, treatment.zone, path="screening/#q-birth_year")
