"""The course of each participant: swimmer plot, first severe event with death competing, wounds (study.md 7.3)."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Wound
from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.figure import Cell, Figure, Ref, Row, Table, columns, count, row
from oversight.analysis.safety import DRAWN, drawn_note
from oversight.analysis.survival import CENSORED, COMPETING, EVENT, Step, at_risk, cumulative_incidence
from oversight.drawing.chart import Chart, legend, ticks
from oversight.drawing.shapes import WIDTH, Drawing
from procedures.models import Stay, Surgery
from protocol.endpoint import JudgedRow
from protocol.partial_dates import PartialDate
from protocol.study import STUDY

Followed = tuple[int, str]
SECONDARY = "secondary"


def day_of(case: Case, on: date | None) -> int | None:
    """Days after the anchor: surgery, or SBRT where it never happened."""
    return (on - case.anchor_on).days if on and case.anchor_on else None


def _earliest(day: PartialDate | None) -> date | None:
    return day.earliest if day else None


def severe_rows(case: Case) -> list[tuple[AdverseEvent, AdverseEventGrade]]:
    """(event, grade row) of grade 3 or more, in the order of their dates."""
    pairs = [
        (event, grade_row)
        for event in case.book.adverse_events
        for grade_row in case.book.grades_of(event)
        if (grade_row.grade or 0) >= 3
    ]
    return sorted(pairs, key=lambda pair: _earliest(pair[1].from_on) or date.max)


def swimmer(cohort: Cohort) -> Figure:
    """One lane a participant: treatments, severe events, discharge, readmission, death, last contact."""
    cases = cohort.treated
    table = Table(
        columns(
            ("case", _("Case"), True), ("participant", _("Participant")), ("sbrt_on", _("SBRT")),
            ("surgery_on", _("Surgery")), ("discharge_day", _("Discharge, day"), True),
            ("severe_days", _("Grade 3 or more, days")), ("readmitted_days", _("Readmitted, days")),
            ("died_day", _("Died, day"), True), ("last_day", _("Last contact, day"), True), ("ended", _("Ended")),
        ),
        tuple(_lane_row(case) for case in cases),
    )  # fmt: skip
    went_on = sum(case.ended is None for case in cases)
    beyond = sum((day_of(case, case.seen_until) or 0) >= STUDY.endpoint["days"] for case in cases)
    params = {"n": len(cases), "on": went_on, "beyond": beyond, "days": STUDY.endpoint["days"]}
    sentence = _("%(n)s treated: %(beyond)s were seen on or after day %(days)s; %(on)s are still followed.") % params
    return Figure("swimmer", _("Course of each participant"), sentence, table, _lanes(cases), drawn_note(cases))


def discharged(case: Case) -> tuple[Surgery | None, date | None]:
    """The index operation's form and the day of discharge on it."""
    index = case.book.index_operation
    return index, index.discharge_on if index else None


def readmissions(case: Case) -> list[tuple[Stay, date]]:
    """Stays that began after surgery."""
    stays = [(stay, stay.admitted_on) for stay in case.book.stays if stay.admitted_on]
    return [(stay, on) for stay, on in stays if case.anchor_on and on > case.anchor_on]


def _lane_row(case: Case) -> Row:
    index, left_on = discharged(case)
    severe = severe_rows(case)
    again = readmissions(case)
    death = case.book.death
    sbrt = case.book.sbrt
    days = [day_of(case, _earliest(grade_row.from_on)) for _event, grade_row in severe]
    return row(
        case.key, case.number, Cell(case.code, (case.ref(),)),
        Cell(str(case.irradiated_on or ""), (case.ref(sbrt),) if sbrt else ()),
        Cell(str(case.operated_on or ""), (case.ref(index),) if index else ()),
        Cell(day_of(case, left_on), (case.ref(index),) if index and left_on else ()),
        Cell(" ".join("?" if day is None else str(day) for day in days),
             tuple({event.pk: case.ref(event) for event, _row in severe}.values())),
        Cell(" ".join(str(day_of(case, on)) for _stay, on in again), tuple(case.ref(stay) for stay, _on in again)),
        Cell(day_of(case, case.died_on), (case.ref(death),) if death else ()),
        Cell(day_of(case, case.seen_until), (case.ref(),)), case.ended.why if case.ended else "",
    )  # fmt: skip


