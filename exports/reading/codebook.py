"""codebook.json: for programs, what each column of each file holds."""

import json
from typing import Any

from django.utils import translation

from exports.data.columns import Column
from exports.data.export_tables import Table
from exports.documents import dictionary
from records.model.missing import MissingCode

SAYS = {
    "participant": "Participant code", "site": "Site", "visit": "Visit", "record": "Number of the record",
    "status": "Draft or complete", "parent": "Number of the form that this row is in",
}  # fmt: skip


def as_json(tables: list[Table]) -> str:
    """File name -> its columns, in their order."""
    with translation.override("en"):
        document = {
            "missing": {code.value: str(code.label) for code in MissingCode},
            "files": {table.name: [_told(column) for column in table.columns] for table in tables},
        }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _told(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {"column": column.name, "kind": column.kind, "label": label(column)}
    if column.about is not None:
        entry |= {"field": column.about.name, "unit": str(column.about.unit)}
        if codes := codes_of(column):
            entry["codes"] = codes
    return entry


def codes_of(column: Column) -> dict[str, str]:
    """The codes that the column may hold, with their labels."""
    if column.kind == "missing":
        return {code.value: str(code.label) for code in MissingCode}
    if column.kind in ("code", "codes") and column.about is not None:
        return {str(code): str(words) for code, words in dictionary.codes(column.about)}
    return {}


def label(column: Column) -> str:
    """A column in words."""
    if column.about is None:
        return SAYS.get(column.name, column.name.replace("_", " ").capitalize())
    question, unit = str(column.about.verbose_name), str(column.about.unit)
    tail = column.name.removeprefix(column.about.name).strip("_")
    suffix = {"": "", "label": ", in words", "missing": ", why there is no answer"}.get(tail, f", {tail} day")
    return f"{question}{f' ({unit})' if unit and not tail else ''}{suffix}"
