"""Deviations that the window drafts; a person completes them, the principal investigator classifies them."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.services import system
from enrollment.models import Deviation
from oversight import facts
from oversight.casebooks import Casebook
from protocol.facts import Moment, local_day
from protocol.partial_dates import PartialDate
from protocol.window import treatment_window
from records import services

DRAFTED = {
    "late": "window-late",
    "not done": "window-not-done",
    "reversed": "window-reversed",
    "sbrt incomplete": "sbrt-incomplete",
}


def draft(book: Casebook, now: datetime) -> Deviation | None:
    """A draft for a missed window, once for the same values, also after somebody voided it."""
    given = facts.treatment(book)
    window = treatment_window(given, now)
    kind = DRAFTED.get(window.verdict)
    gone = facts.ended(book)
    if kind is None or (gone and kind == "window-not-done" and window.closes_at and gone.on <= window.closes_at.date()):
        return None
    values = {"sbrt_end": _iso(given.sbrt_end), "incision": _iso(given.incision)}
    participant = book.participant
    if Deviation.objects.filter(participant=participant, rule=kind, rule_values=values).exists():
        return None
    record = Deviation(participant=participant, rule=kind, rule_values=values)
    on = local_day(given.incision or window.closes_at or given.sbrt_end, given.zone)
    record.fill(
        kind=kind,
        occurred_on=PartialDate.of(on) if on else None,
        discovered_on=now.astimezone(participant.site.tz).date(),
        description=window.because[:1].upper() + window.because[1:] + ".",
    )
    reason = _("Drafted by the rule %(rule)s: %(because)s") % {"rule": kind, "because": window.because}
    return services.write(record, by=system(), reason=reason, version=0, now=now)


def _iso(moment: Moment) -> str | None:
    return moment.isoformat() if moment else None
