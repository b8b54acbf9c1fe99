"""Where one participant stands, as every page says it: state, day numbers, window, open findings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from oversight.casebook import facts, trial_status
from oversight.casebook.book import Casebook
from oversight.casebook.trial_status import Status
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
class ParticipantStatus:
    """One participant at one instant."""

    state: str
    status: Status
    window: Window
    window_words: str
    tone: str
    bar: Bar | None
    days_from_surgery: int | None
    days_from_sbrt: int | None
    beam_off: Moment
    incision: Moment

    @property
    def is_open(self) -> bool:
        """Whether surgery is still awaited within the 48 hours."""
        return self.window.verdict == "open" and not self.status.over


def participant_status(book: Casebook, now: datetime) -> ParticipantStatus:
    """Judge one participant's window and state at `now`."""
    treatment = facts.treatment(book)
    window = treatment_window(treatment, now)
    today = now.astimezone(book.participant.site.tz).date()
    operated, irradiated = (local_day(moment, treatment.zone) for moment in (treatment.incision, treatment.sbrt_end))
    reached = trial_status.trial_status_of(book)
    awaited = not _given_up(book, reached, window)
    counts = not reached.over
    return ParticipantStatus(
        state=reached.words,
        status=reached,
        window=window,
        window_words=WINDOW_WORDS[window.verdict] if awaited else _("no longer expected"),
        tone=_tone(window, now) if awaited else "not-expected",
        bar=_bar(treatment.sbrt_end, treatment.incision, now) if awaited else None,
        days_from_surgery=days_postop(today, operated) if operated and counts else None,
        days_from_sbrt=days_postop(today, irradiated) if irradiated and counts else None,
        beam_off=treatment.sbrt_end,
        incision=treatment.incision,
    )


def _given_up(book: Casebook, reached: Status, window: Window) -> bool:
    """Nobody waits for this window: the participant's part was over before it closed."""
    if not reached.over or window.verdict not in ("planned", "open", "not done"):
        return False
    gone = facts.ended(book)
    return window.verdict != "not done" or bool(gone and window.closes_at and gone.on <= window.closes_at.date())


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
