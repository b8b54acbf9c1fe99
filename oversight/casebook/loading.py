"""Everything recorded of some participants, in a number of queries that does not grow with them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from enrollment.models import ProtocolApproval
from enrollment.protocol_versions import in_force
from oversight.casebook import first_entries
from protocol.study import Study
from records.audit import time_travel
from records.model import registry
from records.model.base import ItemGroupRecord, Record, VisitRecord
from records.models import Participant


@dataclass
class Casebook:
    """One participant's records that count, by form; rows by the kind of row."""

    participant: Participant
    approvals: list[ProtocolApproval] = field(default_factory=list)
    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    entries: first_entries.Entries = field(default_factory=dict)

    @property
    def study(self) -> Study:
        """The version of the protocol under which this participant consented."""
        consent = self.one("consent")
        return in_force(self.approvals, consent.consented_at_date if consent else None)

    def one(self, slug: str) -> Record | None:
        """The record of a form that is filled in once."""
        return next(iter(self.records[slug]), None)

    def at(self, visit: str, slug: str = "visit") -> VisitRecord | None:
        """The form of one visit."""
        return next((record for record in self.records[slug] if record.visit == visit), None)

    def rows(self, slug: str, of: Record) -> list[ItemGroupRecord]:
        """The rows inside one record."""
        return [row for row in self.records[slug] if getattr(row, f"{row.parent_field}_id") == of.pk]


TREATMENT = ("sbrt", "sbrt-fraction", "surgery", "end-of-study", "death", "consent", "screening")


def load(
    participants: Iterable[Participant],
    slugs: Iterable[str] | None = None,
    at: datetime | None = None,
    horizon: str = "",
) -> dict[int, Casebook]:
    """Participant id -> casebook; one query a form, all forms unless some are named; as of an instant, if one is.

    `horizon`: what had been committed by then, where a snapshot says it.
    """
    books = {participant.pk: Casebook(participant) for participant in participants}
    approvals = ProtocolApproval.objects.filter(site__in={book.participant.site_id for book in books.values()})
    for approval in approvals.filter(entered_at__lte=at) if at else approvals:
        for book in books.values():
            if book.participant.site_id == approval.site_id:
                book.approvals.append(approval)
    wanted = None if slugs is None else set(slugs)
    for model in registry.clinical_models():
        if model is Participant or (wanted is not None and model.slug not in wanted):
            continue
        if at is not None:
            found = time_travel.standing(time_travel.rows(model, at, books, horizon=horizon))
        else:
            found = model._default_manager.filter(participant_id__in=books, voided_at__isnull=True)
            found = found.order_by("number", "pk")
        for record in found:
            books[record.participant_id].records[model.slug].append(record)
    entries = first_entries.first_entries(
        [each for book in books.values() for slug in first_entries.SAYS for each in book.records.get(slug, ())]
    )
    for book in books.values():
        book.entries = entries
    return books
