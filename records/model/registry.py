"""Finding the models: every concrete Record with a slug is a case report form; nothing is registered by hand."""

from functools import cache

from django.apps import apps

from records.model.base import Audited, ItemGroupRecord, ParticipantRecord, Record, VisitRecord


@cache
def models() -> dict[str, type[Record]]:
    """Form slug -> model, in the order of the apps and the models in them; the rows inside forms are not among them."""
    return {
        model.slug: model
        for model in apps.get_models()
        if issubclass(model, Record) and model.slug and not issubclass(model, ItemGroupRecord)
    }


@cache
def clinical_models() -> list[type[Record]]:
    """Every table that holds clinical data, rows and the participant included."""
    return [model for model in apps.get_models() if issubclass(model, Record)]


@cache
def audited_models() -> list[type[Audited]]:
    """Every table with an audit trail: the clinical ones, and what people did about them."""
    return [model for model in apps.get_models() if issubclass(model, Audited)]


def forms() -> dict[str, type[ParticipantRecord]]:
    """The forms a person fills in, each about a participant: slug -> model."""
    return {slug: model for slug, model in models().items() if issubclass(model, ParticipantRecord)}


def is_per_visit(model: type[Record]) -> bool:
    return issubclass(model, VisitRecord)


def rows_of(model: type[Record]) -> list[type[ItemGroupRecord]]:
    """The kinds of rows inside one form."""
    return [
        row
        for row in clinical_models()
        if issubclass(row, ItemGroupRecord) and row._meta.get_field(row.parent_field).related_model is model
    ]


def form_around(row: type[ItemGroupRecord]) -> type[ParticipantRecord]:
    """The form that rows of this kind are inside."""
    form = row._meta.get_field(row.parent_field).related_model
    if not (isinstance(form, type) and issubclass(form, ParticipantRecord)):
        raise LookupError(f"{row.__name__}.{row.parent_field} is no form")
    return form
