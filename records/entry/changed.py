"""What a save would change, found before anything is written: what changes nothing leaves no trace."""

from collections.abc import Sequence

from records.audit import history
from records.model.base import ItemGroupRecord, ParticipantRecord, Record

_BOOKKEEPING = {field.name for field in (*Record._meta.local_fields, *ParticipantRecord._meta.local_fields)} - {
    "missing"
}


def answers(before: Record, record: Record) -> list[str]:
    """The columns, other than who, when and which version, in which a record differs from what is stored."""
    return [
        field.name
        for field in record._meta.local_concrete_fields
        if not field.primary_key
        and field.name not in _BOOKKEEPING
        and field.get_prep_value(getattr(record, field.attname)) != field.get_prep_value(getattr(before, field.attname))
    ]


def rows(sent: Sequence[ItemGroupRecord]) -> list[ItemGroupRecord]:
    """Those that are new, or hold something else than what is stored."""
    stored: dict[tuple[type[ItemGroupRecord], int], ItemGroupRecord] = {}
    for model in {type(row) for row in sent if row.pk}:
        known = model._base_manager.in_bulk([row.pk for row in sent if row.pk and type(row) is model])
        stored |= {(model, pk): row for pk, row in known.items()}
    return [row for row in sent if row.pk is None or answers(stored[type(row), row.pk], row)]


def is_first_judgement(before: Record, names: Sequence[str]) -> bool:
    """Whether all that changes is what a specialist owns and nobody has answered yet: that is a first entry."""
    judged = before.field_permissions
    first = bool(names) and all(name in judged and getattr(before, name) in (None, "") for name in names)
    return first and not history.ever_answered(before, names)