def _lanes(cases: list[Case]) -> Drawing:
    shown = cases[-DRAWN:]
    days, more = STUDY.endpoint["days"], STUDY.endpoint["secondary_days"]
    seen = [day_of(case, case.seen_until) or 0 for case in shown]
    last = max([more + 10, *seen])
    chart = Chart(122 + 24 * max(len(shown), 1), (-6, last), (0, 1), left=86, bottom=74)
    drawing = chart.drawing
    for limit, words in ((days, _("day %(n)s") % {"n": days}), (more, _("day %(n)s") % {"n": more})):
        drawing.line("limit", chart.x(limit), 26, chart.x(limit), chart.floor)
        drawing.text("tick", chart.x(limit), 18, words, "middle")
    for line, case in enumerate(shown):
        _lane(chart, case, 42 + 24 * line)
    chart.axis_x(_("Days after surgery"), ticks(0, last, 10))
    legend(drawing, 20, drawing.height - 8, [
        ("diamond", "mark beam", _("SBRT")), ("rect", "mark knife", _("surgery")), ("circle", "mark home", _("home")),
        ("triangle", "mark bad", _("grade 3 or more")), ("triangle", "mark again", _("readmitted")),
        ("rect", "mark dead", _("died")), ("circle", "mark seen", _("last seen")),
    ])  # fmt: skip
    return drawing


def _lane(chart: Chart, case: Case, y: float) -> None:
    drawing = chart.drawing
    drawing.text("tick", chart.left - 8, y + 4, case.code, "end", url=case.ref().url)
    until = day_of(case, case.seen_until)
    start = day_of(case, case.began_on) or 0
    if until is not None:
        drawing.rect("lane", chart.x(start), y - 5, chart.x(max(until, start)) - chart.x(start), 10)

    def at(shape: str, css: str, day: int | None, tip: str, url: str = "", size: float = 6.0) -> None:
        if day is None:
            return
        if shape == "rect":
            drawing.rect(css, chart.x(day) - 3, y - 7, 6, 14, tip=tip, url=url)
        else:
            getattr(drawing, shape)(css, chart.x(day), y, size, tip=tip, url=url)

    if not case.died_on:
        at("circle", "mark seen", until, f"{case.code}: " + _("last seen"), size=4.0)
    at("diamond", "mark beam", day_of(case, case.irradiated_on), f"{case.code}: SBRT")
    if case.operated_on:
        at("rect", "mark knife", 0, f"{case.code}: " + _("surgery"))
    at("circle", "mark home", day_of(case, discharged(case)[1]), f"{case.code}: " + _("home"), size=4.0)
    for stay, on in readmissions(case):
        at("triangle", "mark again", day_of(case, on), f"{case.code}: " + _("readmitted"), case.ref(stay).url)
    for event, grade_row in severe_rows(case):
        tip = (
            f"{case.code}: {event.title}, "
            + _("grade %(n)s") % {"n": grade_row.grade}
            + f", {grade_row.from_on or '?'}"
        )
        first = day_of(case, _earliest(grade_row.from_on))
        if grade_row.from_on and grade_row.from_on.precision != "day" and first is not None and until is not None:
            last = first + (grade_row.from_on.latest - grade_row.from_on.earliest).days
            drawing.line("perhaps", chart.x(first), y, chart.x(min(last, until)), y)
        at("triangle", "mark bad", first, tip, case.ref(event).url)
    at("rect", "mark dead", day_of(case, case.died_on), f"{case.code}: " + _("died"))


def _qualifying(case: Case, also_open: bool) -> JudgedRow | None:
    """The first grade row that counts for the secondary window (or could, where that is asked for too)."""
    wanted = (True, None) if also_open else (True,)
    rows = [
        judged_row
        for judged_row in case.judged[SECONDARY].rows
        if judged_row.qualifies in wanted and judged_row.began != "unknown"
    ]
    return min(rows, key=lambda judged_row: judged_row.began, default=None)


def followed(case: Case, also_open: bool = False) -> Followed | None:
    """(day since the first treatment, what happened), at most to the end of the secondary window."""
    began, last = case.began_on, case.window_ends(STUDY.endpoint["secondary_days"])
    if began is None or last is None:
        return None
    first = _qualifying(case, also_open)
    if first is not None:
        on = PartialDate.parse(first.began[:10]).earliest
        return max((max(on, began) - began).days, 0), EVENT
    if case.died_on and case.died_on <= last:
        return max((case.died_on - began).days, 0), COMPETING
    until = min(case.seen_until or began, last)
    return max((until - began).days, 0), CENSORED


