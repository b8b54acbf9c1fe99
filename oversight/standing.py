"""Where one participant stands, as every page says it: state, day numbers, window, open findings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from oversight import facts
from oversight.casebooks import Casebook
from protocol.facts import Moment, local_day
from protocol.schedule import days_postop
from protocol.window import WARNING, WINDOW, Window, treatment_window

WINDOW_WORDS = {
    "planned": _("before SBRT"),
    "open": _("open"),
    "compliant": _("compliant"),
    "late": _("late"),
    "not done": _("not done"),
    "reversed": _("reversed"),
    "sbrt incomplete": _("SBRT incomplete"),
    "undetermined": _("undetermined"),
}
WIDTH = 240  # of the bar's own units: 5 an hour


@dataclass(frozen=True)
class Bar:
    """The 48 hours as a drawing: how much is spent, where now, 36 h and the knife stand; units of the SVG."""

    spent: float
    warn: float
    knife: float | None
    late: bool


@dataclass(frozen=True)
class Standing:
    """One participant at one instant."""

    state: str
    window: Window
    window_words: str
    tone: str
    bar: Bar | None
    days_from_surgery: int | None
    days_from_sbrt: int | None
    beam_off: Moment
    incision: Moment


def of(book: Casebook, now: datetime) -> Standing:
    """Judge one participant's window and state at `now`."""
    given = facts.treatment(book)
    window = treatment_window(given, now)
    today = now.astimezone(book.participant.site.tz).date()
    operated, irradiated = (local_day(moment, given.zone) for moment in (given.incision, given.sbrt_end))
    return Standing(
        state=_state(book, given.sbrt_end, given.incision),
        window=window,
        window_words=WINDOW_WORDS[window.verdict],
        tone=_tone(window, now),
        bar=_bar(given.sbrt_end, given.incision, now),
        days_from_surgery=days_postop(today, operated) if operated else None,
        days_from_sbrt=days_postop(today, irradiated) if irradiated else None,
        beam_off=given.sbrt_end,
        incision=given.incision,
    )


def _state(book: Casebook, beam_off: Moment, incision: Moment) -> str:
    end, screening = book.one("end-of-study"), book.one("screening")
    if end is not None and end.outcome:
        return str(end.get_outcome_display())
    if screening is not None and screening.outcome == "failed":
        return _("Not enrolled")
    if incision is not None:
        return _("In follow-up")
    return _("SBRT given") if beam_off is not None else _("In screening")


def _tone(window: Window, now: datetime) -> str:
    if window.verdict in ("late", "not done", "reversed", "sbrt incomplete"):
        return "late"
    if window.verdict == "undetermined" or (window.verdict == "open" and window.warn_at and now >= window.warn_at):
        return "soon"
    return "done" if window.verdict == "compliant" else "upcoming"


def _bar(beam_off: Moment, incision: Moment, now: datetime) -> Bar | None:
    if not isinstance(beam_off, datetime):
        return None
    end = incision if isinstance(incision, datetime) else now
    spent = min(max((end - beam_off) / WINDOW, 0), 1) * WIDTH
    knife = round(spent, 1) if isinstance(incision, datetime) else None
    return Bar(round(spent, 1), round(WARNING / WINDOW * WIDTH, 1), knife, end - beam_off > WINDOW + timedelta())
