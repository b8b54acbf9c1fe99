"""Source verification: a monitor compared an answer with the source. It holds for that answer and no other."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.model.base import Audited, ParticipantRecord, Record
from records.model.fields import CrfField, Instant, crf_fields


class Verification(Audited):
    """One answer, or the reason for none, that was found to be what the source says."""

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="+")
    table = models.CharField(max_length=63)
    record_id = models.BigIntegerField()
    field = models.CharField(max_length=63)
    digest = models.CharField(max_length=64)
    verified_at = models.DateTimeField()
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lost_at = models.DateTimeField(null=True)
    lost_because = models.CharField(max_length=200, blank=True, default="")

    class Meta(Audited.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["table", "record_id", "field"],
                condition=models.Q(lost_at__isnull=True),
                name="verification_once",
                violation_error_message=gettext_lazy("This answer has been compared already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.record_id} {self.field}"


def answers(record: Record) -> dict[str, Any]:
    """Question -> what stands there: the columns of the answer, and the reason for none."""
    return {field.name: _answer(record, field) for field in crf_fields(type(record))}


def _answer(record: Record, field: CrfField) -> list[Any]:
    values = [getattr(record, field.attname), record.missing.get(field.name)]
    if isinstance(field, Instant):
        values.append(getattr(record, f"{field.attname}_date"))
    return values


def digest_of(answer: Any) -> str:
    """SHA-256 of an answer, the same for equal answers."""
    return hashlib.sha256(json.dumps(answer, cls=DjangoJSONEncoder, default=str, sort_keys=True).encode()).hexdigest()


def to_compare(record: Record) -> list[str]:
    """The questions that hold something: an answer, or a reason why there is none."""
    return [
        field.name for field in crf_fields(type(record)) if record.answered(field.name) or field.name in record.missing
    ]


def valid_verifications(
    records: Iterable[ParticipantRecord], known: Iterable[Verification] | None = None
) -> dict[tuple[str, int], dict[str, Verification]]:
    """(table, id) -> question -> its verification, where it holds for these records. One query, unless known."""
    by_key = {(record._meta.db_table, record.pk): record for record in records if record.pk}
    if not by_key:
        return {}
    verifications: dict[tuple[str, int], dict[str, Verification]] = {}
    if known is None:
        known = Verification.objects.filter(
            participant__in={record.participant_id for record in by_key.values()},
            table__in={table for table, _pk in by_key},
            record_id__in={pk for _table, pk in by_key},
            lost_at__isnull=True,
        ).select_related("verified_by")
    for row in known:
        key = (row.table, row.record_id)
        if key in by_key and holds(row, by_key[key]):
            verifications.setdefault(key, {})[row.field] = row
    return verifications


def lost(records: Iterable[Record]) -> dict[tuple[str, int], dict[str, Verification]]:
    """(table, id) -> question -> the comparison that was lost last, whatever stands now. One query."""
    keys = {(record._meta.db_table, record.pk) for record in records if record.pk}
    rows = Verification.objects.filter(
        table__in={table for table, _pk in keys}, record_id__in={pk for _table, pk in keys}, lost_at__isnull=False
    ).select_related("verified_by")
    verifications: dict[tuple[str, int], dict[str, Verification]] = {}
    for row in rows.order_by("pk"):
        if (row.table, row.record_id) in keys:
            verifications.setdefault((row.table, row.record_id), {})[row.field] = row
    return verifications


def holds(row: Verification, record: Record) -> bool:
    """Whether the answer is still the one that was compared."""
    field = next((field for field in crf_fields(type(record)) if field.name == row.field), None)
    return field is not None and row.digest == digest_of(_answer(record, field))


def lose_what_changed(records: Sequence[Record], removed: Sequence[Record], now: datetime) -> None:
    """Take the verification from every answer that was changed or removed; within the write's transaction."""
    by_key = {(record._meta.db_table, record.pk): record for record in (*records, *removed) if record.pk}
    gone = {(record._meta.db_table, record.pk) for record in removed}
    rows = Verification.objects.filter(
        table__in={table for table, _pk in by_key}, record_id__in={pk for _table, pk in by_key}, lost_at__isnull=True
    )
    lost = [
        row.pk
        for row in rows
        if (key := (row.table, row.record_id)) in by_key and (key in gone or not holds(row, by_key[key]))
    ]
    if lost:
        because = _("the answer was changed after it had been compared")
        Verification.objects.filter(pk__in=lost).update(lost_at=now, lost_because=because)
