"""Pain, opioids and quality of life over time, with how many answered of how many alive (study.md 7.2 table 9)."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from assessments.measurement import Measurement
from assessments.models import Pain, Quality
from assessments.opioids import daily_omed
from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.course import numbers_at_risk, stacked
from oversight.analysis.figure import Cell, Figure, Ref, Row, Table, columns, count, median, row, share
from oversight.analysis.safety import DRAWN, drawn_note
from oversight.casebook.book import VisitForms
from oversight.drawing.chart import Chart, legend, ticks
from oversight.drawing.shapes import Drawing
from protocol import scores
from protocol.partial_dates import PartialDate
from protocol.study import STUDY

Measured = TypeVar("Measured", bound=Measurement)
RESPONSES = ("CR", "PR", "IR", "PP", "not evaluable", "censored", "missing")


def visits_of(form: str) -> list[str]:
    """The visits at which a form is asked for, in the order of the schedule."""
    return [code for code in STUDY.visit_codes if form in STUDY.visit(code).forms]


def alive(case: Case, visit: str) -> bool:
    """Whether the visit's window has opened with the participant alive: the denominator of what is answered."""
    definition = STUDY.visit(visit)
    start = case.irradiated_on if definition.anchor == "sbrt" else case.anchor_on
    if start is None:
        return False
    opens = start + timedelta(days=definition.opens)
    return opens <= case.today and (case.died_on is None or case.died_on >= opens)


def omed_of(case: Case, pain: Pain) -> Decimal | None:
    """Oral morphine equivalent of one assessment."""
    return daily_omed(pain, case.book.doses_of(pain))


def _eq5d(case: Case, quality: Quality) -> float | None:
    profile = quality.profile() if quality.eq5d_done == "yes" else None
    return scores.eq5d_index(profile) if profile else None


def pain(cohort: Cohort) -> Figure:
    """Worst pain at the treated site, 0 to 10."""
    sentence = _("Worst pain: median %(first)s at %(from)s, %(last)s at %(to)s.")
    return _over_time(cohort, "pain", "pain", lambda at: at.pain, _("Pain over time"), _("Worst pain (0–10)"), sentence,
                      lambda case, record: record.worst_pain, (0.0, 10.0))  # fmt: skip


def omed(cohort: Cohort) -> Figure:
    """Oral morphine equivalent a day."""
    sentence = _("Opioids: median %(first)s mg OMED a day at %(from)s, %(last)s at %(to)s.")
    return _over_time(cohort, "omed", "pain", lambda at: at.pain, _("Opioids over time"), _("OMED (mg a day)"),
                      sentence, omed_of, None)  # fmt: skip


def quality(cohort: Cohort) -> Figure:
    """EQ-5D-5L index; 1 is full health, and below 0 is legal."""
    sentence = _("EQ-5D index: median %(first)s at %(from)s, %(last)s at %(to)s.")
    return _over_time(cohort, "quality", "quality", lambda at: at.quality, _("Quality of life"), _("EQ-5D index"),
                      sentence, _eq5d, (-0.4, 1.0))  # fmt: skip


def _over_time(
    cohort: Cohort, slug: str, form: str, take: Callable[[VisitForms], Measured | None], title: str, label: str,
    sentence: str, value: Callable[[Case, Measured], float | Decimal | None], limits: tuple[float, float] | None,
) -> Figure:  # fmt: skip
    """A line a participant and their median, visit by visit; below it answered of alive."""
    visits, cases = visits_of(form), cohort.treated
    answers: dict[tuple[int | None, str], tuple[float, Measurement]] = {}
    for case in cases:
        for visit in visits:
            record = take(case.book.visits[visit])
            answer = value(case, record) if record is not None else None
            if record is not None and answer is not None:
                answers[case.number, visit] = (float(answer), record)
    per_visit = {visit: [answers[case.number, visit][0] for case in cases if (case.number, visit) in answers]
                 for visit in visits}  # fmt: skip
    living = {visit: [case for case in cases if alive(case, visit)] for visit in visits}
    rows = [_person_row(case, visits, answers) for case in cases]
    middles = [_tidy(median(per_visit[visit])) for visit in visits]
    rows += [
        row("median", "", _("median"), *middles),
        row("answered", "", _("answered"), *[
            count(case.ref(answers[case.number, visit][1]) for case in cases if (case.number, visit) in answers)
            for visit in visits]),
        row("alive", "", _("alive"), *[count(case.ref() for case in living[visit]) for visit in visits]),
    ]  # fmt: skip
    table = Table(
        columns(("case", _("Case"), True), ("participant", _("Participant")), *[(v, v, True) for v in visits]),
        tuple(rows),
    )  # fmt: skip
    drawing = _lines(cases[-DRAWN:], visits, answers, middles, label, limits,
                     [f"{len(per_visit[visit])}/{len(living[visit])}" for visit in visits])  # fmt: skip
    return Figure(slug, title, _from_to(sentence, visits, middles), table, drawing, drawn_note(cases))


def _person_row(case: Case, visits: list[str], answers: dict[tuple[int | None, str], tuple[float, Measurement]]) -> Row:
    cells = []
    for visit in visits:
        answer = answers.get((case.number, visit))
        cells.append(Cell(_tidy(answer[0]), (case.ref(answer[1]),)) if answer else Cell())
    return row(case.key, case.number, Cell(case.code, (case.ref(),)), *cells)


