"""What the templates of a form need: the reason for no answer beside its question, addresses, times in words."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.utils.translation import gettext as _

from accounts.sent import to_hold
from records.entry.target import FormTarget
from records.model.fields import CrfField
from records.model.form_fields import OnSite
from records.model.forms import CrfForm

register = template.Library()
register.filter(to_hold)


@register.filter
def item(table: dict[str, Any], key: str) -> Any:
    """A dictionary's value, or nothing."""
    return table.get(key, "") if table else ""


@register.filter
def question_of(field: BoundField) -> CrfField | None:
    """What the case report form says of a question: its unit, bounds and codes; None for what is no question of it."""
    return field.form.crf.get(field.name) if isinstance(field.form, CrfForm) else None


@register.filter
def missing_of(field: BoundField) -> BoundField | None:
    """The list of reasons beside a question; None where an answer is not required."""
    name = f"{field.name}_missing"
    return field.form[name] if name in field.form.fields else None


@register.filter
def parent_of(field: BoundField) -> str:
    """The HTML name of the question that this one depends on."""
    question = question_of(field)
    return field.form.add_prefix(question.visible_if[0]) if question and question.visible_if else ""


@register.filter
def parent_label(field: BoundField) -> str:
    """The wording of the question that this one depends on."""
    form, question = field.form, question_of(field)
    if not isinstance(form, CrfForm) or question is None or question.visible_if is None:
        return ""
    return str(form.crf[question.visible_if[0]].verbose_name)


@register.filter
def closed(field: BoundField) -> bool:
    """Whether a dependent question is not asked, as far as its parent is answered, and holds nothing to lose."""
    form, question = field.form, question_of(field)
    if not isinstance(form, CrfForm) or question is None or field.errors:
        return False
    return not form.instance.is_open(question) and not form.instance.answered(field.name)


@register.filter
def understood(field: BoundField) -> str:
    """What a date or time says in full, where it has nothing wrong; empty for other questions."""
    if not isinstance(field.field, OnSite) or field.errors:
        return ""
    reading, _refused = field.field.understood(field.value())
    return reading


@register.filter
def grouped(field: BoundField) -> bool:
    """Whether a question has several inputs, so that its label is a legend."""
    return bool(getattr(field.field.widget, "use_fieldset", False))


@register.simple_tag
def place_url(place: FormTarget, path: str = "") -> str:
    """The address of a form, or of a page below it."""
    return place.url(path)


@register.filter
def on_clock(at: Any, zone: str) -> str:
    """Tue 8 Mar 2016 14:05 CET; a date alone as Tue 8 Mar 2016."""
    if isinstance(at, datetime):
        return f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %Y %H:%M %Z}"
    if isinstance(at, date):
        return f"{at:%a %-d %b %Y}"
    return "–"


@register.filter
def hours_left(at: datetime, now: datetime) -> str:
    """5 h 20 min left, or 1 d 3 h over: elapsed time, both ways."""
    minutes = round((at - now).total_seconds() / 60)
    length = _length(abs(minutes))
    return _("%(time)s left") % {"time": length} if minutes >= 0 else _("%(time)s over") % {"time": length}


def _length(minutes: int) -> str:
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days > 2:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    hours += 24 * days
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": f"{minutes:02}"}


@register.filter
def singular(model: Any) -> str:
    """The name of one record of a form."""
    return str(model._meta.verbose_name)


@register.filter
def plural(model: Any) -> str:
    """The plural name of a form."""
    return str(model._meta.verbose_name_plural)
