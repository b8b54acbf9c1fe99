"""Adverse events by term and worst grade; serious events with their clocks; deaths (study.md 5, 7.2 tables 6 and 8)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from adverse_events.models import AdverseEvent, SeriousEvent
from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.figure import Cell, Choice, Figure, Ref, Row, Table, columns, count, row
from oversight.analysis.safety import DRAWN, drawn_note
from oversight.casebook import facts
from oversight.drawing.chart import Chart, legend
from oversight.drawing.shapes import WIDTH, Drawing
from protocol import schedule, toxicity
from protocol.facts import local_day
from protocol.study import STUDY
from protocol.window import bounds

GRADES = (1, 2, 3, 4, 5)
RELATED = ("all", "any", "sbrt", "surgery", "combination")
DAYS = ("all", "60", "90")
TERMS_DRAWN = 25
TONES = {"yes": "good", "no": "bad", "due": "open", "overdue": "bad"}  # of a clock


@dataclass(frozen=True)
class Counted:
    """One event as one reading of the table counts it; `certain`: it cannot lie outside the days."""

    case: Case
    event: AdverseEvent
    worst: int | None
    certain: bool

    @property
    def ref(self) -> Ref:
        return self.case.ref(self.event, f"{self.event.number}. {self.event.title or _('event')}")


def counted(cohort: Cohort, related: str, days: str) -> tuple[list[Counted], list[Ref]]:
    """The events of one reading, and those that nobody has judged for it yet."""
    counted_events, unjudged = [], []
    for case in cohort.cases:
        for event in case.book.adverse_events:
            counted_event = _within(case, event, days)
            if counted_event is None:
                continue
            holds = is_related(event, related)
            if holds:
                counted_events.append(counted_event)
            elif holds is None:
                unjudged.append(counted_event.ref)
    return counted_events, unjudged


def is_related(event: AdverseEvent, related: str) -> bool | None:
    """Possible or more, to what is asked; None while an open opinion could make it so."""
    if related == "all":
        return True
    least = toxicity.rank(STUDY.endpoint["related_from"]) or 0
    asked = ("sbrt", "surgery", "combination") if related == "any" else (related,)
    ranks = [toxicity.rank(event.counting(treatment)) for treatment in asked]
    if any(place is not None and place >= least for place in ranks):
        return True
    return None if None in ranks else False


def _within(case: Case, event: AdverseEvent, days: str) -> Counted | None:
    """With the grades that can have begun from the first treatment to so many days after surgery; None: not then."""
    logged = case.book.grades_of(event)
    if days == "all":
        return Counted(case, event, max((grade_row.grade or 0 for grade_row in logged), default=0) or None, True)
    began, last = case.began_on, case.window_ends(int(days))
    if began is None or last is None:
        return None
    spans = [(grade_row.grade, grade_row.from_on or event.onset_on) for grade_row in logged] or [(None, event.onset_on)]
    inside = [(grade, on) for grade, on in spans if on is None or (on.latest >= began and on.earliest <= last)]
    if not inside:
        return None
    worst, on = max(inside, key=lambda span: span[0] or 0)
    certain = on is not None and on.earliest >= began and on.latest <= last
    return Counted(case, event, worst, certain)


def table_of_events(cohort: Cohort, related: str = "all", days: str = "all") -> Figure:
    """Term × worst grade: participants once a term by their worst grade, and events."""
    counted_events, unjudged = counted(cohort, related, days)
    groups: dict[tuple[str, str], list[Counted]] = {}
    for counted_event in counted_events:
        groups.setdefault(
            (counted_event.event.soc or _("not coded"), counted_event.event.title or _("not described")), []
        ).append(counted_event)
    grades = [(f"grade_{grade}", str(grade), True) for grade in GRADES]
    table = Table(
        columns(
            ("soc", _("System organ class")), ("term", _("Term")), *grades, ("ungraded", _("no grade"), True),
            ("participants", _("Participants"), True), ("events", _("Events"), True),
            ("date_uncertain", _("of which perhaps outside"), True),
        ),
        tuple(_event_row(soc, term, groups[soc, term]) for soc, term in sorted(groups)),
    )  # fmt: skip
    people = {counted_event.case.key for counted_event in counted_events}
    severe = {counted_event.case.key for counted_event in counted_events if (counted_event.worst or 0) >= 3}
    params = {"n": len(counted_events), "people": len(people), "all": len(cohort.treated), "severe": len(severe)}
    sentence = _("%(n)s events in %(people)s participants; %(severe)s of %(all)s treated had grade 3 or more.") % params
    notes = [_("A participant counts once a term, at the worst grade.")]
    if unjudged:
        notes.append(_("Not judged yet, so not counted here: %(n)s events.") % {"n": len(unjudged)})
    if days != "all":
        notes.append(_("A date that may lie outside the days counts as inside."))
    return Figure("events", _("Adverse events"), sentence, table, butterfly(cohort, days), tuple(notes),
                  _choices(related, days))  # fmt: skip


def _choices(related: str, days: str) -> tuple[Choice, ...]:
    words = {"all": _("all"), "any": _("any treatment"), "sbrt": _("SBRT"), "surgery": _("surgery"),
             "combination": _("the combination")}  # fmt: skip
    when = {"all": _("all")} | {limit: _("within %(days)s days") % {"days": limit} for limit in DAYS[1:]}
    return (
        Choice("related", _("Related to"), tuple((code, words[code]) for code in RELATED), related),
        Choice("days", _("Days after surgery"), tuple((code, when[code]) for code in DAYS), days),
    )


def _worst_by_person(counted_events: list[Counted]) -> dict[str, Counted]:
    """Participant -> the event with the worst grade."""
    worst: dict[str, Counted] = {}
    for counted_event in counted_events:
        if counted_event.case.key not in worst or (counted_event.worst or 0) > (
            worst[counted_event.case.key].worst or 0
        ):
            worst[counted_event.case.key] = counted_event
    return worst


def _event_row(soc: str, term: str, counted_events: list[Counted]) -> Row:
    worst = _worst_by_person(counted_events).values()
    by_grade = [
        count(counted_event.ref for counted_event in worst if counted_event.worst == grade) for grade in (*GRADES, None)
    ]
    uncertain = count(counted_event.ref for counted_event in counted_events if not counted_event.certain)
    people = count(counted_event.ref for counted_event in worst)
    return row(
        slugify(term)[:60] or "term",
        soc,
        term,
        *by_grade,
        people,
        count(counted_event.ref for counted_event in counted_events),
        uncertain,
    )


def butterfly(cohort: Cohort, days: str) -> Drawing:
    """Left: participants with a term; right: where it is related to a treatment. The darker, the worse."""
    left, _open = counted(cohort, "all", days)
    right, _open = counted(cohort, "any", days)
    sides = [_by_term(left), _by_term(right)]
    terms = sorted(sides[0], key=lambda term: (-len(sides[0][term]), term))[:TERMS_DRAWN]
    most = max((len(sides[0][term]) for term in terms), default=1)
    drawing = Drawing(88 + 26 * max(len(terms), 1))
    middle, half, wide = WIDTH / 2, 110, WIDTH / 2 - 110 - 16
    drawing.text("axis-label", middle - half, 20, _("all"), "end")
    drawing.text("axis-label", middle + half, 20, _("related to a treatment"))
    for line, term in enumerate(terms):
        y = 32 + 26 * line
        drawing.text("tick", middle, y + 13, term if len(term) <= 32 else f"{term[:31]}…", "middle")
        for side, direction in zip(sides, (-1, 1), strict=True):
            _bar(drawing, side.get(term, []), middle + direction * half, y, direction * wide / most)
    if not terms:
        drawing.text("tick", middle, 60, _("No adverse event."), "middle")
    marks = [("rect", f"grade g{grade}", _("grade %(n)s") % {"n": grade}) for grade in GRADES]
    legend(drawing, 60, drawing.height - 12, [*marks, ("rect", "grade g0", _("no grade"))])
    return drawing


def _by_term(counted_events: list[Counted]) -> dict[str, list[Counted]]:
    groups: dict[str, list[Counted]] = {}
    for counted_event in counted_events:
        groups.setdefault(counted_event.event.title or _("not described"), []).append(counted_event)
    return {term: list(_worst_by_person(group).values()) for term, group in groups.items()}


def _bar(drawing: Drawing, counted_events: list[Counted], x: float, y: float, unit: float) -> None:
    """One stacked bar that grows to the left or to the right, with its count at the end."""
    for grade in (5, 4, 3, 2, 1, 0):
        n = sum((counted_event.worst or 0) == grade for counted_event in counted_events)
        if n:
            start = x if unit > 0 else x + n * unit
            words = _("grade %(n)s") % {"n": grade} if grade else _("no grade")
            drawing.rect(f"grade g{grade}", start, y, abs(n * unit), 18, tip=f"{words}: {n}")
            x += n * unit
    if counted_events:
        drawing.text("tick", x + (6 if unit > 0 else -6), y + 13, len(counted_events), "start" if unit > 0 else "end")


@dataclass(frozen=True)
class Clock:
    """One duty of a serious event: how much of its time is used, and whether it was done in time."""

    due: datetime | date | None
    done: datetime | date | None
    used: float | None
    words: str
    tone: str


def serious(cohort: Cohort) -> Figure:
    """Each serious event, with what was due when and what was done."""
    rows, bars = [], []
    for case in cohort.cases:
        events: dict[int | None, AdverseEvent] = {event.pk: event for event in case.book.adverse_events}
        for serious_event in case.book.serious_events:
            site, authority = _site_clock(case, serious_event), _authority_clock(case, serious_event)
            event = events.get(serious_event.adverse_event_id)
            name = f"{case.code} · {serious_event.number}. {event.title if event else ''}"
            rows.append(_serious_row(case, serious_event, event, site, authority))
            bars.append((name, case.ref(serious_event), site, authority))
    table = Table(
        columns(
            ("participant", _("Participant")), ("number", _("Number"), True), ("event", _("Event")),
            ("kind", _("Kind")), ("site_aware", _("Site aware")), ("site_due", _("Sponsor due")),
            ("site_reported", _("Sponsor told")), ("site_in_time", _("In time")), ("authority_due", _("Committee due")),
            ("authority_reported", _("Committee told")), ("authority_in_time", _("In time")),
        ),
        tuple(rows),
    )  # fmt: skip
    waiting = sum(clock.tone in ("open", "bad") and clock.done is None for bar in bars for clock in bar[2:])
    late = sum(clock.tone == "bad" for bar in bars for clock in bar[2:])
    params = {"n": len(bars), "open": waiting, "late": late}
    sentence = _("Serious events: %(n)s. Reports still to be made: %(open)s; that were or are late: %(late)s.") % params
    return Figure("serious", _("Serious events and their clocks"), sentence, table, _clocks(bars[-DRAWN:]),
                  drawn_note(bars))  # fmt: skip


def _serious_row(
    case: Case, serious_event: SeriousEvent, event: AdverseEvent | None, site: Clock, authority: Clock
) -> Row:
    ref = (case.ref(serious_event),)
    return row(
        f"{case.key}-{serious_event.number}", Cell(case.code, (case.ref(),)), Cell(serious_event.number, ref),
        Cell(event.title if event else "", (case.ref(event),) if event else ()), serious_event.kind or "",
        iso(case, serious_event.moment("site_aware_at")), iso(case, site.due), iso(case, site.done),
        Cell(site.words, ref, site.tone), iso(case, authority.due), iso(case, authority.done),
        Cell(authority.words, ref, authority.tone),
    )  # fmt: skip


def iso(case: Case, moment: datetime | date | None) -> str:
    """As ISO 8601 on the site's clocks."""
    if moment is None:
        return ""
    return moment.astimezone(case.book.participant.site.tz).isoformat() if isinstance(moment, datetime) else str(moment)


