"""The door of free text: what it makes of a text, what it refuses and where, and that nothing gets in beside it."""

import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from accounts import text_input

KEPT = {
    "  a  ": "a",
    "\u00a0\u2003\u3000a\u200b\ufeff\u2060": "a",
    "a\r\nb\rc\u2028d\u2029e\x85f": "a\nb\nc\nd\ne\nf",
    "a\tb": "a b",
    "\r\n\ta\r\n": "a",
    "cafe\u0301": "café",
    "\ufeffa": "a",
    "\u212b": "Å",
    "שלום ‏עולם": "שלום ‏עולם",
    "سلام\u200c علیکم": "سلام\u200c علیکم",
    "👩\u200d⚕\ufe0f ziek": "👩\u200d⚕\ufe0f ziek",
    "中文 🦴 •": "中文 🦴 •",
    "\u200b\u2060 \u2800\u3164\u00ad": "",
    "a\ufffdb": "a\ufffdb",
}


@pytest.mark.parametrize("typed", KEPT, ids=ascii)
def test_what_is_kept(typed):
    assert text_input.clean(typed) == KEPT[typed]


@pytest.mark.parametrize(
    ("typed", "place", "what"),
    [
        ("a\x00b", "Line 1, place 2", "U+0000"),
        ("\x00", "Line 1, place 1", "U+0000"),
        ("a\r\nbc\x07", "Line 2, place 3", "U+0007"),
        ("  a\x1b[31m", "Line 1, place 4", "U+001B"),
        ("a\x0bb", "Line 1, place 2", "U+000B"),
        ("a\x0cb", "Line 1, place 2", "U+000C"),
        ("a\x1fb", "Line 1, place 2", "U+001F"),
        ("a\x7f", "Line 1, place 2", "U+007F"),
        ("a\x9b", "Line 1, place 2", "U+009B"),
        ("graad \u202e4", "Line 1, place 7", "right-to-left override"),
        ("\u202a4\u202c", "Line 1, place 1", "left-to-right embedding"),
        ("a\u2066b\u2069", "Line 1, place 2", "left-to-right isolate"),
        ("Pie\u200btersen", "Line 1, place 4", "zero width space"),
        ("a\ufeffb", "Line 1, place 2", "zero width no-break space"),
        ("a\ud800b", "Line 1, place 2", "U+D800"),
        ("a\uffffb", "Line 1, place 2", "U+FFFF"),
        ("a\U0001fffeb", "Line 1, place 2", "U+1FFFE"),
        ("a\U000e0041b", "Line 1, place 2", "tag latin capital letter a"),
    ],
)
def test_what_is_refused_says_where_and_what(typed, place, what):
    with pytest.raises(ValidationError) as refused:
        text_input.clean(typed)

    assert place in refused.value.messages[0]
    assert what in refused.value.messages[0]


def test_a_line_break_counts_once_and_a_letter_once_however_they_are_spelled():
    assert len(text_input.clean("e\u0301\r\n" * 4 + "e\u0301", limit=9)) == 9
    with pytest.raises(ValidationError, match="10 characters; at most 9"):
        text_input.clean("x" * 10, limit=9)


def test_a_text_of_one_line_has_no_line_break():
    with pytest.raises(ValidationError, match="place 2"):
        text_input.clean("a\nb", lines=False)
    assert text_input.clean("a\n", lines=False) == "a"


@given(st.text(st.characters()))
def test_the_door_is_passed_twice_as_once(typed):
    try:
        kept = text_input.clean(typed)
    except ValidationError:
        return
    assert text_input.clean(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert kept == kept.strip()
    assert not {unicodedata.category(letter) for letter in kept if letter != "\n"} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(st.characters()))
def test_what_the_software_quotes_always_passes(sentence):
    assert len(text_input.quoted(sentence, 50)) <= 50
    assert text_input.clean(text_input.quoted(sentence, 50)) == text_input.quoted(sentence, 50)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_kept_is_found_however_it_is_typed(typed):
    try:
        kept = text_input.clean(typed)
    except ValidationError:
        return
    decomposed = unicodedata.normalize("NFD", kept).replace("\n", "\r\n")
    assert text_input.sought(decomposed) == text_input.sought(kept)


def _below(cls):
    return [below for child in cls.__subclasses__() for below in (child, *_below(child))]


def test_every_text_box_of_every_form_is_the_door():
    """Also one that somebody adds tomorrow: a plain CharField of Django's is no door."""
    from records.model import form_registry, registry

    for model in registry.forms().values():
        form_registry.form_of(model)
    ours = [form for form in _below(forms.BaseForm) if form.__module__.split(".")[0] in OURS]
    assert len(ours) > 30
    beside = [
        f"{form.__name__}.{name}"
        for form in ours
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, forms.CharField) and not isinstance(field, text_input.FreeText | forms.UUIDField)
    ]
    assert beside == []


OURS = ("accounts", "records", "enrollment", "procedures", "assessments", "adverse_events", "oversight", "exports")