def first_severe(cohort: Cohort) -> Figure:
    """Cumulative incidence of the first caused grade 3 or more, death from another cause competing."""
    cases = [(case, follow_up) for case in cohort.treated if (follow_up := followed(case)) is not None]
    known = [follow_up for _case, follow_up in cases]
    worst = [follow_up for case in cohort.treated if (follow_up := followed(case, also_open=True)) is not None]
    steps, ceiling = cumulative_incidence(known), cumulative_incidence(worst)
    table = Table(
        columns(
            ("case", _("Case"), True), ("participant", _("Participant")), ("day", _("Days since SBRT"), True),
            ("what", _("What happened first")), ("estimate", _("Incidence by then"), True),
        ),
        tuple(_followed_row(case, follow_up, steps) for case, follow_up in cases),
    )  # fmt: skip
    got = {what: sum(happened == what for _day, happened in known) for what in (EVENT, COMPETING, CENSORED)}
    incidence = steps[-1].estimate if steps else 0.0
    words = {"n": len(known), "events": got[EVENT], "died": got[COMPETING], "pct": f"{100 * incidence:.0f}"}
    words["days"] = STUDY.endpoint["secondary_days"]
    sentence = _(
        "%(events)s of %(n)s treated had a caused event of grade 3 or more up to day %(days)s and %(died)s died before "
        "one: incidence %(pct)s %%."
    )
    note = _("Dashed: if everything that cannot be told yet were an event.")
    return Figure("first-severe", _("Time to the first event of grade 3 or more"), sentence % words, table,
                  _incidence(known, steps, ceiling, worst), (note,))  # fmt: skip


def _followed_row(case: Case, follow_up: Followed, steps: Sequence[Step]) -> Row:
    day, what = follow_up
    estimate = next((step.estimate for step in steps if step.day == day), 0.0)
    tone = {EVENT: "bad", COMPETING: "gone", CENSORED: ""}[what]
    return row(case.key, case.number, Cell(case.code, (case.ref(),)), day, Cell(what, (case.endpoint_ref,), tone),
               round(estimate, 4))  # fmt: skip


def _incidence(known: list[Followed], steps: list[Step], ceiling: list[Step], worst: list[Followed]) -> Drawing:
    last = STUDY.endpoint["secondary_days"] + 5
    highest = max([0.2, *(step.estimate for step in ceiling), *(step.estimate for step in steps)])
    top = next(limit for limit in (0.2, 0.4, 0.6, 0.8, 1.0) if highest <= limit + 1e-9)
    chart = Chart(350, (0, last), (0, top), left=64, bottom=92)
    at = ticks(0, top, 5)
    chart.axis_y(_("Participants with an event (%)"), at, [f"{100 * value:.0f}" for value in at])
    if worst != known:
        stairs(chart, ceiling, "curve open", 0.0, last)
    stairs(chart, steps, "curve", 0.0, last)
    days = [float(day) for day in range(0, last, 15)]
    chart.axis_x(_("Days since SBRT"), days)
    numbers_at_risk(chart, days, [at_risk(known, int(day)) for day in days])
    return chart.drawing


def stairs(chart: Chart, steps: Sequence[Step], css: str, start: float, last: float) -> None:
    """A step curve, with a small tick where somebody is censored."""
    points, level = [(chart.x(0), chart.y(start))], start
    for step in steps:
        points += [(chart.x(step.day), chart.y(level)), (chart.x(step.day), chart.y(step.estimate))]
        level = step.estimate
    points.append((chart.x(max(last, 0) if not steps else steps[-1].day), chart.y(level)))
    chart.drawing.path(css, points)
    for step in steps:
        if step.censored:
            x, y = chart.x(step.day), chart.y(step.estimate)
            chart.drawing.line("censored", x, y - 5, x, y + 5)


def numbers_at_risk(chart: Chart, at: Sequence[float], numbers: Sequence[int | str], words: str = "") -> None:
    """A line of counts below the axis."""
    y = chart.floor + 62
    chart.drawing.text("axis-label", 4, y, words or _("At risk"))
    for value, number in zip(at, numbers, strict=True):
        chart.drawing.text("tick", chart.x(value), y + 16, number, "middle")


