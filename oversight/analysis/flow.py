"""Who came how far and why not further; accrual against plan; the interval between the treatments (study.md 7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.figure import Cell, Figure, Row, Table, columns, count, median, row
from oversight.analysis.safety import DRAWN, drawn_note, each_of
from oversight.casebook import facts
from oversight.drawing.chart import Chart, legend, whole_ticks
from oversight.drawing.shapes import WIDTH, Drawing
from protocol.study import STUDY
from protocol.window import FLAG, WINDOW

MONTH = 30.4375  # days


@dataclass(frozen=True)
class Step:
    """One box of the flow: who is in it, and why somebody of the box before is not."""

    code: str
    name: str
    inside: Callable[[Case], bool]
    why_not: Callable[[Case], str]


def _label(record: Any, field: str) -> str:
    """An answer in the words of the form."""
    return str(getattr(record, f"get_{field}_display")() or "")


def _why_not_eligible(case: Case) -> str:
    screening, judged = case.book.screening, facts.eligibility(case.book)
    if screening is not None and screening.outcome == "failed":
        return _label(screening, "failure_reason") or _("no reason given")
    if judged is not None and judged.verdict == "not eligible":
        return ", ".join(judged.failed)
    return _("not decided yet")


def _why_not_consented(case: Case) -> str:
    consent = case.book.consent
    if consent is not None and consent.given == "no":
        return _label(consent, "declined_reason") or _("no reason given")
    return _ended(case) or _("not asked yet")


def _ended(case: Case) -> str:
    words = {"died": _("died"), "withdrew": _("withdrew"), "lost": _("lost to follow-up")}
    return words[case.ended.why] if case.ended else ""


def _why_not_operated(case: Case) -> str:
    operation = case.book.index_operation
    if operation is not None and operation.performed == "no":
        return _label(operation, "cancelled_reason") or _("cancelled")
    return _ended(case) or (_("in the window now") if case.window.verdict == "open" else _("not done"))


def _reached(days: int) -> Callable[[Case], bool]:
    def inside(case: Case) -> bool:
        last = case.window_ends(days)
        return bool(case.operated_on and last and case.seen_until and not _gone(case, last) and case.seen_until >= last)

    return inside


def _gone(case: Case, last: date) -> bool:
    return case.ended is not None and case.ended.on < last


def _why_not_reached(days: int) -> Callable[[Case], str]:
    def why(case: Case) -> str:
        last = case.window_ends(days)
        if last is not None and _gone(case, last):
            return _ended(case)
        return _("not that far yet") if last is None or case.today <= last else _("not seen since")

    return why


def eligible(case: Case) -> bool:
    """Judged so on what is recorded."""
    judged = facts.eligibility(case.book)
    return judged is not None and judged.verdict == "eligible"


def consented(case: Case) -> bool:
    consent = case.book.consent
    return consent is not None and consent.given == "yes"


def steps() -> list[Step]:
    """The boxes in the order of the trial."""
    days, more = STUDY.endpoint["days"], STUDY.endpoint["secondary_days"]
    return [
        Step("assessed", _("Assessed"), lambda case: True, lambda case: ""),
        Step("eligible", _("Eligible"), eligible, _why_not_eligible),
        Step("consented", _("Consented"), consented, _why_not_consented),
        Step("sbrt", _("SBRT given"), lambda case: case.irradiated_on is not None,
             lambda case: _ended(case) or _("not given yet")),
        Step("surgery", _("Operated"), lambda case: case.operated_on is not None, _why_not_operated),
        Step("day-60", _("Seen to day %(n)s") % {"n": days}, _reached(days), _why_not_reached(days)),
        Step("day-90", _("Seen to day %(n)s") % {"n": more}, _reached(more), _why_not_reached(more)),
    ]  # fmt: skip


def flow(cohort: Cohort) -> Figure:
    """The flow diagram: a participant is in a box by what is recorded, also where an earlier box says otherwise."""
    boxes: list[tuple[Step, list[Case], dict[str, list[Case]], list[Case]]] = []
    before = cohort.cases
    for step in steps():
        inside = [case for case in cohort.cases if step.inside(case)]
        inside_ids = {id(case) for case in inside}
        earlier = {id(case) for case in before}
        out: dict[str, list[Case]] = {}
        for case in before:
            if id(case) not in inside_ids:
                out.setdefault(step.why_not(case), []).append(case)
        boxes.append((step, inside, dict(sorted(out.items())), [case for case in inside if id(case) not in earlier]))
        before = inside
    within = [case for case in cohort.operated if case.window.verdict == "compliant"]
    rows = [line for step, inside, out, extra in boxes for line in _step_rows(step, inside, out, extra)]
    rows.append(row("in-window", "surgery", _("within %(n)s hours") % {"n": STUDY.window["hours"]},
                    count(case.ref() for case in within)))  # fmt: skip
    table = Table(columns(("step", _("Step")), ("what", _("What")), ("participants", _("Participants"), True)),
                  tuple(rows))  # fmt: skip
    numbers = {step.code: len(inside) for step, inside, _out, _extra in boxes}
    words = {"assessed": numbers["assessed"], "sbrt": numbers["sbrt"], "surgery": numbers["surgery"],
             "within": len(within), "hours": STUDY.window["hours"]}  # fmt: skip
    sentence = _(
        "%(assessed)s assessed, %(sbrt)s irradiated, %(surgery)s operated, %(within)s of them within %(hours)s hours."
    )
    return Figure("flow", _("Flow of participants"), sentence % words, table, _flow_drawing(boxes, len(within)))


def _step_rows(step: Step, inside: list[Case], out: dict[str, list[Case]], extra: list[Case]) -> list[Row]:
    rows = [row(step.code, step.code, step.name, count(case.ref() for case in inside))]
    rows += [
        row(f"{step.code}-{slugify(why)}", step.code, why, count(c.ref() for c in cases)) for why, cases in out.items()
    ]
    if extra:
        words = _("of whom without the step before")
        rows.append(row(f"{step.code}-extra", step.code, words, count(case.ref() for case in extra)))
    return rows


def _flow_drawing(boxes: list[Any], within: int) -> Drawing:
    """Boxes downwards, what left to the right, joined by arrows."""
    drawing = Drawing(0)
    y, x, wide = 8.0, 40.0, 260.0
    for place, (step, inside, out, extra) in enumerate(boxes):
        lines = [f"{len(cases)} · {why}" for why, cases in out.items()]
        if place and lines:
            tall = 14 + 17 * len(lines)
            drawing.rect("side", x + wide + 90, y, WIDTH - x - wide - 100, tall, rx=3)
            drawing.path("arrow", [(x + wide / 2, y + tall / 2), (x + wide + 90, y + tall / 2)])
            for line, words in enumerate(lines):
                drawing.text("tick", x + wide + 102, y + 20 + 17 * line, words if len(words) < 52 else f"{words[:51]}…")
            drawing.path("arrow", [(x + wide / 2, y - 8), (x + wide / 2, y + tall + 8)])
            y += tall + 8
        elif place:
            drawing.path("arrow", [(x + wide / 2, y - 8), (x + wide / 2, y + 14)])
            y += 14
        more = [_("of whom without the step before: %(n)s") % {"n": len(extra)}] if extra else []
        if step.code == "surgery":
            more.insert(0, _("within %(hours)s hours: %(n)s") % {"hours": STUDY.window["hours"], "n": within})
        tall = 36 + 17 * len(more)
        drawing.rect("box", x, y, wide, tall, rx=4)
        drawing.text("big", x + wide / 2, y + 24, f"{step.name}: {len(inside)}", "middle")
        for line, words in enumerate(more):
            drawing.text("tick", x + wide / 2, y + 43 + 17 * line, words, "middle")
        y += tall + 8
    drawing.height = round(y) + 4
    return drawing


def consented_on(case: Case) -> date | None:
    """The local day of consent."""
    consent = case.book.consent
    return consent.consented_at_date if consent is not None and consent.given == "yes" else None


def accrual(cohort: Cohort) -> Figure:
    """Treated participants in time, against the protocol's plan from the first consent on."""
    first = min((on for case in cohort.cases if (on := consented_on(case))), default=None)
    months, planned = STUDY.accrual_months, STUDY.participants
    treated = sorted((case for case in cohort.treated if case.began_on), key=lambda case: (case.began_on, case.number))
    rows = []
    for place, case in enumerate(treated, start=1):
        due = first + timedelta(days=round(months * MONTH * place / planned)) if first and place <= planned else None
        consent, sbrt = case.book.consent, case.book.sbrt
        rows.append(
            row(case.key, place, Cell(case.code, (case.ref(),)),
                Cell(str(consented_on(case) or ""), (case.ref(consent),) if consent else ()),
                Cell(str(case.began_on), (case.ref(sbrt),) if sbrt else ()), str(due or ""))
        )  # fmt: skip
    table = Table(
        columns(("treated", _("Treated"), True), ("participant", _("Participant")), ("consented_on", _("Consented")),
                ("began_on", _("First treatment")), ("planned_on", _("Planned by"))),
        tuple(rows),
    )  # fmt: skip
    if first is None:
        sentence = _("Nobody has consented yet.")
        return Figure("accrual", _("Accrual against plan"), sentence, table)
    today = cohort.now.date()
    expected = min(planned, planned * (today - first).days / (months * MONTH))
    params = {"n": len(treated), "plan": f"{expected:.1f}", "all": planned, "months": f"{months:g}"}
    sentence = _("%(n)s treated; the plan, %(all)s in %(months)s months, has %(plan)s by now.") % params
    drawing = _accrual_drawing(treated, first, today)
    return Figure("accrual", _("Accrual against plan"), sentence, table, drawing)


