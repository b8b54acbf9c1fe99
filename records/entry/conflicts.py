"""Two people on one form: what only they changed is taken over below, what both changed is for a person to choose.

Nothing of it is saved: the page comes back with both values of all that differs, and saving again says so knowingly.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.utils.translation import gettext as _

from records import selectors
from records.audit import time_travel
from records.entry.display import display_answer, row_in_words
from records.model import registry
from records.model.base import ItemGroupRecord, ParticipantRecord, Record
from records.model.fields import CrfField
from records.model.forms import CrfForm, CrfRows
from records.models import AuditRow

THEIRS, YOURS, BOTH = "theirs", "yours", "both"


@dataclass(frozen=True)
class Difference:
    """One question of which the two pages say something else; `take` fills the form with their answer."""

    name: str
    label: str
    theirs: str
    yours: str
    who: str
    take: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def anchor(self) -> str:
        """Where on the page it stands."""
        return self.name if self.name.startswith("rows-") else f"q-{self.name}"

    @property
    def take_json(self) -> str:
        """For the button that fills the form with their answer."""
        return json.dumps(self.take)


def opened(
    current: Record, version: int
) -> tuple[Record | None, dict[type[ItemGroupRecord], dict[Any, ItemGroupRecord]]]:
    """The record as that version had it, and the rows inside it by identity; None where it was never saved so."""
    mine = AuditRow.objects.filter(table=current._meta.db_table, record_id=current.pk)
    if not 0 < version < current.version:
        return None, {}
    after = mine.filter(changes__version__1=version + 1).values_list("id", flat=True).first()
    if after is None:
        return None, {}
    [record] = time_travel.before(type(current), [current.pk], after)
    rows = {}
    for model in registry.rows_of(type(current)):
        pks = model._default_manager.filter(**{model.parent_field: current}).values_list("pk", flat=True)
        rows[model] = {row.entry: row for row in time_travel.before(model, list(pks), after) if not row.is_void}
    return record, rows


def merge(
    form: CrfForm,
    rows: dict[str, CrfRows],
    current: ParticipantRecord,
    fresh: Callable[[ParticipantRecord, str], CrfForm],
    version: int,
) -> tuple[Any, list[Difference]]:
    """The data to show again, with what only they changed taken over, and all that differs.

    `fresh` makes an unbound form of a record (with a prefix, for a row) that holds their answers.
    """
    data = form.data.copy()
    before, rows_before = opened(current, version)
    differences = _part(form, before, current, fresh(current, ""), data)
    for prefix, formset in rows.items():
        differences += _rows(prefix, formset, current, rows_before.get(formset.model, {}), fresh, data)
    return data, differences


def _part(form: CrfForm, before: Record | None, current: Record, theirs: CrfForm, data: Any) -> list[Difference]:
    """The questions of the form itself, or of one row; takes over into `data` what only they changed."""
    differences = []
    for name, field in form.crf.items():
        stored, code = _stored(field, current)
        typed, your_code = _typed(form, name, code)
        if name not in theirs.fields or not _differs(theirs, name, stored, code, form, your_code):
            continue
        who = BOTH
        if before is not None:
            was, was_code = _stored(field, before)
            if (was, was_code) == (stored, code):
                who = YOURS
            elif not _differs(theirs, name, was, was_code, form, your_code):
                who = THEIRS
        take = tuple(_as_sent(theirs, name, code))
        if who == THEIRS:
            for key, values in take:
                data.setlist(key, list(values))
        words = display_answer(field, stored, code, form.zone), display_answer(field, typed, your_code, form.zone)
        differences.append(Difference(form.add_prefix(name), str(field.verbose_name), *words, who, take))
    return differences


def _stored(field: CrfField, record: Record) -> tuple[Any, str]:
    return field.value_from_object(record), record.missing.get(field.name, "")


def _typed(form: CrfForm, name: str, code: str) -> tuple[Any, str]:
    your_code = form[f"{name}_missing"].data or "" if f"{name}_missing" in form.fields else code
    return form.cleaned_data.get(name, form.data.get(form.add_prefix(name))), your_code


def _differs(theirs: CrfForm, name: str, stored: Any, code: str, form: CrfForm, your_code: str) -> bool:
    return theirs.fields[name].has_changed(stored, form[name].data) or code != your_code


def _as_sent(theirs: CrfForm, name: str, code: str) -> list[tuple[str, tuple[str, ...]]]:
    """Their answer as a browser would send it: input name -> values."""
    sent = [(key, tuple(values)) for key, values in _inputs(theirs[name])]
    if f"{name}_missing" in theirs.fields:
        sent.append((theirs.add_prefix(f"{name}_missing"), (code,)))
    return sent


def _inputs(bound: BoundField) -> list[tuple[str, list[str]]]:
    value = bound.value()
    widget = bound.field.widget
    if hasattr(widget, "parts"):  # an instant: date, time, and which of two equal times
        return [(f"{bound.html_name}_{index}", [part]) for index, part in enumerate(widget.parts(value))]
    content = widget.get_context(bound.html_name, value, {})["widget"]["value"]
    values = content if isinstance(content, list | tuple) else [content]
    return [(bound.html_name, [str(part) for part in values if part is not None])]


def _rows(
    prefix: str,
    formset: CrfRows,
    current: ParticipantRecord,
    before: dict[Any, ItemGroupRecord],
    fresh: Callable[[ParticipantRecord, str], CrfForm],
    data: Any,
) -> list[Difference]:
    """Rows that they added or removed, and within a row question by question."""
    label, where = str(formset.model._meta.verbose_name), f"rows-{prefix}"
    standing = {row.pk: row for row in selectors.rows(formset.model, current)}
    sent = {form.instance.pk for form in formset if form.instance.pk}
    yours = _("not on your page; it stays")
    differences = [
        Difference(where, label, row_in_words(row), yours, THEIRS) for pk, row in standing.items() if pk not in sent
    ]
    by_identity = {str(entry): row for entry, row in before.items()}
    for form in formset:
        there = standing.get(form.instance.pk)
        was = by_identity.get(data.get(form.add_prefix("entry"), ""))
        if there is not None:
            differences += _row(form, where, was, there, fresh(there, form.prefix or ""), data)
        elif was is not None and not _touched(form, was, fresh(was, form.prefix or "")):
            data[form.add_prefix("remove")] = "on"
            differences.append(Difference(where, label, _("removed"), row_in_words(was), THEIRS))
        elif form.has_changed():
            theirs = _("removed") if was is not None else _("not there")
            differences.append(Difference(where, label, theirs, row_in_words(form.instance), BOTH if was else YOURS))
    return differences


def _row(
    form: CrfForm, where: str, was: ItemGroupRecord | None, there: ItemGroupRecord, theirs: CrfForm, data: Any
) -> list[Difference]:
    """One row that both have; where you remove what they changed, that is said as one difference."""
    if not form.cleaned_data.get("remove"):
        return _part(form, was, there, theirs, data)
    changed = was is None or any(_stored(field, was) != _stored(field, there) for field in form.crf.values())
    label = str(type(there)._meta.verbose_name)
    return [Difference(where, label, row_in_words(there), _("removed"), BOTH if changed else YOURS)]


def _touched(form: CrfForm, was: ItemGroupRecord, theirs: CrfForm) -> bool:
    """Whether this page changed a row as it was opened."""
    return any(
        _differs(theirs, name, *_stored(field, was), form, _typed(form, name, was.missing.get(name, ""))[1])
        for name, field in form.crf.items()
        if name in theirs.fields
    )