def _site_clock(case: Case, serious_event: SeriousEvent) -> Clock:
    """24 elapsed hours from the site's knowledge to the sponsor's; of a day without a time every hour is possible."""
    aware, done = serious_event.moment("site_aware_at"), serious_event.moment("site_reported_at")
    if serious_event.exempt == "yes":
        return Clock(None, done, None, "exempt", "gone")
    if aware is None:
        return Clock(None, done, None, "cannot be told", "open")
    zone = case.treatment.zone
    due = schedule.site_due(aware) if isinstance(aware, datetime) else None
    if due is not None and (done is None or isinstance(done, datetime)):
        return _judged(due, done, aware, case.now, lambda moment: (moment - aware) / schedule.SITE_CLOCK)
    first, last = (schedule.site_due(edge) for edge in bounds(aware, zone))
    if done is not None:
        early, late = bounds(done, zone)
        word = "yes" if late <= first else "no" if early > last else "cannot be told"
    else:
        word = "due" if case.now <= first else "overdue" if case.now > last else "cannot be told"
    return Clock(due, done, None, word, TONES.get(word, "open"))


def _authority_clock(case: Case, serious_event: SeriousEvent) -> Clock:
    """7 or 15 local days from the sponsor's knowledge to the committee's."""
    known = facts.serious(serious_event)
    aware, done = local_day(known.sponsor_aware, case.treatment.zone), serious_event.authority_reported_on
    if known.exempt:
        return Clock(None, done, None, "exempt", "gone")
    if aware is None or known.kind is None:
        return Clock(None, done, None, "cannot be told", "open")
    due = schedule.authority_due(aware, known.kind)
    return _judged(due, done, aware, case.today, lambda day: (day - aware) / (due - aware))