def _accrual_drawing(treated: list[Case], first: date, today: date) -> Drawing:
    months, planned = STUDY.accrual_months, STUDY.participants
    last = max((today - first).days / MONTH, 3)
    high = max(planned if last > months / 2 else round(planned / 2), len(treated)) + 1
    chart = Chart(320, (0, last), (0, high), left=40)
    chart.axis_y(_("Treated"), [float(tick) for tick in whole_ticks(high) if tick <= high])
    end = min(last, months)
    chart.drawing.path("plan", [(chart.x(0), chart.y(0)), (chart.x(end), chart.y(planned * end / months))])
    points, stride = [(chart.x(0), chart.y(0))], each_of(len(treated))
    for level in range(0, len(treated), stride):
        began = treated[level].began_on
        at = chart.x(max((began - first).days / MONTH, 0)) if began else 0
        points += [(at, chart.y(level)), (at, chart.y(min(level + stride, len(treated))))]
    points.append((chart.x(last), chart.y(len(treated))))
    chart.drawing.path("curve", points)
    whole = [float(tick) for tick in whole_ticks(round(last)) if tick <= last]
    chart.axis_x(_("Months since the first consent"), whole)
    legend(chart.drawing, 300, 16, [("line", "curve", _("treated")), ("line", "plan", _("plan"))])
    return chart.drawing