def _tidy(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _from_to(sentence: str, visits: list[str], middles: Sequence[float | None]) -> str:
    known = [(visit, middle) for visit, middle in zip(visits, middles, strict=True) if middle is not None]
    if not known:
        return _("Nothing has been measured yet.")
    (first, before), (last, after) = known[0], known[-1]
    return sentence % {"first": f"{before:g}", "from": STUDY.visit_name(first).lower(), "last": f"{after:g}",
                       "to": STUDY.visit_name(last).lower()}  # fmt: skip


def _lines(
    cases: list[Case], visits: list[str], answers: dict[tuple[int | None, str], tuple[float, Measurement]],
    middles: Sequence[float | None], label: str, limits: tuple[float, float] | None, answered: list[str],
) -> Drawing:  # fmt: skip
    highest = max((answer[0] for answer in answers.values()), default=0.0)
    low, high = limits or (0.0, max(20.0, 10.0 * -(-highest // 10)))
    chart = Chart(360, (0, len(visits)), (low, high), left=70, bottom=92)
    chart.axis_y(label, ticks(low, high, 6))
    for case in cases:
        points = [
            (chart.x(place + 0.5), chart.y(answers[case.number, visit][0]))
            for place, visit in enumerate(visits)
            if (case.number, visit) in answers
        ]
        chart.drawing.path("person", points, tip=case.code)
        for x, y in points:
            chart.drawing.circle("person", x, y, 2.0)
    middle = [(chart.x(place + 0.5), chart.y(value)) for place, value in enumerate(middles) if value is not None]
    chart.drawing.path("middle", middle)
    for x, y in middle:
        chart.drawing.circle("mark bad", x, y, 4.0)
    places = [place + 0.5 for place in range(len(visits))]
    chart.axis_x("", places, visits)
    numbers_at_risk(chart, places, answered, _("Answered / alive"))
    legend(chart.drawing, 320, 16, [("line", "person", _("one participant")), ("line", "middle", _("median"))])
    return chart.drawing


def baseline_pain(case: Case) -> Pain | None:
    """The last assessment not later than the day of the first beam."""
    before = [assessment for assessment in case.book.every(Pain) if assessment.assessed_on and case.irradiated_on
              and assessment.assessed_on <= case.irradiated_on]  # fmt: skip
    return max(before, key=lambda assessment: (assessment.assessed_on, assessment.pk), default=None)


def treated_again_on(case: Case) -> date | None:
    """The first day on which the index level may have been treated again; what came before SBRT is history."""
    again = [
        PartialDate.of(operation.incision_at_date)
        for operation in case.book.operations
        if operation.index == "no" and operation.at_index_level == "yes" and operation.incision_at_date
    ]
    again += [therapy.started_on for therapy in case.book.therapies
              if therapy.kind == "radiotherapy" and therapy.at_index_level == "yes" and therapy.started_on]  # fmt: skip
    later = [on.earliest for on in again if case.irradiated_on is None or on.latest > case.irradiated_on]
    return min(later, default=None)


def response_of(case: Case, assessment: Pain) -> str:
    """CR, PR, IR, PP, not evaluable, or censored."""
    again = treated_again_on(case)
    if again and assessment.assessed_on and assessment.assessed_on >= again:
        return "censored"
    before = baseline_pain(case)
    if before is None:
        return "not evaluable"
    then = (before.worst_pain, omed_of(case, before))
    return scores.pain_response(then, (assessment.worst_pain, omed_of(case, assessment))).verdict


def _after_beam(case: Case, assessment: Pain) -> bool:
    return bool(assessment.assessed_on and case.irradiated_on and assessment.assessed_on > case.irradiated_on)


def response(cohort: Cohort) -> Figure:
    """The response since before SBRT, visit by visit, with those who were alive and did not answer."""
    visits = [visit for visit in visits_of("pain") if STUDY.visit(visit).anchor != "sbrt"]
    by_visit: dict[str, dict[str, list[Ref]]] = {visit: {} for visit in visits}
    for case in cohort.treated:
        for visit in visits:
            assessment = case.book.visits[visit].pain
            if assessment is not None and _after_beam(case, assessment):
                by_visit[visit].setdefault(response_of(case, assessment), []).append(case.ref(assessment))
            elif alive(case, visit):
                by_visit[visit].setdefault("missing", []).append(case.ref(path=f"{visit}/pain/"))
    words = {"CR": _("complete"), "PR": _("partial"), "IR": _("indeterminate"), "PP": _("progression"),
             "not evaluable": _("not evaluable"), "censored": _("treated again"), "missing": _("missing")}  # fmt: skip
    table = Table(
        columns(("visit", _("Visit")), *[(code.lower().replace(" ", "_"), words[code], True) for code in RESPONSES],
                ("responders", _("Responders"))),
        tuple(_response_row(visit, by_visit[visit]) for visit in visits),
    )  # fmt: skip
    tones = ("good", "soon", "g1", "late2", "g0", "censoring", "side")
    bars = [[by_visit[visit].get(code, []) for code in RESPONSES] for visit in visits]
    layers = [(f"fill {tone}", words[code]) for tone, code in zip(tones, RESPONSES, strict=True)]
    drawing = stacked(visits, bars, layers, _("Participants"))
    at_four = by_visit.get("w4", {})
    yes = len(at_four.get("CR", ())) + len(at_four.get("PR", ()))
    evaluable = sum(len(at_four.get(code, ())) for code in RESPONSES[:4])
    sentence = _("At week 4, %(share)s evaluable had a response.") % {"share": share(yes, evaluable)}
    note = _("Before day %(day)s after surgery opioids are peri-operative.") % {
        "day": int(STUDY.pain["early_before_day"])
    }
    return Figure("response", _("Pain response by visit"), sentence, table, drawing, (note,))


def _response_row(visit: str, responses: dict[str, list[Ref]]) -> Row:
    yes = len(responses.get("CR", ())) + len(responses.get("PR", ()))
    evaluable = sum(len(responses.get(code, ())) for code in RESPONSES[:4])
    return row(visit, visit, *[count(responses.get(code, ())) for code in RESPONSES], share(yes, evaluable))