def _judged(due: Any, done: Any, aware: Any, now: Any, used: Callable[[Any], float]) -> Clock:
    last = done if done is not None else now
    words = ("yes" if done <= due else "no") if done is not None else ("due" if now <= due else "overdue")
    return Clock(due, done, max(used(last), 0.0), words, TONES[words])


def _clocks(bars: list[tuple[str, Ref, Clock, Clock]]) -> Drawing:
    """How much of each clock is used; the line is the end of the time allowed."""
    chart = Chart(84 + 44 * max(len(bars), 1), (0, 2), (0, 1), left=250, top=30)
    drawing = chart.drawing
    for line, (name, ref, site, authority) in enumerate(bars):
        y = 34 + 44 * line
        drawing.text("tick", 4, y + 18, name if len(name) <= 36 else f"{name[:35]}…", url=ref.url)
        for clock, words, top in ((site, _("sponsor, 24 h"), y), (authority, _("committee"), y + 18)):
            used = min(clock.used or 0, 2)
            drawing.rect(f"mark {clock.tone}", chart.x(0), top, chart.x(used) - chart.x(0), 13)
            end = chart.x(used) + 6
            drawing.text("small", end if used < 1.6 else end - 12, top + 11, f"{words}: {clock.words}",
                         "start" if used < 1.6 else "end")  # fmt: skip
    if not bars:
        drawing.text("tick", WIDTH / 2, 50, _("No serious event."), "middle")
    drawing.line("limit", chart.x(1), 24, chart.x(1), chart.floor)
    drawing.text("tick", chart.x(1), 18, _("end of the time allowed"), "middle")
    chart.axis_x(_("Part of the time allowed that is used"), [0, 0.5, 1, 1.5, 2], ["0", "½", "1", "1½", "2"])
    return drawing


def deaths(cohort: Cohort) -> Figure:
    """Every death, whatever the cause, with its distance from surgery."""
    rows = []
    for case in cohort.cases:
        if (death := case.book.death) is not None:
            days = (case.died_on - case.anchor_on).days if case.died_on and case.anchor_on else None
            ref = (case.ref(death),)
            rows.append(
                row(case.key, case.number, Cell(case.code, (case.ref(),)),
                    Cell(str(death.died_on or ""), ref), Cell(days, ref), death.cause or "", death.related_sbrt or "",
                    death.related_surgery or "")
            )  # fmt: skip
    table = Table(
        columns(("case", _("Case"), True), ("participant", _("Participant")), ("died_on", _("Died")),
                ("day", _("Days after surgery"), True), ("cause", _("Cause")), ("related_sbrt", _("Related to SBRT")),
                ("related_surgery", _("Related to surgery"))),
        tuple(rows),
    )  # fmt: skip
    early = sum(line.cells[3].value is not None and line.cells[3].value <= 30 for line in rows)
    params = {"n": len(rows), "early": early, "all": len(cohort.treated)}
    sentence = _("%(n)s died; %(early)s of %(all)s treated within 30 days after surgery.") % params
    return Figure("deaths", _("Deaths"), sentence, table)
