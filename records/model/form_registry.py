"""Finding the ModelForm of a case report form: it stands in the forms module of its app."""

from functools import cache

from django.utils.module_loading import autodiscover_modules

from records.model.base import Record
from records.model.forms import CrfForm


@cache
def form_of(model: type[Record]) -> type[CrfForm]:
    """The one ModelForm of a model, from its app's forms module."""
    autodiscover_modules("forms")
    forms = [form for form in _below(CrfForm) if getattr(form._meta, "model", None) is model]
    if len(forms) != 1:
        raise LookupError(f"{model.__name__} has {len(forms)} forms; it needs one, in {model._meta.app_label}/forms.py")
    return forms[0]


def _below(cls: type[CrfForm]) -> list[type[CrfForm]]:
    return [below for child in cls.__subclasses__() for below in (child, *_below(child))]
