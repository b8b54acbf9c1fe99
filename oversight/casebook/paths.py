"""Where below the casebook a record, or one of its questions, is."""

from records.model.base import ParticipantRecord, RepeatingRecord, VisitRecord


def path_of(record: ParticipantRecord, field: str = "") -> str:
    """The address of a record below its casebook; with `field`, of that question."""
    page = f"{record.slug}/{record.number}/" if isinstance(record, RepeatingRecord) else f"{record.slug}/"
    if isinstance(record, VisitRecord):
        page = f"{record.visit}/{page}"
    return f"{page}#q-{field}" if field else page
