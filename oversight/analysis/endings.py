"""Neurology before and worst after, survival, and the learning curve (study.md 7.2 table 10, 7.3)."""

from datetime import datetime

from django.utils.translation import gettext as _

from assessments.models import Neurology
from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.course import Followed, numbers_at_risk, stairs
from oversight.analysis.figure import Cell, Figure, Ref, Table, columns, count, median, row
from oversight.analysis.safety import DRAWN, drawn_note
from oversight.analysis.survival import CENSORED, EVENT, Step, at_risk, kaplan_meier
from oversight.drawing.chart import Chart, ticks
from oversight.drawing.shapes import WIDTH, Drawing
from procedures.models import Surgery, TechniqueChange

AIS = ("A", "B", "C", "D", "E")
NONE = "none"


def before_and_worst(case: Case) -> tuple[Neurology | None, Neurology | None]:
    """The last examination not later than the first beam, and the worst one after it."""
    if (first_beam := case.irradiated_on) is None:
        return None, None
    dated = [
        (examination.assessed_on, examination.ais, examination)
        for examination in case.book.every(Neurology)
        if examination.ais and examination.assessed_on
    ]
    before = [(on, examination.pk, examination) for on, _ais, examination in dated if on <= first_beam]
    after = [(ais, on, examination.pk, examination) for on, ais, examination in dated if on > first_beam]
    return max(before, default=(None,))[-1], min(after, default=(None,))[-1]


def neurology(cohort: Cohort) -> Figure:
    """Baseline AIS × worst AIS since; both readings of "more than one scale" are counted (D9)."""
    pairs: dict[tuple[str, str], list[Ref]] = {}
    one = two = 0
    for case in cohort.treated:
        before, worst = before_and_worst(case)
        pair = ((before and before.ais) or NONE, (worst and worst.ais) or NONE)
        pairs.setdefault(pair, []).append(case.ref(worst or before, "" if worst or before else _("not examined")))
        if NONE not in pair:
            lost = AIS.index(pair[0]) - AIS.index(pair[1])
            one, two = one + (lost >= 1), two + (lost >= 2)
    levels = [*reversed(AIS), NONE]
    names = dict.fromkeys(AIS, "") | {level: level for level in AIS} | {NONE: _("not examined")}
    table = Table(
        columns(("baseline", _("Before SBRT")), *[(f"worst_{level.lower()}", names[level], True) for level in levels]),
        tuple(
            row(level.lower(), level, *[count(pairs.get((level, worst), ())) for worst in levels]) for level in levels
        ),
    )  # fmt: skip
    params = {"one": one, "two": two, "n": sum(len(refs) for (a, b), refs in pairs.items() if NONE not in (a, b))}
    sentence = _("Of %(n)s examined before and after, %(one)s lost one AIS grade or more and %(two)s two or more.")
    return Figure("neurology", _("Neurology: before and worst since"), sentence % params, table,
                  _shift(pairs, levels, names))  # fmt: skip


def _shift(pairs: dict[tuple[str, str], list[Ref]], levels: list[str], names: dict[str, str]) -> Drawing:
    drawing = Drawing(60 + 42 * len(levels) + 30)
    left, wide = 190, 84
    drawing.text("axis-label", left + wide * len(levels) / 2, 16, _("Worst since SBRT"), "middle")
    drawing.text("axis-label", 4, 44, _("Before SBRT"))
    for place, level in enumerate(levels):
        drawing.text("tick", left + wide * (place + 0.5), 44, names[level], "middle")
        drawing.text("tick", left - 12, 58 + 42 * place + 24, names[level], "end")
    for line, before in enumerate(levels):
        for place, worst in enumerate(levels):
            n = len(pairs.get((before, worst), ()))
            css = _shift_css(n, NONE not in (before, worst), place - line)
            x, y = left + wide * place, 58 + 42 * line
            drawing.rect(f"fill {css}", x + 1, y + 1, wide - 2, 40)
            if n:
                drawing.text("big", x + wide / 2, y + 27, n, "middle")
    drawing.text("tick", left, drawing.height - 8, _("Right of the diagonal: worse."))
    return drawing


def _shift_css(n: int, known: bool, worse: int) -> str:
    """The colour of one tile; `worse`: how many AIS grades were lost."""
    if not n:
        return "side"
    if not known:
        return "gone"
    return "late2" if worse >= 2 else "late1" if worse == 1 else "g1" if worse == 0 else "g2"


def followed(case: Case) -> Followed | None:
    """(days since the first treatment, died or last known alive)."""
    if case.began_on is None:
        return None
    if case.died_on:
        return max((case.died_on - case.began_on).days, 0), EVENT
    return max(((case.seen_until or case.began_on) - case.began_on).days, 0), CENSORED


