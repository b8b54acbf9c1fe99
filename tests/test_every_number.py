"""Every number of every form, as people write numbers: its only reading is kept, or the readings are named."""

from decimal import Decimal as Number

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.urls import get_resolver

from records.model import form_registry, registry
from records.model.fields import Decimal, Integer, crf_fields
from records.model.form_fields import TypedNumber
from tests import builders
from tests.test_every_field import address, inputs

ONE = {
    "12": "12", "012": "12", "+5": "5", "-0": "0", "\u22123": "-3", " 12\u00a0": "12", "\u202f12\u200b": "12",
    "\t12\n": "12", "1.0": "1", "1,0": "1", "12.00": "12", "1.0000": "1", "0.000": "0", ".5": "0.5", ",5": "0.5",
    "5.3": "5.3", "5,25": "5.25", "0.125": "0.125", "1.2345": "1.2345",
}  # fmt: skip
TWO = {
    "1.000": ("1", "1000"), "1,000": ("1", "1000"), " 1.000 ": ("1", "1000"), "+1.000": ("1", "1000"),
    "-1.000": ("-1", "-1000"), "12.345": ("12.345", "12345"), "2,500": ("2.5", "2500"),
}  # fmt: skip
REFUSED = [
    "1 000", "1\u00a0000", "1'000", "1\u2019000", "1.000,5", "1,000.5", "1.000.000", "1,00,000", "1..0", "5.", ".", "-",
    "\u0663", "\uff11\uff12", "1e3", "1E2", "1_000", "\u00bd", "\u00b2", "NaN", "Infinity", "-inf", "0x10", "500 ml",
    "<5", "~5", "5-6", "5 3", "1\u200b2", "9" * 5000, "1." + "0" * 30, "5\x00", "1/2", "5%", "--5", "5,3,1", "1.0.0",
]  # fmt: skip
BLANKS = ["", " ", "\u00a0", "\u200b", "\t\n", "\ufeff"]
MODELS = list(registry.forms().values())


def numbers_of(model):
    """(HTML name, the field of the model, the field of the form) of every number, of the form and of its rows."""
    form = form_registry.form_of(model)
    kinds = [("", form), *((f"{prefix}-0-", row) for prefix, row in form.row_forms.items())]
    return [
        (prefix + field.name, field, kind.base_fields[field.name])
        for prefix, kind in kinds
        for field in crf_fields(kind._meta.model)
        if isinstance(field, Integer | Decimal)
        and field.name in kind.base_fields
        and field.name not in kind._meta.model.field_permissions
    ]


WITH_NUMBERS = [model for model in MODELS if numbers_of(model)]
EVERY = [
    pytest.param(field, typed, id=f"{model.slug}-{name}")
    for model in WITH_NUMBERS
    for name, field, typed in numbers_of(model)
]


def kept(typed, spelling):
    """What the field would keep, or the sentence with which it is refused."""
    try:
        return typed.clean(spelling)
    except ValidationError as error:
        return " ".join(error.messages)


@pytest.mark.parametrize(("field", "typed"), EVERY)
def test_each_number_is_its_only_reading_or_is_refused_with_them(field, typed):
    places = getattr(field, "decimal_places", 0)
    for spelling, reading in ONE.items():
        stored = kept(typed, spelling)
        if round(Number(reading), places) == Number(reading):
            assert stored == Number(reading), spelling
        else:
            assert "Type " in stored, spelling
    for spelling, readings in TWO.items():
        assert "can be read as {} or as {}".format(*readings) in str(kept(typed, spelling)), spelling
    for spelling in REFUSED:
        assert isinstance(kept(typed, spelling), str), spelling


@pytest.mark.parametrize(("field", "typed"), EVERY)
def test_blanks_of_any_kind_are_no_answer(field, typed):
    typed.required = False
    assert [kept(typed, blank) for blank in BLANKS] == [None] * len(BLANKS)


@pytest.mark.parametrize("spelling", ["1.000", "12,345", "1 000", "\u0663", "500 ml", "1e3"])
@pytest.mark.parametrize("model", WITH_NUMBERS, ids=lambda model: model.slug)
def test_what_is_refused_is_still_in_its_box(model, spelling, people, site, client):
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    names = [name for name, _field, _typed in numbers_of(model)]
    sent = {"action": "save", "version": "0", **inputs(model)[1], **dict.fromkeys(names, spelling)}

    answer = client.post(address(model, participant), sent)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count(f'value="{spelling}"') == len(names)
    assert page.count('class="error"') >= len(names)
    assert not model._default_manager.filter(participant=participant).exists()


@pytest.mark.parametrize(
    ("places", "spelling", "sentence"),
    [
        (0, "1.000", "“1.000” can be read as 1 or as 1000. Type 1 or 1000."),
        (0, "1.500", "“1.500” can be read as 1.5 or as 1500. Type 1500."),
        (0, "1 000", "“1 000”: type it without a sign between the thousands. Type 1000."),
        (0, "60.5", "“60.5” is not a whole number. Type 60 or 61."),
        (1, "1,000.5", "“1,000.5”: type it without a sign between the thousands. Type 1000.5."),
        (1, "9.000", "“9.000” can be read as 9 or as 9000. Type 9."),
        (1, "12.345", "“12.345” can be read as 12.345 or as 12345."),
        (1, "5.35", "“5.35” has more decimals than are kept here, which is 1. Type 5.3 or 5.4."),
        (1, "-0.25", "“-0.25” has more decimals than are kept here, which is 1. Type -0.3 or -0.2."),
        (1, "5 ml", "This must be a number in digits only, such as 5.3."),
    ],
)
def test_the_sentence_says_what_to_type(places, spelling, sentence):
    field = Integer(min_value=0, max_value=5000) if places == 0 else Decimal(places=places, min_value=0, max_value=2000)

    assert kept(field.formfield(), spelling) == sentence


def _below(cls):
    return {below for child in cls.__subclasses__() for below in (child, *_below(child))}


def test_no_form_reads_its_numbers_otherwise():
    assert get_resolver().url_patterns  # every view is imported, and with it every form
    of_ours = [form for form in _below(forms.BaseForm) if not form.__module__.startswith(("django.", "allauth."))]
    otherwise = [
        f"{form.__name__}.{name}"
        for form in of_ours
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, forms.IntegerField) and not isinstance(field, TypedNumber)
    ]

    assert of_ours
    assert otherwise == []
