"""Where somebody is: one form of one participant, its record, its ModelForm and the rows inside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.urls import reverse

from accounts import text_input
from accounts.models import Person
from records import selectors
from records.entry import sent_rows
from records.model import form_registry, registry
from records.model.base import ItemGroupRecord, ParticipantRecord, Record
from records.model.fields import RecordLink, crf_fields
from records.model.forms import CrfForm, CrfRows, rows_factory
from records.models import Participant
from records.workflow.signatures import SignatureCheck

MAX_PREFILL = 200


@dataclass
class FormTarget:
    """Where somebody is: this form of this participant."""

    participant: Participant
    model: type[ParticipantRecord]
    record: ParticipantRecord
    visit: str | None = None
    signed: Sequence[SignatureCheck] = ()  # its signatures, as records.views found them

    @property
    def void_ones(self) -> list[ParticipantRecord]:
        """Records of this very form that were voided: they stay readable."""
        records = self.model._default_manager.filter(participant=self.participant, voided_at__isnull=False)
        if self.visit:
            records = records.filter(Q(visit=self.visit))
        if self.model.repeats:
            records = records.filter(number=self.record.number) if self.record.pk else records.none()
        return list(records.exclude(pk=self.record.pk).order_by("-pk"))

    def url(self, path: str = "") -> str:
        """The address of this form, or of a page below it."""
        where = [self.visit] if self.visit else []
        where.append(self.model.slug)
        if self.model.repeats:
            where.append(str(self.record.number) if self.record.pk else "new")
        return reverse("casebook", args=[self.participant.code]) + "/".join(where) + f"/{path}"


def _model(slug: str, per_visit: bool = False) -> type[ParticipantRecord]:
    model = registry.forms().get(slug)
    if model is None or registry.is_per_visit(model) != per_visit:
        raise Http404
    return model


def find(person: Person, code: str, slug: str, number: int | None, visit: str | None) -> FormTarget:
    """Find the form's record, or a new one; 404 for what the person may not know of."""
    model = _model(slug, per_visit=visit is not None)
    participant = selectors.participant(person, code)
    records = model._default_manager.filter(participant=participant).select_related("updated_by")
    if number is not None:
        record = records.filter(number=number).first() if model.repeats else None
        if record is None:
            raise Http404
    else:
        wanted = {"visit": visit} if visit else {}
        record = None if model.repeats else records.filter(voided_at__isnull=True, **wanted).first()
        record = record or model(participant=participant, **wanted)
    record.participant = participant
    return FormTarget(participant, model, record, visit)


def form_of(place: FormTarget, person: Person, now: datetime, data: Any = None, asked: Any = None) -> CrfForm:
    return form_registry.form_of(place.model)(
        data,
        initial=_asked(place.model, asked or {}),
        instance=place.record,
        zone=place.participant.site.tz,
        now=now,
        may=person.rights(place.participant.site_id),
        by=person,
    )


def _asked(model: type[Record], asked: Any) -> dict[str, str]:
    """`?adverse_event=7` opens a new form about that event; a link may bring other answers along, to be checked."""
    answers = {}
    for field in crf_fields(model):
        value = text_input.sought(asked.get(field.name, ""))
        if value and len(value) <= MAX_PREFILL and (value.isdecimal() or not isinstance(field, RecordLink)):
            answers[field.name] = value
    return answers


def rows_of(place: FormTarget, form: CrfForm, data: Any = None) -> dict[str, CrfRows]:
    """The formsets of the rows inside this form, by prefix. What was sent is matched to its row by identity."""
    formsets = {}
    for prefix, row_form in form.row_forms.items():
        model = row_form.row_model()
        existing = selectors.rows(model, place.record)
        if data is not None and f"{prefix}-TOTAL_FORMS" not in data:  # sent without its rows: they stay as they are
            data = data.copy()
            data.update({f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"})
        formsets[prefix] = rows_factory(row_form, extra=0 if existing or not model.opens_with_row else 1)(
            data,
            prefix=prefix,
            records=existing if data is None else _sent(data, prefix, existing),
            model=model,
            parent=place.record,
            form_kwargs={"zone": form.zone, "now": form.now, "may": form.may},
        )
    return formsets


def _sent(data: Any, prefix: str, existing: list[ItemGroupRecord]) -> list[ItemGroupRecord | None]:
    """For each row that was sent the record it is; None for a new one, or one that somebody removed meanwhile.

    A client that names no row at all means them by their order.
    """
    if not any(name.startswith(f"{prefix}-") and name.endswith("-entry") for name in data):
        return list(existing)
    by_entry = {str(row.entry): row for row in existing}
    counted = sent_rows.count(prefix, data) or 0
    return [by_entry.get(data.get(f"{prefix}-{index}-entry", "")) for index in range(counted)]


def entry_of(data: Any) -> UUID | None:
    """The identity that a new record was given when its page was made."""
    try:
        return UUID(data.get("entry", ""))
    except ValueError:
        return None
