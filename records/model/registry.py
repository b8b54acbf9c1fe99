"""Finding the forms: every concrete Record with a slug is a case report form; nothing is registered by hand."""

from functools import cache

from django.apps import apps
from django.utils.module_loading import autodiscover_modules

from records.model.base import Audited, ItemGroupRecord, Record, VisitRecord
from records.model.forms import CrfForm


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


@cache
def form_of(model: type[Record]) -> type[CrfForm]:
    """The one ModelForm of a model, from its app's forms module."""
    autodiscover_modules("forms")
    found = [form for form in _below(CrfForm) if getattr(form._meta, "model", None) is model]
    if len(found) != 1:
        raise LookupError(f"{model.__name__} has {len(found)} forms; it needs one, in {model._meta.app_label}/forms.py")
    return found[0]


def _below(cls: type) -> list[type]:
    return [below for child in cls.__subclasses__() for below in (child, *_below(child))]


def forms() -> dict[str, type[Record]]:
    """The forms a person fills in: slug -> model."""
    return {slug: model for slug, model in models().items() if slug != "participant"}


def is_per_visit(model: type[Record]) -> bool:
    return issubclass(model, VisitRecord)


def rows_of(model: type[Record]) -> list[type[ItemGroupRecord]]:
    """The kinds of rows inside one form."""
    return [
        row
        for row in clinical_models()
        if issubclass(row, ItemGroupRecord) and row._meta.get_field(row.parent_field).related_model is model
    ]
