"""How the trial is run: forms due and entered, queries, verification, what is overdue (study.md 4.3, 6)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.measurement import Measurement
from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.figure import Cell, Figure, Ref, Row, Table, columns, count, median, row, share
from oversight.analysis.safety import DRAWN
from oversight.casebook import visit_matrix
from oversight.drawing.chart import Chart, legend
from oversight.drawing.shapes import WIDTH, Drawing
from protocol.study import STUDY
from records.model import registry
from records.model.base import ParticipantRecord
from records.models import Query
from records.workflow import source_verification
from records.workflow.source_verification import Verification

AGES = ((0, 7), (8, 14), (15, 28), (29, None))


@dataclass
class Form:
    """One form at one visit, over all participants."""

    complete: list[Ref] = field(default_factory=list)
    draft: list[Ref] = field(default_factory=list)
    missing: list[Ref] = field(default_factory=list)
    due: list[Ref] = field(default_factory=list)
    days: list[int] = field(default_factory=list)

    @property
    def expected(self) -> list[Ref]:
        """What should be there, or is."""
        return [*self.complete, *self.draft, *self.missing]


def _entered_after(case: Case, record: Measurement) -> int | None:
    """Days from what was measured to the first entry; None where it has no date."""
    on = getattr(record, record.measured, None)
    entered = record.created_at.astimezone(case.book.participant.site.tz).date()
    return (entered - on).days if isinstance(on, date) else None


def _forms(cohort: Cohort) -> dict[tuple[str, str], Form]:
    forms: dict[tuple[str, str], Form] = {}
    names = {slug: str(registry.forms()[slug]._meta.verbose_name) for slug in visit_matrix.COLUMNS}
    for case in cohort.cases:
        for visit in cohort.matrix[case.book.participant.pk]:
            for cell in visit.cells:
                record = case.book.visits[visit.code].form(cell.slug)
                if record is None and cell.tone not in ("missing", "due"):
                    continue
                form = forms.setdefault((visit.code, cell.slug), Form())
                ref = case.ref(record, path=f"{visit.code}/{cell.slug}/", label=f"{visit.name} · {names[cell.slug]}")
                if record is None:
                    (form.due if cell.tone == "due" else form.missing).append(ref)
                    continue
                (form.complete if record.is_complete else form.draft).append(ref)
                if (days := _entered_after(case, record)) is not None:
                    form.days.append(days)
    return forms


def _visits(codes: Iterable[str]) -> list[str]:
    """Of the schedule first, then the unscheduled ones."""
    seen = set(codes)
    extra = sorted(seen - set(STUDY.visit_codes), key=lambda code: int(code[1:]))
    return [*(code for code in STUDY.visit_codes if code in seen), *extra]


def completeness(cohort: Cohort) -> Figure:
    """Form × visit: how many of those that should be there are complete, and how long entry took."""
    forms = _forms(cohort)
    order = [(visit, slug) for visit in _visits(visit for visit, _slug in forms) for slug in visit_matrix.COLUMNS]
    rows = tuple(_form_row(visit, slug, forms[visit, slug]) for visit, slug in order if (visit, slug) in forms)
    table = Table(
        columns(("visit", _("Visit")), ("form", _("Form")), ("expected", _("Expected"), True),
                ("complete", _("Complete"), True), ("draft", _("Draft"), True), ("missing", _("Missing"), True),
                ("due", _("Due now"), True), ("median_days", _("Days to entry, median"), True),
                ("max_days", _("Longest"), True)),
        rows,
    )  # fmt: skip
    expected = sum(len(form.expected) for form in forms.values())
    complete = sum(len(form.complete) for form in forms.values())
    days = [day for form in forms.values() for day in form.days]
    middle = median(days)
    params = {"share": share(complete, expected), "days": "–" if middle is None else f"{middle:g}"}
    sentence = _("%(share)s expected forms are complete; the median time to entry is %(days)s days.") % params
    return Figure("completeness", _("Completeness and timeliness"), sentence, table, _heat(forms))


def _form_row(visit: str, slug: str, form: Form) -> Row:
    return row(
        f"{visit}-{slug}", visit, slug, count(form.expected), count(form.complete), count(form.draft),
        Cell(len(form.missing), tuple(form.missing), "bad" if form.missing else ""), count(form.due),
        median(form.days), max(form.days, default=None),
    )  # fmt: skip


def _heat(forms: dict[tuple[str, str], Form]) -> Drawing:
    """A tile a form and visit: the fuller, the more complete; the number is how many are missing or draft."""
    visits = _visits(visit for visit, _slug in forms)
    drawing = Drawing(96 + 30 * len(visit_matrix.COLUMNS))
    left = 150
    step = (WIDTH - left - 10) / max(len(visits), 12)
    for place, visit in enumerate(visits):
        drawing.text("tick", left + step * (place + 0.5), 20, visit, "middle")
    for line, slug in enumerate(visit_matrix.COLUMNS):
        y = 30 + 30 * line
        drawing.text("tick", left - 8, y + 18, registry.forms()[slug]._meta.verbose_name, "end")
        for place, visit in enumerate(visits):
            form = forms.get((visit, slug))
            if form is not None:
                _tile(drawing, form, left + step * place + 2, y, step - 4)
    y = drawing.height - 22
    legend(drawing, left, y, [("rect", "good", _("complete")), ("rect", "late1", _("draft")),
                              ("rect", "late3", _("missing")), ("rect", "gone", _("due now"))])  # fmt: skip
    drawing.text("tick", left, y + 18, _("Below each bar: days from visit to entry, median."))
    return drawing


def _tile(drawing: Drawing, form: Form, x: float, y: float, wide: float) -> None:
    parts = (("good", form.complete), ("late1", form.draft), ("late3", form.missing), ("gone", form.due))
    everything = sum(len(refs) for _css, refs in parts)
    start = x
    for css, refs in parts:
        width = wide * len(refs) / everything
        if refs:
            drawing.rect(f"fill {css}", start, y + 2, width, 13, tip=f"{len(refs)} / {everything}")
        start += width
    middle = median(form.days)
    if middle is not None:
        drawing.text("small", x + wide / 2, y + 27, f"{middle:g} d", "middle")


def queries(cohort: Cohort) -> Figure:
    """How old the queries are that nobody has closed."""
    asked = cohort.queries
    cases = {case.book.participant.pk: case for case in cohort.cases}
    standing = [query for query in asked if query.state != Query.State.CLOSED]
    groups: dict[str, dict[str, list[Ref]]] = {}
    for query in standing:
        age = (cohort.now - query.raised_at).days
        name = next(_age(low, high) for low, high in AGES if high is None or age <= high)
        group = groups.setdefault(name, {})
        for code in (query.state, *(["high"] if query.priority == Query.Priority.HIGH else [])):
            group.setdefault(code, []).append(_query_ref(query, cases[query.participant_id]))
    names, states = [_age(low, high) for low, high in AGES], ("open", "answered", "high")
    table = Table(
        columns(("age", _("Days old")), ("open", _("Open"), True), ("answered", _("Answered"), True),
                ("high", _("of which urgent"), True)),
        tuple(
            row(f"age-{low}", name, *[count(groups.get(name, {}).get(code, ())) for code in states])
            for name, (low, _high) in zip(names, AGES, strict=True)
        ),
    )  # fmt: skip
    closed = [(query.moved_at - query.raised_at).days for query in asked if query.state == Query.State.CLOSED]
    params = {"open": len(standing), "all": len(asked), "days": f"{median(closed) or 0:g}"}
    sentence = _("%(open)s of %(all)s queries are not closed; the median time to close one is %(days)s days.") % params
    if not closed:
        sentence = _("%(open)s of %(all)s queries are not closed.") % params
    return Figure("queries", _("Age of the queries"), sentence, table, _age_bars(names, groups))


def _age(low: int, high: int | None) -> str:
    return f"{low}–{high}" if high is not None else f"> {low - 1}"


def _query_ref(query: Query, case: Case) -> Ref:
    label = f"{case.code} · {query.number}. {query.sentence[:80]}"
    return Ref(case.code, "", label, case.visible, reverse("query", args=[query.pk]))


def _age_bars(names: list[str], groups: dict[str, dict[str, list[Ref]]]) -> Drawing:
    most = max((len(group.get("open", ())) + len(group.get("answered", ())) for group in groups.values()), default=1)
    chart = Chart(70 + 34 * len(names), (0, most), (0, 1), left=90, right=70, bottom=36)
    for line, name in enumerate(names):
        y, x = 30 + 34 * line, float(chart.left)
        chart.drawing.text("tick", chart.left - 8, y + 15, _("%(n)s days") % {"n": name}, "end")
        for code, css in (("open", "late1"), ("answered", "soon")):
            refs = groups.get(name, {}).get(code, [])
            width = (chart.edge - chart.left) * len(refs) / most
            if refs:
                url = f"{reverse('figure-records', args=['queries'])}?row=age-{AGES[line][0]}&column={code}"
                chart.drawing.rect(f"fill {css}", x, y, width, 20, tip=f"{len(refs)}", url=url)
            x += width
        total = sum(len(groups.get(name, {}).get(code, ())) for code in ("open", "answered"))
        chart.drawing.text("tick", x + 8, y + 15, total)
    marks = [("rect", "late1", _("open")), ("rect", "soon", _("answered, to be closed"))]
    legend(chart.drawing, chart.left, chart.height - 12, marks)
    return chart.drawing


def verification(cohort: Cohort) -> Figure:
    """Form by form, how many answers of complete forms have been compared with the source."""
    known = cohort.verifications
    per_form = {slug: _compared(cohort, slug, known) for slug in registry.forms()}
    rows = tuple(
        row(slug, slug, str(registry.forms()[slug]._meta.verbose_name), count(refs), count(full), answers, compared,
            answers - compared)
        for slug, (refs, full, answers, compared) in per_form.items()
        if refs
    )  # fmt: skip
    table = Table(
        columns(("form", _("Form")), ("name", _("Name")), ("complete", _("Complete records"), True),
                ("verified", _("wholly compared"), True), ("answers", _("Answers"), True),
                ("compared", _("compared"), True), ("left", _("left"), True)),
        rows,
    )  # fmt: skip
    answers = sum(counts[2] for counts in per_form.values())
    compared = sum(counts[3] for counts in per_form.values())
    sentence = _("%(share)s answers of complete forms have been compared with the source.") % {
        "share": share(compared, answers)
    }
    bars = [(line.cells[1].value, line.cells[4].value, line.cells[5].value) for line in rows]
    return Figure("verification", _("Source verification"), sentence, table, _progress_bars(bars))


def _compared(cohort: Cohort, slug: str, known: list[Verification]) -> tuple[list[Ref], list[Ref], int, int]:
    """Complete records, those wholly compared, and how many of their answers are."""
    form = registry.forms()[slug]
    records = [(case, record) for case in cohort.cases for record in case.book.every(form) if record.is_complete]
    parts: list[tuple[Case, ParticipantRecord, ParticipantRecord]] = [
        (case, record, record) for case, record in records
    ]
    for case, record in records:
        parts += [(case, record, line) for line in case.book.rows_of(record)]
    standing = source_verification.valid_verifications([part for _case, _each, part in parts], known)
    answers = compared = 0
    whole = {record.pk for _case, record in records}
    for _case, whole_form, part in parts:
        names = source_verification.to_compare(part)
        have = standing.get((part._meta.db_table, part.pk), {})
        answers, compared = answers + len(names), compared + sum(name in have for name in names)
        if any(name not in have for name in names):
            whole.discard(whole_form.pk)
    refs = [case.ref(record) for case, record in records]
    return refs, [case.ref(record) for case, record in records if record.pk in whole], answers, compared


def _progress_bars(bars: list[tuple[str, int, int]]) -> Drawing:
    chart = Chart(70 + 24 * max(len(bars), 1), (0, 100), (0, 1), left=210, right=90)
    for line, (name, answers, compared) in enumerate(bars):
        y, pct = 10 + 24 * line, 100 * compared / answers if answers else 0
        chart.drawing.text("tick", chart.left - 8, y + 13, name, "end")
        chart.drawing.rect("gone", chart.left, y, chart.edge - chart.left, 15)
        chart.drawing.rect("good", chart.left, y, chart.x(pct) - chart.left, 15, tip=share(compared, answers))
        chart.drawing.text("small", chart.edge + 6, y + 13, f"{compared} / {answers}")
    chart.axis_x(_("Answers compared (%)"), [0, 25, 50, 75, 100])
    return chart.drawing


def overdue(cohort: Cohort) -> Figure:
    """Participants × visits: what is due, and what is late."""
    codes = STUDY.visit_codes
    cases = []
    for case in cohort.cases:
        status = {visit.code: visit for visit in cohort.matrix[case.book.participant.pk]}
        if any(status[code].status in ("due", "overdue") for code in codes):
            cases.append((case, status))
    table = Table(
        columns(("participant", _("Participant")), *[(code, code) for code in codes]),
        tuple(
            row(case.key, Cell(case.code, (case.ref(),)), *[_status_cell(case, status[code]) for code in codes])
            for case, status in cases
        ),
    )  # fmt: skip
    late = sum(status[code].status == "overdue" for _case, status in cases for code in codes)
    due = sum(status[code].status == "due" for _case, status in cases for code in codes)
    people = sum(any(status[code].status == "overdue" for code in codes) for _case, status in cases)
    words = {"late": late, "people": people, "due": due}
    sentence = _("%(late)s visits of %(people)s participants are overdue; %(due)s are due now.") % words
    return Figure("overdue", _("Overdue visits"), sentence, table, _overdue_tiles(cases, codes))


def _status_cell(case: Case, visit: visit_matrix.VisitRow) -> Cell:
    tone = {"overdue": "bad", "due": "open"}.get(visit.status, "")
    ref = case.ref(label=visit.name, path=_path(case, visit))
    return Cell(visit.status, (ref,), tone)


def _path(case: Case, visit: visit_matrix.VisitRow) -> str:
    return visit.url.split(f"{case.book.participant.code}/", 1)[1]


def _overdue_tiles(cases: list[tuple[Case, dict[str, visit_matrix.VisitRow]]], codes: list[str]) -> Drawing:
    shown = cases[:DRAWN]
    drawing = Drawing(80 + 26 * max(len(shown), 1))
    left, step = 90, (WIDTH - 100) / len(codes)
    for place, code in enumerate(codes):
        drawing.text("tick", left + step * (place + 0.5), 20, code, "middle")
    for line, (case, status) in enumerate(shown):
        y = 30 + 26 * line
        drawing.text("tick", left - 8, y + 14, case.code, "end", url=case.ref().url)
        for place, code in enumerate(codes):
            _overdue_mark(drawing, case, status[code], left + step * (place + 0.5), y + 9)
    if not shown:
        drawing.text("tick", WIDTH / 2, 46, _("Nothing is due or overdue."), "middle")
    legend(drawing, left, drawing.height - 14, [
        ("circle", "mark good", _("done")), ("diamond", "mark open", _("due")), ("triangle", "mark bad", _("overdue")),
        ("line", "grid", _("to come, or not expected")),
    ])  # fmt: skip
    return drawing


def _overdue_mark(drawing: Drawing, case: Case, visit: visit_matrix.VisitRow, x: float, y: float) -> None:
    tip, url = f"{case.code}, {visit.name}: {visit.words}", visit.url if case.visible else ""
    if visit.status == "overdue":
        drawing.triangle("mark bad", x, y, 8.0, tip=tip, url=url)
    elif visit.status == "due":
        drawing.diamond("mark open", x, y, 7.0, tip=tip, url=url)
    elif visit.status in ("done", "not-done"):
        drawing.circle("mark good" if visit.status == "done" else "mark gone", x, y, 5.0, tip=tip, url=url)
    else:
        drawing.line("grid", x - 6, y, x + 6, y)
