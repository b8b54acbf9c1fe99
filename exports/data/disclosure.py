"""What to know before passing a de-identified export on: what was left out, and which answers are rare."""

import csv
import io
from collections.abc import Iterator

from django.db import connection

from exports.data import datasets
from exports.data.columns import is_free_text
from exports.data.sql_format import literal, name
from exports.documents import dictionary
from exports.selection import Selection
from records.model.base import Record
from records.model.fields import Choice, MultiChoice, crf_fields

MIN_PARTICIPANTS = 5  # a code that fewer participants have may tell who they are


def as_csv(selection: Selection) -> str:
    """One line for each question left out and for each rare code."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["form", "field", "what", "code", "participants"])
    for model in dictionary.models():
        if selection.takes(model.slug):
            for field in crf_fields(model):
                if is_free_text(field):
                    writer.writerow([model.slug, field.name, "free text, left out", "", ""])
            writer.writerows(_rare(model, selection))
    return out.getvalue()


def _rare(model: type[Record], selection: Selection) -> Iterator[list[str | int]]:
    """Codes of one form that at least one and fewer than MIN_PARTICIPANTS participants have."""
    asked = [field for field in crf_fields(model) if field.name not in selection.left_out(model)]
    codes = [
        f"({literal(question.name)}, ARRAY[{name(question.attname)}])"
        for question in asked
        if isinstance(question, Choice)
    ]
    codes += [
        f"({literal(question.name)}, {name(question.attname)})"
        for question in asked
        if isinstance(question, MultiChoice)
    ]
    if not codes:
        return
    sql = (
        "SELECT answer.field, code, count(DISTINCT participant) FROM ("
        f"SELECT r.participant_id AS participant, held.* {datasets.source(model, selection, _values(codes))}"
        ") AS answer CROSS JOIN LATERAL unnest(answer.codes) AS code WHERE code IS NOT NULL"
        f" GROUP BY 1, 2 HAVING count(DISTINCT participant) < {MIN_PARTICIPANTS} ORDER BY 1, 2"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, datasets.statement(model, selection)[1])
        for field, code, participants in cursor.fetchall():
            yield [model.slug, field, "rare", code, participants]


def _values(codes: list[str]) -> str:
    return f" CROSS JOIN LATERAL (VALUES {', '.join(codes)}) AS held(field, codes)"
