"""The data dictionary: one row a field, read from the models, so that it cannot say something else."""

import csv
import io
from typing import Any

from django.utils import translation

from protocol.study import STUDY
from records.model import registry
from records.model.base import ItemGroupRecord, Record, RepeatingRecord, VisitRecord
from records.model.fields import CrfField, MultiChoice, crf_fields

COLUMNS = [
    "form", "field", "question", "help", "type", "unit", "required", "codes", "min", "max", "repeats", "visits",
    "standard",
]  # fmt: skip


def rows() -> list[dict[str, str]]:
    """Every question of every form and of the rows inside forms, in English."""
    with translation.override("en"):
        return [_row(model, field) for model in models() for field in crf_fields(model)]


def models() -> list[type[Record]]:
    """Every form, each followed by the kinds of rows inside it."""
    classes: list[type[Record]] = []
    for model in registry.forms().values():
        classes += [model, *registry.rows_of(model)]
    return classes


def as_csv() -> str:
    """docs/data-dictionary.csv."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    return out.getvalue()


def _row(model: type[Record], field: CrfField) -> dict[str, str]:
    return {
        "form": model.slug,
        "field": field.name,
        "question": str(field.verbose_name),
        "help": str(field.help_text),
        "type": field.crf_type,
        "unit": str(field.unit),
        "required": _required(field),
        "codes": "|".join(f"{code}={label}" for code, label in codes(field)),
        "min": _bound(field.min_value),
        "max": _bound(field.max_value),
        "repeats": "yes" if issubclass(model, RepeatingRecord | ItemGroupRecord) else "no",
        "visits": " ".join(STUDY.visits_with(model.slug)) if issubclass(model, VisitRecord) else "",
        "standard": ".".join(part for part in (model.domain, field.standard) if part) if field.standard else "",
    }


def codes(field: CrfField) -> list[tuple[str, Any]]:
    """The codes of a list, with their labels."""
    return list(field.codes if isinstance(field, MultiChoice) else field.flatchoices)


def _required(field: CrfField) -> str:
    if not field.required:
        return "no"
    return f"if {field.visible_if[0]} is {' or '.join(field.visible_if[1])}" if field.visible_if else "yes"


def _bound(value: Any) -> str:
    return "" if value is None else str(value)
