"""The derivation of one participant's endpoint, as a table: each grade row, each condition, and where it comes from."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from adverse_events.models import AdverseEvent
from oversight.casebook.book import Casebook
from protocol.endpoint import Endpoint, JudgedRow
from records.model.relatedness import RELATEDNESS


@dataclass(frozen=True)
class Condition:
    """True, False or None (cannot be told), the value it rests on, and the address of that value."""

    name: str
    holds: bool | None
    value: str
    url: str


@dataclass(frozen=True)
class Row:
    """One grade of one event."""

    event: str
    url: str
    grade: int | None
    qualifies: bool | None
    conditions: list[Condition]


def rows(book: Casebook, judged: Endpoint) -> list[Row]:
    """One line for each judged grade row, in the order of the events."""
    events = {str(event.number): event for event in book.adverse_events}
    return [_row(book, judged_row, events[judged_row.event_key]) for judged_row in judged.rows]


def _row(book: Casebook, judged: JudgedRow, event: AdverseEvent) -> Row:
    home = reverse("casebook", args=[book.participant.code])
    at = f"{home}adverse-event/{event.number}/"
    words = dict(RELATEDNESS)
    names = {"sbrt": _("SBRT"), "surgery": _("surgery"), "combination": _("both")}
    opinions = ", ".join(
        f"{name}: {words.get(event.counting(treatment) or '', _('not judged'))}" for treatment, name in names.items()
    )
    before = str(event.baseline_grade) if event.at_baseline == "yes" else _("not there")
    conditions = [
        Condition(_("grade 3 or more"), judged.severe, str(judged.grade or _("no grade")), f"{at}#rows-grades"),
        Condition(_("worse than before"), judged.emergent, _("before: %s") % before, f"{at}#q-at_baseline"),
        Condition(_("began in the window"), judged.in_window, judged.began, f"{at}#rows-grades"),
        Condition(_("related"), judged.related, opinions, f"{at}#q-related_sbrt"),
    ]
    return Row(f"{event.number}. {judged.term}", at, judged.grade, judged.qualifies, conditions)
