"""Whether a sent form is one that its page could send: no row beyond their number, no two answers to one question.

Django takes the rows that were counted and drops the others, and takes the last of two answers: both without a word.
"""

import re
from typing import Any

from django.core.exceptions import BadRequest
from django.forms import MultipleChoiceField
from django.utils.translation import gettext as _

from records import personal_data
from records.model.forms import MAX_ROWS, CrfForm

_COUNTS = ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
_PART = re.compile(r"_(missing|[0-2])$")  # the reason for no answer; date, time and which of two of an instant


def check(form: CrfForm, sent: Any) -> None:
    """BadRequest where answers would be dropped."""
    many = {name for name, field in form.base_fields.items() if isinstance(field, MultipleChoiceField)}
    many.add(personal_data.TICK)
    for prefix, row_form in form.row_forms.items():
        counted = count(prefix, sent)
        if counted is None:
            raise BadRequest(_("It does not say how many rows it holds, or says more than there can be."))
        numbers = set()
        for name in [name for name in sent if name.startswith(f"{prefix}-")]:
            if name.removeprefix(f"{prefix}-") in _COUNTS:
                continue
            number, question = _row(name, prefix)
            field = row_form.base_fields.get(question) or row_form.base_fields.get(_PART.sub("", question))
            if field is None or number >= counted:
                raise BadRequest(_("It holds a row, or an answer in a row, that its page does not have."))
            numbers.add(number)
            if isinstance(field, MultipleChoiceField):
                many.add(name)
        if numbers != set(range(counted)) and (numbers or form.instance.pk):
            raise BadRequest(_("It holds fewer rows than it counts."))
    if any(len(sent.getlist(name)) > 1 for name in sent if name not in many):
        raise BadRequest(_("It holds two answers to a question that takes one."))


def count(prefix: str, sent: Any) -> int | None:
    """How many rows the page counts; none where it was sent without them, None where it says no such number."""
    total = sent.get(f"{prefix}-TOTAL_FORMS", "0")
    return int(total) if _NUMBER.fullmatch(total) and int(total) <= MAX_ROWS else None


def _row(name: str, prefix: str) -> tuple[int, str]:
    number, _dash, question = name.removeprefix(f"{prefix}-").partition("-")
    return (int(number) if _NUMBER.fullmatch(number) else MAX_ROWS), question
