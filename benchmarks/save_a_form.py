"""Saving one form, audited, beside the same save into a twin of its table that has no triggers."""

import statistics
import time
from collections.abc import Callable

from django.db import connection, transaction

from accounts.models import Person
from procedures.models import Surgery
from records import actor, services
from records.models import Participant

ROUNDS = 300


def run(participant: Participant, nurse: Person) -> dict[str, float]:
    """Milliseconds (medians) of a bare UPDATE, an audited one, and the whole write door; and their ratios."""
    record = services.write(Surgery(participant=participant, index="no"), by=nurse, version=0)
    columns = [field.column for field in Surgery._meta.local_concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(getattr(record, field.attname), connection) for field in _written()]
    assignments = ", ".join(f'"{column}" = %s' for column in columns)

    def update(table: str, number: int) -> None:
        numbered = [
            number if column == "blood_loss_ml" else value for column, value in zip(columns, values, strict=True)
        ]
        with transaction.atomic(), actor.said(nurse, "benchmark"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {assignments} WHERE id = %s", [*numbered, record.pk])

    def door(number: int) -> None:
        record.refresh_from_db()
        record.blood_loss_ml = number
        services.write(record, by=nurse, version=record.version, reason="benchmark")

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE twin (LIKE procedures_surgery INCLUDING ALL)")
        cursor.execute("INSERT INTO twin SELECT * FROM procedures_surgery WHERE id = %s", [record.pk])
    bare, audited, whole = _side_by_side(
        lambda number: update("twin", number), lambda number: update("procedures_surgery", number), door
    )
    return {"bare_ms": bare, "audited_ms": audited, "door_ms": whole, "audited_to_bare": round(audited / bare, 3)}


def _written() -> list:
    return [field for field in Surgery._meta.local_concrete_fields if not field.primary_key]


def _side_by_side(*workloads: Callable[[int], None]) -> list[float]:
    """The median of each, in milliseconds, taken in turns so that a slow moment hits all of them."""
    times: list[list[float]] = [[] for _ in workloads]
    for number in range(ROUNDS):
        for index, workload in enumerate(workloads):
            started = time.perf_counter()
            workload(number)
            times[index].append(1000 * (time.perf_counter() - started))
    return [round(statistics.median(each[20:]), 3) for each in times]
