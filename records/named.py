"""What a record is called before people: its form, its number among its kind, its visit; never its id."""

from collections.abc import Iterable

from protocol.study import STUDY
from records.model import registry
from records.model.base import Audited, ItemGroupRecord, ParticipantRecord, VisitRecord
from records.queries import Query, QueryMessage


def title(record: Audited) -> str:
    """ "Adverse event 3", "Pain · Day 60", "Grade 2 · Adverse event 3", "Query 4"."""
    name = str(record._meta.verbose_name)
    name = name[:1].upper() + name[1:]
    if isinstance(record, ParticipantRecord):
        name += f" {record.number}" if record.repeats else ""
        name += f" · {STUDY.visit_name(record.visit)}" if isinstance(record, VisitRecord) and record.visit else ""
        return (
            f"{name} · {title(getattr(record, record.parent_field))}" if isinstance(record, ItemGroupRecord) else name
        )
    if isinstance(record, QueryMessage):
        return f"{name} · {title(record.query)}"
    return f"{name} {record.number}" if isinstance(record, Query) else name


def titles(keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The titles of records, by table and id, in a statement a table; of those that are there."""
    wanted: dict[str, set[int]] = {}
    for table, pk in keys:
        wanted.setdefault(table, set()).add(pk)
    models = {model._meta.db_table: model for model in registry.audited_models()}
    known_titles: dict[tuple[str, int], str] = {}
    for table, pks in wanted.items():
        if (model := models.get(table)) is not None:
            around = [model.parent_field] if issubclass(model, ItemGroupRecord) else []
            around += ["query"] if model is QueryMessage else []
            rows = model._base_manager.filter(pk__in=pks).select_related(*around)
            known_titles |= {(table, row.pk): title(row) for row in rows}
    return known_titles