WOUND_STATES = ("closed", "open", "superficial", "deep", "organ-space", "not judged")


def wound_state(wound: Wound) -> str:
    """What one wound check says, the worst first."""
    if wound.ssi_class in ("superficial", "deep", "organ-space"):
        return str(wound.ssi_class)
    if wound.seen != "yes" or wound.closed_dry is None:
        return "not judged"
    return "closed" if wound.closed_dry == "yes" else "open"


def wounds(cohort: Cohort) -> Figure:
    """The wound at each visit: closed and dry, open, or infected."""
    by_visit: dict[str, dict[str, list[Ref]]] = {}
    infected: set[str] = set()
    for case in cohort.treated:
        for wound in case.book.every(Wound):
            state = wound_state(wound)
            by_visit.setdefault(wound.visit, {}).setdefault(state, []).append(case.ref(wound))
            if state in WOUND_STATES[2:5]:
                infected.add(case.key)
    order = [*STUDY.visit_codes, *sorted(set(by_visit) - set(STUDY.visit_codes), key=lambda code: int(code[1:]))]
    visits = [visit for visit in order if visit in by_visit or "wound" in _forms_of(visit)]
    words = {"closed": _("closed and dry"), "open": _("open or leaking"), "superficial": _("superficial infection"),
             "deep": _("deep infection"), "organ-space": _("organ or space"),
             "not judged": _("not judged")}  # fmt: skip
    table = Table(
        columns(("visit", _("Visit")), ("name", _("Name")),
                *[(state.replace("-", "_").replace(" ", "_"), words[state], True) for state in WOUND_STATES]),
        tuple(
            row(visit, visit, STUDY.visit_name(visit),
                *[count(by_visit.get(visit, {}).get(state, ())) for state in WOUND_STATES])
            for visit in visits
        ),
    )  # fmt: skip
    checks = sum(len(refs) for states in by_visit.values() for refs in states.values())
    params = {"n": checks, "bad": len(infected), "all": len(cohort.operated)}
    sentence = _("%(n)s wound checks; an infection was seen in %(bad)s of %(all)s operated.") % params
    tones = ("good", "soon", "late1", "late2", "late3", "gone")
    bars = [[by_visit.get(visit, {}).get(state, ()) for state in WOUND_STATES] for visit in visits]
    drawing = stacked(visits, bars, [(f"fill {tone}", words[state]) for tone, state in zip(tones, WOUND_STATES,
                      strict=True)], _("Participants"))  # fmt: skip
    return Figure("wounds", _("Wounds"), sentence, table, drawing)


def _forms_of(visit: str) -> tuple[str, ...]:
    return STUDY.visit(visit).forms if visit in STUDY.visit_codes else ()


def stacked(
    names: list[str], bars: Sequence[Sequence[Sequence[Ref]]], layers: list[tuple[str, str]], label: str
) -> Drawing:
    """One stacked column a name; `layers` is (class, words) of each layer, the lowest first."""
    most = max((sum(len(part) for part in bar) for bar in bars), default=0)
    chart = Chart(320, (0, max(len(names), 1)), (0, max(most, 1)), bottom=74)
    step = max(1, round(ticks(0, max(most, 1), 5)[1])) if most > 1 else 1
    chart.axis_y(label, [float(tick) for tick in range(0, most + 1, step)])
    for place, bar in enumerate(bars):
        base = 0
        for part, (css, words) in zip(bar, layers, strict=True):
            if part:
                top = chart.y(base + len(part))
                chart.drawing.rect(css, chart.x(place + 0.2), top, chart.x(0.6) - chart.x(0), chart.y(base) - top,
                                   tip=f"{names[place]}: {words} {len(part)}")  # fmt: skip
                base += len(part)
        if base:
            chart.drawing.text("small", chart.x(place + 0.5), chart.y(base) - 4, base, "middle")
    chart.axis_x("", [place + 0.5 for place in range(len(names))], names)
    wide = 2 if sum(6.6 * len(words) + 40 for _css, words in layers) > WIDTH - 50 else 1
    half = (len(layers) + wide - 1) // wide
    for line in range(wide):
        legend(chart.drawing, 40, chart.height - 30 + 20 * line,
               [("rect", css, words) for css, words in layers[half * line : half * (line + 1)]])  # fmt: skip
    return chart.drawing
