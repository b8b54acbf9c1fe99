"""Casebooks of some participants, in a number of queries that does not grow with them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, get_origin, get_type_hints

from enrollment.models import Consent, Death, EndOfStudy, ProtocolApproval, Screening
from enrollment.protocol_versions import in_force
from oversight.casebook.book import ByModel, Casebook, VisitForms, Visits
from oversight.casebook.first_entries import Entries, first_entries
from procedures.models import Sbrt, SbrtFraction, Surgery
from records.audit import time_travel
from records.model import registry
from records.model.base import ItemGroupRecord, ParticipantRecord
from records.models import Participant

Forms = Collection[type[ParticipantRecord]]

TREATMENT: Forms = (Sbrt, SbrtFraction, Surgery, EndOfStudy, Death, Consent, Screening)
_LEFT: Forms = (Death, EndOfStudy, Consent)  # any of which may say that somebody left the trial
_REPEATS = {name for name, hint in get_type_hints(Casebook).items() if get_origin(hint) is list}


def load(
    participants: Iterable[Participant],
    forms: Forms | None = None,
    at: datetime | None = None,
    horizon: str = "",
) -> dict[int, Casebook]:
    """Participant id -> casebook; one query a form, all forms unless some are named; as of an instant, if one is.

    `horizon`: what had been committed by then, where a snapshot says it.
    """
    known = {participant.pk: participant for participant in participants}
    approvals = _approvals(known.values(), at)
    models = [model for model in registry.clinical_models() if issubclass(model, ParticipantRecord)]
    wanted = [model for model in models if forms is None or model in forms]
    records: dict[int, dict[type[ParticipantRecord], list[Any]]] = {pk: {model: [] for model in wanted} for pk in known}
    for model in wanted:
        for record in _standing(model, known, at, horizon):
            records[record.participant_id][model].append(record)
    for by_model in records.values():
        _without_rows_of_voided_forms(by_model)
    left = (record for by_model in records.values() for model in _LEFT for record in by_model.get(model, ()))
    leavings = first_entries(left)
    return {
        pk: _casebook(participant, records[pk], approvals[participant.site_id], leavings)
        for pk, participant in known.items()
    }


def _without_rows_of_voided_forms(records: dict[type[ParticipantRecord], list[Any]]) -> None:
    """A row is not voided with its form, so what counts of it is said by the form."""
    for kind, rows in records.items():
        if issubclass(kind, ItemGroupRecord):
            counting = {record.pk for record in records.get(registry.form_around(kind), ())}
            records[kind] = [row for row in rows if getattr(row, f"{kind.parent_field}_id") in counting]


def _approvals(participants: Collection[Participant], at: datetime | None) -> dict[int, list[ProtocolApproval]]:
    """Site id -> the amendments that it has or had approved."""
    approvals = ProtocolApproval.objects.filter(site__in={participant.site_id for participant in participants})
    by_site = defaultdict(list)
    for approval in approvals.filter(entered_at__lte=at) if at else approvals:
        by_site[approval.site_id].append(approval)
    return by_site


def _standing(
    model: type[ParticipantRecord], participants: Collection[int], at: datetime | None, horizon: str
) -> Sequence[ParticipantRecord]:
    """The records of one form that count or counted, in the order of the casebook."""
    if at is not None:
        return time_travel.not_void(time_travel.rows(model, at, participants, horizon=horizon))
    counting = model._default_manager.filter(participant_id__in=participants, voided_at__isnull=True)
    return list(counting.order_by("number", "pk"))


def _casebook(
    participant: Participant, records: ByModel, approvals: Iterable[ProtocolApproval], leavings: Entries
) -> Casebook:
    """Each attribute is filled with the records of the form that its annotation names."""
    filled: dict[str, Any] = {
        name: records.get(model, []) if name in _REPEATS else next(iter(records.get(model, ())), None)
        for name, model in Casebook.attributes().items()
    }
    consent: Consent | None = filled["consent"]
    study = in_force(approvals, consent.consented_at_date if consent else None)
    book = Casebook(participant, study, _visits(records), first_said=leavings, by_model=records, **filled)
    return book.forget(set(Casebook.attributes().values()) - set(records))


def _visits(records: ByModel) -> Visits:
    """Every visit at which something was filled in; of two forms where one is expected the first, as anywhere else."""
    at_visits: dict[str, dict[str, Any]] = {}
    for name, model in VisitForms.attributes().items():
        for record in records.get(model, ()):
            at_visits.setdefault(record.visit, {}).setdefault(name, record)
    nothing: dict[str, Any] = dict.fromkeys(VisitForms.attributes())
    not_loaded = set(VisitForms.attributes().values()) - set(records)
    visits = {code: VisitForms(**nothing | forms).forget(not_loaded) for code, forms in at_visits.items()}
    return Visits(visits, VisitForms(**nothing).forget(not_loaded))
