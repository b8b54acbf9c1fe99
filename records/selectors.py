"""Reading records, within what a person may see. Another site's participant does not exist."""

import json
from typing import Any, TypeVar

from django.db import connection
from django.db.models import QuerySet, Subquery
from django.http import Http404

from accounts.models import Person
from records.model import registry
from records.model.base import ItemGroupRecord, ParticipantRecord, Record
from records.models import Participant

Form = TypeVar("Form", bound=ParticipantRecord)
Row = TypeVar("Row", bound=ItemGroupRecord)


def participants(person: Person) -> QuerySet[Participant]:
    """The participants of the sites at which this person may see them."""
    return Participant.objects.filter(site_id__in=person.site_ids(), voided_at__isnull=True)


def participant(person: Person, code: str) -> Participant:
    """One participant by code, with its site; 404 where the person may not know of it."""
    record = participants(person).select_related("site").filter(code=code.upper()).first()
    if record is None:
        raise Http404
    return record


def records_of(model: type[Form], participant: Participant) -> QuerySet[Form]:
    """The records of one form that count, oldest first."""
    return model._default_manager.filter(participant=participant, voided_at__isnull=True).order_by("number")


def exists_key(records: QuerySet[Any], column: str = "pk") -> Subquery:
    """The key (or a column) of one of these, or NULL; in a list of which the first lines are wanted: Exists reads all.

    PostgreSQL may answer EXISTS for all rows of a table at once, and does not consider that only a page of them is
    asked for. This it answers row by row.
    """
    return Subquery(records.values(column)[:1])


_SOME = "SELECT '{table}', to_jsonb(t) FROM {table} AS t WHERE id = ANY(%s)"


def some(wanted: dict[type[Record], list[int]]) -> list[Record]:
    """Records of several forms by their keys, in one statement, however many forms these are."""
    if not wanted:
        return []
    models_by_table = {model._meta.db_table: model for model in wanted}
    parts = [_SOME.format(table=table) for table in models_by_table]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), list(wanted.values()))
        return [_from_json(models_by_table[table], row) for table, row in cursor.fetchall()]


def _from_json(model: type[Record], row: Any) -> Record:
    columns = json.loads(row) if isinstance(row, str) else row
    fields = model._meta.local_concrete_fields
    return model.from_db(
        None, [field.attname for field in fields], [field.to_python(columns[field.column]) for field in fields]
    )


def rows(model: type[Row], record: Record) -> list[Row]:
    """The rows inside one record that count, in the order of entry."""
    if record.pk is None:
        return []
    children = model._default_manager.filter(**{model.parent_field: record}, voided_at__isnull=True)
    return list(children.order_by("pk"))


def child_rows(record: Record) -> list[ItemGroupRecord]:
    """All rows inside one record that count, kind by kind."""
    return [row for model in registry.rows_of(type(record)) for row in rows(model, record)]
