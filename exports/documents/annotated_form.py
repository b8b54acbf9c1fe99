"""The annotated case report form: every question as it is asked, with the variable it is stored and exported in."""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation

from exports.documents import dictionary
from protocol.study import STUDY
from records.model.base import ItemGroupRecord, Record
from records.model.fields import crf_fields
from records.model.missing import MissingCode


@dataclass(frozen=True)
class Question:
    """One question, as the dictionary tells it, with its codes as a list."""

    row: dict[str, str]
    codes: list[tuple[str, str]]
    visible_if: str


@dataclass(frozen=True)
class Form:
    """One form, or the rows inside one."""

    slug: str
    title: str
    domain: str
    is_row: bool
    questions: list[Question]


def as_html() -> str:
    """One file that needs nothing else, in English, to be read or printed."""
    with translation.override("en"):
        rows = {(row["form"], row["field"]): row for row in dictionary.rows()}
        forms = [_form(model, rows) for model in dictionary.models()]
        context = {"forms": forms, "study": STUDY, "missing": MissingCode.choices}
        return render_to_string("exports/annotated_form.html", context)


def _form(model: type[Record], rows: dict[tuple[str, str], dict[str, str]]) -> Form:
    questions = [
        Question(
            rows[model.slug, field.name],
            [(str(code), str(words)) for code, words in dictionary.codes(field)],
            f"{field.visible_if[0]} is {' or '.join(field.visible_if[1])}" if field.visible_if else "",
        )
        for field in crf_fields(model)
    ]
    title = str(model._meta.verbose_name)
    return Form(model.slug, title, model.domain, issubclass(model, ItemGroupRecord), questions)
