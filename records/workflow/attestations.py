"""What others did about records: closed, signed, compared with the source. Loaded for many records in three queries."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from records.audit import time_travel
from records.model.base import ItemGroupRecord, ParticipantRecord, Record
from records.workflow import locks, signatures, source_verification
from records.workflow.locks import Lock
from records.workflow.signatures import Signature
from records.workflow.source_verification import Verification

Rows = Mapping[tuple[str, int], Sequence[ItemGroupRecord]]


def key(record: Record) -> tuple[str, int]:
    """Table and id: what a lock, a signature and a comparison know a record by."""
    return record._meta.db_table, record.pk


def load(records: Sequence[ParticipantRecord], rows: Rows | None = None, at: datetime | None = None) -> None:
    """Set `lock`, `signature` and `verified` of records of one participant; `rows`: those inside each, by its `key`.

    As of an instant, if one is given; then the records are to be those of that instant.
    """
    stored = [record for record in records if record.pk]
    if not stored:
        return
    inside = rows or {}
    participant_id = stored[0].participant_id
    closed, comparisons, stored_signatures = _known(participant_id, at)
    everything = [*stored, *(row for record in stored for row in inside.get(key(record), ()))]
    compared = source_verification.valid_verifications(everything, comparisons)
    signed: dict[tuple[str, int | None], list[Signature]] = {}
    for signature in stored_signatures:
        signed.setdefault((signature.table, signature.record_id), []).append(signature)
    for record in stored:
        mine = inside.get(key(record), ())
        record.lock = locks.lock_over(record, closed)
        record.verified = all(
            name in compared.get(key(part), {})
            for part in (record, *mine)
            for name in source_verification.to_compare(part)
        )
        newest = signatures.compare(signed.get(key(record), [])[:1], signatures.content_of(record, mine))
        record.signature = newest[0] if newest else None


def _known(participant_id: int, at: datetime | None) -> tuple[list[Lock], list[Verification] | None, list[Signature]]:
    """Locks, comparisons (None: to be asked for) and signatures of records, the newest first."""
    if at is None:
        stored_signatures = list(Signature.objects.filter(participant=participant_id, scope=Signature.Scope.RECORD))
        return locks.covering(participant_id), None, stored_signatures
    compared = [row for row in time_travel.rows(Verification, at, [participant_id]) if row.lost_at is None]
    stored_signatures = [
        row for row in time_travel.rows(Signature, at, [participant_id]) if row.scope == Signature.Scope.RECORD
    ]
    return closed_at(participant_id, at), compared, stored_signatures[::-1]


def closed_at(participant_id: int, at: datetime) -> list[Lock]:
    """What was frozen or locked at an instant."""
    all_locks = time_travel.rows(Lock, at, [participant_id], study=True)
    return locks.strongest_first([lock for lock in all_locks if lock.released_at is None])
