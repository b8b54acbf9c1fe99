"""What differs between two snapshots, read from their sealed files alone."""

import csv
import io
import zipfile
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from exports.documents import dictionary
from records.model import registry
from records.model.base import ItemGroupRecord, Record, VisitRecord
from records.model.fields import crf_fields

_KEY = ("participant", "visit", "record", "parent")
Rows = dict[tuple[str, ...], dict[str, str]]  # of one form, by their key


@dataclass(frozen=True)
class Change:
    """One record of one form: new, gone (void) or changed, field by field."""

    participant: str
    title: str
    address: str
    what: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)


def between(before: bytes, after: bytes) -> list[Change]:
    """Form by form, in the order of the forms; a form that only one of the two has is left out."""
    changes: list[Change] = []
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(after)) as new:
        names = set(old.namelist()) & set(new.namelist())
        for model in dictionary.models():
            if f"{model.slug}.csv" in names:
                changes += _of_form(model, _rows(old, model), _rows(new, model))
    return changes


def _rows(bundle: zipfile.ZipFile, model: type[Record]) -> Rows:
    text = bundle.read(f"{model.slug}.csv").decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {tuple(row.get(name) or "" for name in _KEY): row for row in rows}


def _of_form(model: type[Record], old: Rows, new: Rows) -> list[Change]:
    changes = []
    for key in sorted({*old, *new}):
        if key not in old:
            changes.append(_change(model, key, _("new")))
        elif key not in new:
            changes.append(_change(model, key, _("voided")))
        elif fields := _fields(model, old[key], new[key]):
            changes.append(_change(model, key, _("changed"), fields))
    return changes


def _fields(model: type[Record], old: dict[str, str], new: dict[str, str]) -> list[tuple[str, str, str]]:
    """Question, before, after; of what only explains another column, a reason why an answer is missing is said."""
    questions = {crf_field.name: str(crf_field.verbose_name) for crf_field in crf_fields(model)}
    differences = []
    for name in new:
        if name in old and old[name] != new[name] and name not in _KEY:
            base = name.removesuffix("_missing")
            if name in questions or name == "status" or (base in questions and name != base):
                title = questions.get(base, _("Status") if name == "status" else name)
                title = title if base == name else _("%(question)s: no answer because") % {"question": title}
                differences.append((title, old[name] or "–", new[name] or "–"))
    return differences


def _change(
    model: type[Record], key: tuple[str, ...], what: str, fields: list[tuple[str, str, str]] | None = None
) -> Change:
    participant, visit, record, _parent = key
    title = f"{model._meta.verbose_name} {record}" if model.repeats else str(model._meta.verbose_name)
    return Change(participant, f"{title} · {visit}" if visit else title, _address(model, key), what, fields or [])


def _address(model: type[Record], key: tuple[str, ...]) -> str:
    """The form, or the form around a row."""
    participant, visit, record, parent = key
    if issubclass(model, ItemGroupRecord):
        model, record = registry.form_around(model), parent
    if issubclass(model, VisitRecord):
        return (
            reverse("visit-form", args=[participant, visit, model.slug])
            if visit
            else reverse("casebook", args=[participant])
        )
    if model.slug not in registry.forms():
        return reverse("casebook", args=[participant])
    name, more = ("repeating-form", [record]) if model.repeats else ("form", [])
    return reverse(name, args=[participant, model.slug, *more])
