"""Visits × forms: what is done, due, overdue, to come, or not expected (study.md 4.3). Derived, never stored."""

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oversight.casebook import facts
from oversight.casebook.book import Casebook
from protocol import schedule
from protocol.facts import local_day
from protocol.study import STUDY
from records.model import registry
from records.workflow import states

COLUMNS = ("visit", "pain", "function", "neurology", "quality", "wound", "labs", "imaging")
OWN_FORM = {"scr": "screening", "bas": "baseline", "sbrt": "sbrt", "surg": "surgery"}
WORDS = {
    "done": _("done"),
    "not done": _("not done"),
    "due": _("due"),
    "overdue": _("overdue"),
    "upcoming": _("upcoming"),
    "not expected": _("not expected"),
}
_WHY_NOT = {"died": _("died"), "withdrew": _("withdrew"), "lost": _("lost to follow-up")}


@dataclass(frozen=True)
class FormCell:
    """One form at one visit; `tone` is a state of the record, or what the schedule says of a form that is not there."""

    slug: str
    url: str
    tone: str
    words: str


@dataclass(frozen=True)
class VisitRow:
    """One visit, with its window, its status and its forms."""

    code: str
    name: str
    url: str
    status: str
    words: str
    opens: date | None
    closes: date | None
    cells: list[FormCell]


def rows(book: Casebook, now: datetime) -> list[VisitRow]:
    """Every visit of the schedule, then the unscheduled ones that took place."""
    follow_up = facts.follow_up(book)
    start = schedule.anchor(follow_up, now)
    irradiated = local_day(follow_up.treatment.sbrt_start, follow_up.treatment.zone)
    today = now.astimezone(book.participant.site.tz).date()
    visit_rows = []
    for visit in book.study.visits:
        counted_from = irradiated if visit.anchor == "sbrt" else start.on if start else None
        window = schedule.visit_window(visit.code, counted_from, book.study) if counted_from else None
        status, why = _status(book, visit.code, window, today)
        visit_rows.append(_row(book, visit.code, status, why, window))
    extra = set(book.visits) - set(STUDY.visit_codes)
    for code in sorted(extra, key=lambda code: int(code[1:])):
        record = book.visits[code].visit
        visit_rows.append(_row(book, code, "done" if record is None or record.done != "no" else "not done", "", None))
    return visit_rows


def next_unscheduled(book: Casebook) -> str:
    """The code of the next visit that no schedule asks for: u1, u2 …"""
    return next(f"u{number}" for number in range(1, 100) if f"u{number}" not in book.visits)


def _row(book: Casebook, code: str, status: str, why: str, window: schedule.VisitWindow | None) -> VisitRow:
    home = reverse("casebook", args=[book.participant.code])
    expected = book.study.visit(code).forms if code in STUDY.visit_codes else ()
    words = f"{WORDS[status]}: {why}" if why else str(WORDS[status])
    return VisitRow(
        code,
        STUDY.visit_name(code),
        f"{home}{OWN_FORM[code]}/" if code in OWN_FORM else f"{home}{code}/visit/",
        status.replace(" ", "-"),
        words,
        window.opens if window else None,
        window.closes if window else None,
        [_cell(book, code, slug, status, slug in expected, f"{home}{code}/{slug}/") for slug in COLUMNS],
    )


def _cell(book: Casebook, visit: str, slug: str, status: str, expected: bool, url: str) -> FormCell:
    record = book.visits[visit].form(slug)
    if record is not None:
        state = states.state(record)
        return FormCell(slug, url, state, str(states.WORDS[state]))
    if not expected:
        return FormCell(slug, url, "extra", str(_("not asked for here; it can be filled in all the same")))
    if slug == "quality" and _no_questionnaires(book):
        return FormCell(slug, url, "not-expected", str(_("not expected: questionnaires withdrawn")))
    if status in ("not done", "not expected", "upcoming"):
        tone = "upcoming" if status == "upcoming" else "not-expected"
        return FormCell(slug, url, tone, str(WORDS["upcoming" if status == "upcoming" else "not expected"]))
    return FormCell(slug, url, "missing" if status in ("done", "overdue") else "due", str(_("not filled in yet")))


def _no_questionnaires(book: Casebook) -> bool:
    consent = book.consent
    return consent is not None and "questionnaires" in (consent.withdrawn_what or [])


def _status(book: Casebook, code: str, window: schedule.VisitWindow | None, today: date) -> tuple[str, str]:
    """The status of one visit, and why where it is not expected or not done."""
    record = book.visits[code].visit
    if record is not None and record.done:
        return ("done", "") if record.done == "yes" else ("not done", str(record.get_not_done_reason_display() or ""))
    if code in OWN_FORM:
        return ("done", "") if book.every(registry.forms()[OWN_FORM[code]]) else ("upcoming", "")
    gone, finished = facts.ended(book), facts.finished_on(book)
    if gone and (window is None or window.closes >= gone.on):
        return "not expected", str(_WHY_NOT[gone.why])
    if finished and (window is None or window.opens > finished):
        return "not expected", str(_("study ended"))
    if window is None or window.opens > today:
        return "upcoming", ""
    return ("due" if today <= window.closes else "overdue"), ""
