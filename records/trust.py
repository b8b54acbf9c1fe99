"""What others did about records: closed, signed, compared with the source. Loaded for many records in three queries."""

from collections.abc import Mapping, Sequence

from records import locks, signatures, source_verification
from records.base import Record, RowRecord
from records.signatures import Signature

Rows = Mapping[tuple[str, int], Sequence[RowRecord]]


def key(record: Record) -> tuple[str, int]:
    """Table and id: what a lock, a signature and a comparison know a record by."""
    return record._meta.db_table, record.pk


def load(records: Sequence[Record], rows: Rows | None = None) -> None:
    """Set `lock`, `signature` and `verified` of records of one participant; `rows`: those inside each, by its `key`."""
    stored = [record for record in records if record.pk]
    if not stored:
        return
    inside = rows or {}
    participant_id = stored[0].participant_id
    closed = locks.covering(participant_id)
    everything = [*stored, *(row for record in stored for row in inside.get(key(record), ()))]
    compared = source_verification.standing(everything)
    signed: dict[tuple[str, int], list[Signature]] = {}
    for signature in Signature.objects.filter(participant=participant_id, scope=Signature.Scope.RECORD):
        signed.setdefault((signature.table, signature.record_id), []).append(signature)
    for record in stored:
        mine = inside.get(key(record), ())
        record.lock = locks.of(record, closed)
        record.verified = all(
            name in compared.get(key(part), {})
            for part in (record, *mine)
            for name in source_verification.to_compare(part)
        )
        given = signed.get(key(record), [])
        newest = signatures.compare(given[:1], signatures.content_of(record, mine))
        record.signature = newest[0] if newest else None
