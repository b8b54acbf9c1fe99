"""One participant, whole and typed: what every rule, figure and page reads. Loaded by casebook.loading."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args, get_type_hints

from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent, SeriousReport
from assessments.measurement import Measurement
from assessments.models import Function, Imaging, Labs, Neurology, OpioidDose, Pain, Quality, SinsLevel, Visit, Wound
from enrollment.models import (
    Baseline,
    Consent,
    Contact,
    Death,
    Deviation,
    Eligibility,
    EndOfStudy,
    Reconsent,
    Screening,
    Therapy,
)
from oversight.casebook.first_entries import Entries
from procedures.models import OutsideCare, Sbrt, SbrtFraction, Stay, Surgery, TechniqueChange
from protocol.study import Study
from records.model import registry
from records.model.base import ItemGroupRecord, ParticipantRecord
from records.models import Participant

Form = TypeVar("Form", bound=ParticipantRecord)
ByModel = Mapping[type[ParticipantRecord], list[Any]]  # a model that was loaded -> its own records


class NotLoaded(LookupError):
    """A form was asked for that this casebook was loaded without: that it is empty would be a wrong answer."""


class _Partial:
    """What may have been loaded without some forms; their attributes are not there."""

    if not TYPE_CHECKING:  # to a type checker there are those attributes that are declared, and no others

        def __getattr__(self, name: str) -> Any:
            if name in type(self).attributes():
                raise NotLoaded(f"{name} was not loaded. Name its form where the casebook is loaded.")
            raise AttributeError(name)

    @classmethod
    @cache
    def attributes(cls) -> dict[str, type[ParticipantRecord]]:
        """Attribute -> the form or row that it holds, from its annotation."""
        models: dict[str, type[ParticipantRecord]] = {}
        for name, hint in get_type_hints(cls).items():
            inside = get_args(hint)[:1]
            if inside and isinstance(inside[0], type) and issubclass(inside[0], ParticipantRecord):
                models[name] = inside[0]
        return models

    def forget(self, not_loaded: Collection[type[ParticipantRecord]]) -> Self:
        """Without the attributes of these forms."""
        for name, model in self.attributes().items() if not_loaded else ():
            if model in not_loaded:
                object.__delattr__(self, name)
        return self


@dataclass(frozen=True)
class VisitForms(_Partial):
    """What was filled in at one visit; an attribute is named as the form is in an address."""

    visit: Visit | None
    pain: Pain | None
    function: Function | None
    neurology: Neurology | None
    quality: Quality | None
    wound: Wound | None
    labs: Labs | None
    imaging: Imaging | None

    def form(self, slug: str) -> Measurement | None:
        """One of them by its slug, for what ranges over them all."""
        record: Measurement | None = getattr(self, slug)
        return record


class Visits(dict[str, VisitForms]):
    """Visit code -> its forms; a visit at which nothing was filled in has none of them."""

    def __init__(self, visits: Mapping[str, VisitForms], nothing: VisitForms) -> None:
        super().__init__(visits)
        self.nothing = nothing

    def __missing__(self, code: str) -> VisitForms:
        return self.nothing


@dataclass(frozen=True)
class Casebook(_Partial):
    """One participant's records that count: an attribute a form, filled by its annotation.

    What is said once is there or None, what repeats is a list in the order of entry. Rows are those inside forms that
    count. `study` is the version of the protocol under which this participant consented.
    """

    participant: Participant
    study: Study
    visits: Visits

    screening: Screening | None
    consent: Consent | None
    reconsents: list[Reconsent]
    eligibility: Eligibility | None
    baseline: Baseline | None
    sbrt: Sbrt | None
    fractions: list[SbrtFraction]
    operations: list[Surgery]
    stays: list[Stay]
    technique_changes: list[TechniqueChange]
    outside_care: list[OutsideCare]
    contacts: list[Contact]
    therapies: list[Therapy]
    opioid_doses: list[OpioidDose]
    sins_levels: list[SinsLevel]
    adverse_events: list[AdverseEvent]
    event_grades: list[AdverseEventGrade]
    serious_events: list[SeriousEvent]
    serious_reports: list[SeriousReport]
    deviations: list[Deviation]
    death: Death | None
    end_of_study: EndOfStudy | None

    first_said: Entries = field(repr=False)
    by_model: ByModel = field(repr=False)

    @property
    def index_operation(self) -> Surgery | None:
        """The operation of the protocol; the others are re-operations."""
        return next((operation for operation in self.operations if operation.index == "yes"), None)

    def grades_of(self, event: AdverseEvent) -> list[AdverseEventGrade]:
        return [row for row in self.event_grades if row.adverse_event_id == event.pk]

    def reports_of(self, case: SeriousEvent) -> list[SeriousReport]:
        return [row for row in self.serious_reports if row.serious_event_id == case.pk]

    def doses_of(self, pain: Pain) -> list[OpioidDose]:
        return [row for row in self.opioid_doses if row.pain_id == pain.pk]

    def every(self, model: type[Form]) -> list[Form]:
        """The records of one form or the rows of one kind, for what ranges over forms or over visits."""
        try:
            return self.by_model[model]
        except KeyError:
            raise NotLoaded(f"{model.__name__} was not loaded. Name it where the casebook is loaded.") from None

    def everything(self) -> Iterator[ParticipantRecord]:
        """Every form and every row."""
        for records in self.by_model.values():
            yield from records

    def forms(self) -> Iterator[ParticipantRecord]:
        """Every form, without the rows inside, in the order of the registry."""
        for model, records in self.by_model.items():
            if not issubclass(model, ItemGroupRecord):
                yield from records

    def rows_of(self, form: ParticipantRecord) -> list[ItemGroupRecord]:
        """The rows inside one form, kind by kind."""
        return [
            row
            for kind in registry.rows_of(type(form))
            for row in self.every(kind)
            if getattr(row, f"{kind.parent_field}_id") == form.pk
        ]