def survival(cohort: Cohort) -> Figure:
    """Kaplan–Meier from the first treatment to death of any cause."""
    cases = [(case, follow_up) for case in cohort.treated if (follow_up := followed(case)) is not None]
    known = [follow_up for _case, follow_up in cases]
    steps = kaplan_meier(known)
    table = Table(
        columns(("case", _("Case"), True), ("participant", _("Participant")), ("day", _("Days since SBRT"), True),
                ("what", _("What")), ("estimate", _("Alive by then"), True)),
        tuple(
            row(case.key, case.number, Cell(case.code, (case.ref(),)), day,
                Cell("died" if what == EVENT else "censored", (case.ref(case.book.death),), ""),
                round(next(step.estimate for step in steps if step.day == day), 4))
            for case, (day, what) in cases
        ),
    )  # fmt: skip
    died = sum(what == EVENT for _day, what in known)
    middle = next((step.day for step in steps if step.estimate <= 0.5), None)
    words = {"died": died, "n": len(known), "day": middle}
    sentence = _("%(died)s of %(n)s treated have died; the median survival is %(day)s days.") % words
    if middle is None:
        sentence = _("%(died)s of %(n)s treated have died; the median survival is not reached.") % words
    return Figure("survival", _("Survival"), sentence, table, _survival_drawing(known, steps))


def _survival_drawing(known: list[Followed], steps: list[Step]) -> Drawing:
    last = max([90, *(day for day, _what in known)])
    chart = Chart(350, (0, last), (0, 1), left=64, bottom=92)
    at = [0, 0.25, 0.5, 0.75, 1]
    chart.axis_y(_("Alive (%)"), at, [f"{100 * value:.0f}" for value in at])
    stairs(chart, steps, "curve", 1.0, 0)
    days = ticks(0, last, 8)
    chart.axis_x(_("Days since SBRT"), days)
    numbers_at_risk(chart, days, [at_risk(known, int(day)) for day in days])
    return chart.drawing


def minutes(operation: Surgery) -> int | None:
    """Knife to skin to skin closed; None where either is known to the day only."""
    start, end = operation.moment("incision_at"), operation.moment("closed_at")
    if isinstance(start, datetime) and isinstance(end, datetime):
        return round((end - start).total_seconds() / 60)
    return None


def learning(cohort: Cohort) -> Figure:
    """Operating time and blood loss by case order; a line where the technique changed."""
    operations = []
    for case in cohort.operated:
        operation = case.book.index_operation
        if operation is not None:
            operations.append((case, operation, minutes(operation), case.book.technique_changes))
    table = Table(
        columns(("case", _("Case"), True), ("participant", _("Participant")), ("minutes", _("Operating time"), True),
                ("blood_loss_ml", _("Blood loss, ml"), True), ("changes", _("Technique changed"), True)),
        tuple(
            row(case.key, case.number, Cell(case.code, (case.ref(),)), Cell(took, (case.ref(operation),)),
                Cell(operation.blood_loss_ml, (case.ref(operation),)), count(case.ref(change) for change in changes))
            for case, operation, took, changes in operations
        ),
    )  # fmt: skip
    times = [took for _case, _operation, took, _changes in operations if took is not None]
    lost = [
        operation.blood_loss_ml
        for _case, operation, _took, _changes in operations
        if operation.blood_loss_ml is not None
    ]
    words = {"n": len(operations), "minutes": f"{median(times) or 0:g}", "ml": f"{median(lost) or 0:g}"}
    sentence = _("%(n)s operations: median %(minutes)s minutes and %(ml)s ml of blood.") % words
    return Figure("learning", _("Learning curve"), sentence, table, _learning_drawing(operations[-DRAWN:]),
                  drawn_note([case for case, *_more in operations]))  # fmt: skip


def _learning_drawing(operations: list[tuple[Case, Surgery, int | None, list[TechniqueChange]]]) -> Drawing:
    first = (operations[0][0].number or 1) if operations else 1
    last = max((operations[-1][0].number or 1) if operations else 1, first + 12)
    drawing = Drawing(470)
    blood_loss = [operation.blood_loss_ml for _case, operation, *_more in operations]
    panels = (
        (_("Operating time (minutes)"), [took for _c, _o, took, _t in operations], 0),
        (_("Blood loss (ml)"), blood_loss, 220),
    )
    for label, values, down in panels:
        most = max([10, *(value for value in values if value is not None)])
        chart = Chart(240, (first - 0.5, last + 0.5), (0, most * 1.1), left=64)
        chart.axis_y(label, ticks(0, most * 1.1, 5))
        known = [(chart.x(case.number or 0), chart.y(value), case, operation, value)
                 for (case, operation, _took, _changes), value in zip(operations, values, strict=True)
                 if value is not None]  # fmt: skip
        for case, _operation, _took, changes in operations:
            if changes:
                x = chart.x((case.number or 0) - 0.5)
                chart.drawing.line("limit", x, chart.top, x, chart.floor, tip=_("technique changed"))
        chart.drawing.path("walk", [(x, y) for x, y, *_more in known])
        for x, y, case, operation, value in known:
            tip = f"{case.code}: {value}"
            chart.drawing.circle("mark beam", x, y, 5.0, tip=tip, url=case.ref(operation).url)
        chart.axis_x(_("Case, in the order of treatment"), [float(n) for n in _every(first, last)])
        drawing.add_moved(chart.drawing, down)
    if not operations:
        drawing.text("tick", WIDTH / 2, 80, _("Nobody has been operated yet."), "middle")
    return drawing


def _every(first: int, last: int) -> range:
    return range(first, last + 1, max(1, (last - first) // 13))
