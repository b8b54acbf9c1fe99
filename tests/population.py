"""Records of every form in every state, made through the real door: what laws over all pages are tried on."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import Person, Site
from records import services, signing
from records.model import fields, registry
from records.model.base import ItemGroupRecord, Record, VisitRecord
from records.model.fields import crf_fields
from records.models import Participant
from records.workflow import locks
from tests import builders
from tests.builders import amsterdam

STATES = ("empty", "draft", "complete", "nothing known", "verified", "signed", "locked", "void")
NOW = amsterdam("2016-06-01 12:00")
_BEGAN = amsterdam("2016-03-08 14:05")


def answer(field: fields.CrfField, turn: int, links: dict[type, Record], text: str = "wound, dry") -> Any:
    """Some answer to a question; another turn is another answer, and a date that is known less."""
    if isinstance(field, fields.RecordLink):
        return links.get(field.related_model)
    if isinstance(field, fields.MultiChoice):
        return [code for code, _label in field.codes][turn % len(field.codes) :][:2]
    if field.choices:
        return field.flatchoices[turn % len(field.flatchoices)][0]
    if isinstance(field, fields.Integer | fields.Decimal):
        low, high = field.warn_range or (field.min_value, field.max_value)
        number = low + (high - low) // 2 if low is not None and high is not None else low or 1
        return Decimal(number) if isinstance(field, fields.Decimal) else int(number)
    if isinstance(field, fields.PartialDateField):
        return ("2016-03-08", "2016-03", "2016")[turn % 3]
    if isinstance(field, fields.LocalDate):
        return (_BEGAN + timedelta(days=turn % 3)).date()
    if isinstance(field, fields.Instant):
        return (_BEGAN, _BEGAN.date())[turn % 2]
    return text[: field.max_length]


def fill(record: Record, turn: int, links: dict[type, Record], **how: Any) -> Record:
    """Every question of a record or a row, answered; the database and the form may refuse some."""
    for field in crf_fields(type(record)):
        record.fill(**{field.name: answer(field, turn, links, **how)})
    return record


def put(record: Record, rows: Sequence[ItemGroupRecord], by: Person, *, complete: bool = False) -> Record:
    """Write it; what is refused beside the others is answered or taken back, until the rest is taken."""
    refused: dict[str, list[str]] = {}
    for _try in range(60):
        try:
            return services.write(record, by=by, version=0, rows=rows, complete=complete, now=NOW)
        except ValidationError as error:
            refused = error.message_dict
            for name in refused:
                _otherwise([record, *rows], name)
    raise AssertionError(f"{record} is never taken: {refused}")


def _otherwise(parts: Sequence[Record], name: str) -> None:
    """Unknown what was answered, answered what was left out."""
    part = next(part for part in parts if any(field.name == name for field in crf_fields(type(part))))
    if part.missing.pop(name, None) and part.answered(name):
        return
    if part.answered(name):
        part.fill(**{name: None})
        part.missing[name] = "UNK"
    else:
        part.fill(**{name: answer(part._meta.get_field(name), 0, {})})
        if not part.answered(name):  # there is nothing to link to
            part.missing[name] = "UNK"


def blank(model: type[Record], participant: Participant, visit: str = "d60") -> Record:
    record = model(participant=participant, missing={})
    if issubclass(model, VisitRecord):
        record.visit = visit
    return record


def rows_of(model: type[Record], participant: Participant) -> list[ItemGroupRecord]:
    return [row(participant=participant, missing={}) for row in registry.rows_of(model)]


def everything(participant: Participant, state: str, people: dict[str, Person], **how: Any) -> list[Record]:
    """One record of every form of this participant, in this state."""
    links: dict[type, Record] = {}
    records = []
    for turn, model in zip(count(STATES.index(state)), _events_first(), strict=False):
        links[model] = entered(model, participant, state, people, turn, links, **how)
        records.append(links[model])
    for record in records:
        bring(record, state, people)
    close(participant, state, people)
    return records


def entered(
    model: type[Record], participant: Participant, state: str, people: dict[str, Person], turn: int,
    links: dict[type, Record], **how: Any
) -> Record:  # fmt: skip
    """One record as its nurse leaves it: what the state begins with."""
    record, rows = blank(model, participant), rows_of(model, participant)
    if state == "nothing known":
        for part in (record, *rows):
            part.missing = {field.name: "UNK" for field in crf_fields(type(part))}
    elif state != "empty":
        for part in (record, *rows):
            fill(part, turn, links, **how)
    return put(record, rows, people["nurse"], complete=state not in ("empty", "draft"))


def only(site: Site, state: str, people: dict[str, Person]) -> Iterator[Record]:
    """One record of each form in this state, each the only record of a participant of its own."""
    for turn, model in zip(count(STATES.index(state)), registry.forms().values(), strict=False):
        record = entered(model, builders.register(site, people["nurse"]), state, people, turn, {})
        bring(record, state, people)
        close(record.participant, state, people)
        yield record


def bring(record: Record, state: str, people: dict[str, Person]) -> None:
    """From complete to the state that others bring a record to."""
    if state == "verified":
        signing.verify(record, by=people["monitor"], version=record.version, now=NOW)
    if state in ("signed", "locked"):
        signing.sign_record(record, by=people["pi"], version=record.version, meaning="approved", now=NOW)
    if state == "void":
        services.void(record, by=people["nurse"], reason="wrong participant", version=record.version, now=NOW)


def close(participant: Participant, state: str, people: dict[str, Person]) -> None:
    if state == "locked":
        locks.close(locks.target("participant", participant), "lock", by=people["datamanager"], reason="cut", now=NOW)


def alone(site: Site, people: dict[str, Person], now: datetime = NOW) -> Iterator[Participant]:
    """Participants of whom each form knows one answer and no other: the first question, the second …"""
    asked = {
        model: max(len(crf_fields(part)) for part in (model, *registry.rows_of(model)))
        for model in registry.forms().values()
    }
    for turn in range(max(asked.values())):
        participant = builders.register(site, people["nurse"])
        links: dict[type, Record] = {}
        for model in [model for model in _events_first() if turn < asked[model]]:
            record, rows = blank(model, participant, f"u{turn + 1}"), rows_of(model, participant)
            for part in (record, *rows):
                questions = crf_fields(type(part))
                field = questions[turn % len(questions)]
                part.fill(**{field.name: answer(field, turn, links)})
            links[model] = put(record, rows, people["nurse"])
        if turn % 2:  # what a record links to may be taken out of the count
            for record in [record for model, record in links.items() if model.slug == "adverse-event"]:
                bring(record, "void", people)
        yield participant


def _events_first() -> list[type[Record]]:
    """Every form; what others link to is made before them."""
    linked = {field.related_model for model in registry.forms().values() for field in crf_fields(model)}
    return sorted(registry.forms().values(), key=lambda model: model not in linked)