def _iso(case: Case, moment: datetime | date | None) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(case.book.participant.site.tz).isoformat()
    return str(moment or "")


def interval(cohort: Cohort) -> Figure:
    """Hours from the last beam to the knife, one participant a line, with the lines at 24 and 48 hours."""
    cases = [case for case in cohort.treated if case.operated_on is not None]
    rows = []
    for case in cases:
        window = case.window
        sbrt = case.book.sbrt
        index = case.book.index_operation
        inside = {True: "yes", False: "no", None: "cannot be told"}[window.within_24h]
        rows.append(
            row(case.key, case.number, Cell(case.code, (case.ref(),)),
                Cell(_iso(case, case.treatment.sbrt_end), (case.ref(sbrt),) if sbrt else ()),
                Cell(_iso(case, case.treatment.incision), (case.ref(index),) if index else ()),
                _round(window.elapsed_hours), _round(window.earliest_hours), _round(window.latest_hours),
                Cell(window.verdict, (case.ref(),), _tone(window.verdict)), inside)
        )  # fmt: skip
    table = Table(
        columns(("case", _("Case"), True), ("participant", _("Participant")), ("beam_off", _("Last beam off")),
                ("incision", _("Knife to skin")), ("hours", _("Hours"), True), ("earliest", _("At least"), True),
                ("latest", _("At most"), True), ("verdict", _("Verdict")), ("within_24h", _("Within 24 h"))),
        tuple(rows),
    )  # fmt: skip
    known = [case.window.elapsed_hours for case in cases if case.window.elapsed_hours is not None]
    ok = sum(case.window.verdict == "compliant" for case in cases)
    fast = sum(case.window.within_24h is True for case in cases)
    params = {"n": len(cases), "ok": ok, "fast": fast, "median": "–" if not known else f"{median(known):.1f}"}
    sentence = _(
        "%(ok)s of %(n)s operated within 48 hours, %(fast)s within 24; the median interval is %(median)s hours."
    )
    return Figure("interval", _("Interval between SBRT and surgery"), sentence % params, table, _strip_plot(cases),
                  drawn_note(cases))  # fmt: skip


def _round(hours: float | None) -> float | None:
    return None if hours is None else round(hours, 2)


def _tone(verdict: str) -> str:
    return {"compliant": "good", "undetermined": "open"}.get(verdict, "bad")


def _strip_plot(cases: list[Case]) -> Drawing:
    shown = cases[-DRAWN:]
    hours = [value for case in shown for value in (case.window.elapsed_hours, case.window.latest_hours) if value]
    last = max(54.0, *(min(value, 96.0) for value in hours)) if hours else 54.0
    chart = Chart(110 + 22 * max(len(shown), 1), (0, last), (0, 1), left=86)
    drawing = chart.drawing
    for limit in (FLAG, WINDOW):
        at = limit.total_seconds() / 3600
        drawing.line("limit", chart.x(at), 28, chart.x(at), chart.floor)
        drawing.text("tick", chart.x(at), 22, _("%(n)s h") % {"n": f"{at:g}"}, "middle")
    for line, case in enumerate(shown):
        y = 46 + 22 * line
        window, url = case.window, case.ref().url
        drawing.text("tick", chart.left - 8, y + 4, case.code, "end", url=url)
        drawing.line("grid", chart.left, y, chart.edge, y)
        css = f"mark {_tone(window.verdict)}"
        if window.elapsed_hours is not None:
            at = min(max(window.elapsed_hours, 0.0), last)
            drawing.circle(css, chart.x(at), y, 6.0, tip=f"{case.code}: {window.elapsed_hours:.1f} h", url=url)
        elif window.earliest_hours is not None and window.latest_hours is not None:
            low, high = max(window.earliest_hours, 0.0), min(window.latest_hours, last)
            drawing.rect(css, chart.x(low), y - 4, chart.x(high) - chart.x(low), 8, tip=case.code, url=url)
    every_six = [float(tick) for tick in range(0, round(last) + 1, 6)]
    chart.axis_x(_("Elapsed hours from the last beam to knife to skin"), every_six)
    return drawing
