"""Every field of every form, given what people and attackers give: refused in words or saved, never an error.

`make test` gives every fourth field what is hostile, and every fourth pair of a form and what is hostile at once;
`make test-long` all of them.
"""

from itertools import product

import pytest

from records.model import form_registry, registry
from records.model.base import VisitRecord
from records.model.fields import Decimal, Instant, Integer, MultiChoice, crf_fields
from tests import builders
from tests.sizes import some

HOSTILE = {
    "blank": "",
    "text": "not what was asked",
    "below": "-999999999",
    "above": "999999999",
    "a NUL byte": "a\x00b",
    "10,000 characters": "x" * 10_000,
    "emoji": "🦴💥",
    "a formula": "=1+1",
    "markup": "<script>alert(1)</script>",
}
MODELS = list(registry.forms().values())


def _id(value):
    return value if isinstance(value, str) else value.slug


def address(model, participant):
    home = f"/participants/{participant.code}/"
    if issubclass(model, VisitRecord):
        return f"{home}d60/{model.slug}/"
    return f"{home}{model.slug}/new/" if model.repeats else f"{home}{model.slug}/"


def inputs(model):
    """(HTML name, management data) of every question, of the form and of the rows inside it."""
    form = form_registry.form_of(model)
    management = {}
    for prefix in form.row_forms:
        management |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
    names = [name for field in crf_fields(model) if field.editable for name in _names(field, "")]
    for prefix, row in form.row_forms.items():
        names += [name for field in crf_fields(row._meta.model) for name in _names(field, f"{prefix}-0-")]
    return names, management


def _names(field, prefix):
    name = prefix + field.name
    return [f"{name}_0", f"{name}_1", f"{name}_missing"] if isinstance(field, Instant) else [name, f"{name}_missing"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.slug)
def test_each_field_alone(model, people, site, client):
    """One request a field, with one hostile answer after the other: what is refused says so beside the field."""
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    names, management = inputs(model)
    for place, name in some(enumerate(names), 4):
        typed = list(HOSTILE.values())[(place + len(model.slug)) % len(HOSTILE)]
        answer = client.post(address(model, participant), {"action": "save", "version": "0", name: typed, **management})
        if answer.status_code == 302:  # a text may hold it: make room for the next
            _void(model, participant, people["nurse"])
            continue
        page = answer.content.decode()
        assert answer.status_code == 422, (name, typed)
        assert 'class="error"' in page, (name, typed)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.slug)
def test_what_was_typed_is_still_there(model, people, site, client):
    """All answers at once, each telling which question it was typed into."""
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    names, management = inputs(model)
    judged = model.field_permissions  # read-only for a nurse: what is sent for them is ignored
    typed = {
        name: f"typed into {place}."
        for place, name in enumerate(names)
        if _is_typed(model, name) and name.removesuffix("_missing") not in judged
    }
    refused = {"version": "0", "action": "complete", **typed, **management}

    page = client.post(address(model, participant), refused).content.decode()

    assert [name for name, answer in typed.items() if answer not in page] == []


def _is_typed(model, name):
    """Whether the answer is typed (a code that is not on a list has no place to stay in)."""
    kinds = [model, *registry.rows_of(model)]
    for kind in kinds:
        for field in crf_fields(kind):
            if name.split("-")[-1] in (field.name, f"{field.name}_0"):
                return not field.choices and not isinstance(field, MultiChoice) and field.crf_type != "link"
    return False


def _void(model, participant, nurse):
    from records import services

    for record in model._default_manager.filter(participant=participant, voided_at__isnull=True):
        services.void(record, by=nurse, reason="making room", version=record.version)


@pytest.mark.parametrize(("model", "what"), some(product(MODELS, HOSTILE), 4), ids=_id)
def test_all_fields_at_once_also_when_completing(model, what, people, site, client):
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    names, management = inputs(model)
    answers = dict.fromkeys(names, HOSTILE[what])

    answer = client.post(address(model, participant), {"action": "complete", "version": "0", **answers, **management})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.slug)
def test_numbers_beyond_their_bounds_name_the_bound(model, people, site, client):
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    _names_of, management = inputs(model)
    numbers = [field for field in crf_fields(model) if isinstance(field, Integer | Decimal)]
    for field in some(numbers, 4):
        typed = str(field.max_value + 1)
        answer = client.post(
            address(model, participant), {"action": "save", "version": "0", field.name: typed, **management}
        )
        assert answer.status_code == 422, field.name
        assert str(field.max_value) in answer.content.decode(), field.name


@pytest.mark.parametrize("entry", ["", "x", "\x00", "9" * 50])
@pytest.mark.parametrize("version", ["", "-1", "x", "\x00", "9" * 50])
def test_hidden_fields_that_were_tampered_with(entry, version, people, site, client):
    participant = builders.register(site, people["nurse"])
    client.force_login(people["nurse"])
    answer = client.post(
        f"/participants/{participant.code}/consent/", {"action": "save", "version": version, "entry": entry}
    )

    assert answer.status_code in (302, 409, 422)
