"""Answers in words, as pages that compare them say them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from records.model.base import ItemGroupRecord
from records.model.fields import CrfField, crf_fields
from records.model.missing import MissingCode


def display_answer(field: CrfField, value: Any, code: str, zone: ZoneInfo | None) -> str:
    """An answer in words, or the reason why there is none."""
    if code in MissingCode.values:
        return _("no answer: %(why)s") % {"why": MissingCode(code).label}
    return shown(field, value, zone)


def shown(field: CrfField, value: Any, zone: ZoneInfo | None) -> str:
    """A value in words, instants on the site's clocks."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%a %-d %b %Y %H:%M %Z}"
    return field.shown(value)


def row_in_words(row: ItemGroupRecord) -> str:
    """A row in one line: each answered question with its answer."""
    zone = row.participant.site.tz if row.participant_id else None
    answers = []
    for field in crf_fields(type(row)):
        value = field.value_from_object(row)
        if value not in (None, "", []):
            answers.append(f"{field.verbose_name}: {shown(field, value, zone)}")
    return ", ".join(answers) or "–"
