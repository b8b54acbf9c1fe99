"""The tables of the report that are no drawing: baseline, treatments, endpoint, deviations, events, what is open."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from enrollment.models import Baseline, Deviation, Eligibility, Screening
from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.endings import minutes
from oversight.analysis.figure import Cell, Column, Figure, Ref, Row, Table, columns, median, row
from oversight.analysis.outcomes import baseline_pain, omed_of
from oversight.analysis.safety import READINGS, TONES
from oversight.casebook import facts
from oversight.endpoint import stopping_boundary
from procedures.models import Sbrt, Surgery, TechniqueChange
from protocol import stopping
from protocol.scores import sins_band
from records.model.base import ParticipantRecord, RepeatingRecord, SingleRecord
from records.model.fields import crf_field

Take = Callable[[Case], tuple[Any, ParticipantRecord | None]]


def _from(model: type[SingleRecord], name: str) -> Take:
    """One answer of a form that is filled in once, with its record."""

    def take(case: Case) -> tuple[Any, ParticipantRecord | None]:
        record = next(iter(case.book.every(model)), None)
        return (getattr(record, name), record) if record is not None else (None, None)

    return take


def _words(model: type[SingleRecord], name: str) -> Take:
    """The same in the words of the form."""

    def take(case: Case) -> tuple[Any, ParticipantRecord | None]:
        record = next(iter(case.book.every(model)), None)
        if record is None:
            return None, None
        value = getattr(record, name)
        return (crf_field(model, name).shown(value) if value else None), record

    return take


def _of_surgery(name: str) -> Take:
    def take(case: Case) -> tuple[Any, ParticipantRecord | None]:
        operation = case.book.index_operation
        value = getattr(operation, name) if operation is not None else None
        if operation is not None and value and crf_field(Surgery, name).choices:
            value = crf_field(Surgery, name).shown(value)
        return value, operation

    return take


def _per_patient(slug: str, title: str, sentence: str, cases: list[Case], takes: list[tuple[Column, Take]]) -> Figure:
    """A line a participant in case order, and below it the median and the range of what is a number."""
    lines = [[take(case) for _column, take in takes] for case in cases]
    rows = [
        Row(case.key, (Cell(case.number), Cell(case.code, (case.ref(),)),
                       *[_cell(case, value, record) for value, record in line]))
        for case, line in zip(cases, lines, strict=True)
    ]  # fmt: skip
    numbers = [
        [float(line[place][0]) for line in lines if line[place][0] is not None] if column.number else None
        for place, (column, _take) in enumerate(takes)
    ]
    rows.append(row("median", None, _("median"), *[_tidy(median(values)) if values else None for values in numbers]))
    rows.append(
        row("range", None, _("range"), *[f"{min(values):g}–{max(values):g}" if values else None for values in numbers])
    )
    head = columns(("case", _("Case"), True), ("participant", _("Participant")))
    return Figure(slug, title, sentence, Table((*head, *[column for column, _take in takes]), tuple(rows)))


def _tidy(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _cell(case: Case, value: Any, record: ParticipantRecord | None) -> Cell:
    refs = (case.ref(record),) if record is not None else ()
    if value is None or isinstance(value, int | float):
        return Cell(value, refs)
    try:
        return Cell(float(value), refs) if not isinstance(value, str) else Cell(value, refs)
    except (TypeError, ValueError):
        return Cell(str(value), refs)


def _pain_before(case: Case) -> tuple[Any, ParticipantRecord | None]:
    assessment = baseline_pain(case)
    return (assessment.worst_pain, assessment) if assessment is not None else (None, None)


def _omed_before(case: Case) -> tuple[Any, ParticipantRecord | None]:
    assessment = baseline_pain(case)
    return (omed_of(case, assessment), assessment) if assessment is not None else (None, None)


def _sins_band(case: Case) -> tuple[Any, ParticipantRecord | None]:
    asked = case.book.eligibility
    if asked is None or asked.sins_total is None:
        return None, asked
    return sins_band(asked.sins_total), asked


def baseline(cohort: Cohort) -> Figure:
    """Table 1: who was treated."""
    takes = [
        (Column("age", _("Age"), True), _from(Eligibility, "age")),
        (Column("sex", _("Sex")), _words(Screening, "sex")),
        (Column("tumour", _("Primary tumour")), _words(Baseline, "primary_tumour")),
        (Column("levels", _("Index level")), _words(Screening, "index_levels")),
        (Column("sins", _("SINS"), True), _from(Eligibility, "sins_total")),
        (Column("sins_band", _("SINS band")), _sins_band),
        (Column("bilsky", _("Bilsky")), _from(Eligibility, "bilsky")),
        (Column("ais", _("AIS")), _from(Eligibility, "ais")),
        (Column("kps", _("KPS"), True), _from(Eligibility, "kps")),
        (Column("asa", _("ASA")), _from(Eligibility, "asa")),
        (Column("worst_pain", _("Worst pain"), True), _pain_before),
        (Column("omed", _("OMED, mg"), True), _omed_before),
        (Column("systemic", _("Systemic therapy")), _words(Baseline, "systemic_therapy")),
        (Column("metastases", _("Metastases")), _words(Baseline, "metastases")),
        (Column("expectancy", _("Life expectancy")), _words(Eligibility, "life_expectancy")),
    ]
    sentence = _("%(n)s treated participants before treatment.") % {"n": len(cohort.treated)}
    return _per_patient("baseline", _("Baseline"), sentence, cohort.treated, takes)


def _delivery_minutes(case: Case) -> tuple[Any, ParticipantRecord | None]:
    sbrt = case.book.sbrt
    spans = [(fraction.moment("beam_on_at"), fraction.moment("beam_off_at")) for fraction in case.book.fractions]
    known = [(on, off) for on, off in spans if isinstance(on, datetime) and isinstance(off, datetime)]
    if sbrt is None or not spans or len(known) < len(spans):
        return None, sbrt
    return round(sum((off - on).total_seconds() for on, off in known) / 60), sbrt


def sbrt(cohort: Cohort) -> Figure:
    """Table 3: what was given."""
    doses = [
        ("prescription_metastasis_gy", _("Metastasis, Gy")), ("prescription_vertebra_gy", _("Vertebra, Gy")),
        ("delivered_fractions", _("Sessions")), ("coverage_v95_pct", _("V95, %")), ("dmax_gy", _("Dmax, Gy")),
        ("cord_dmax_gy", _("Cord, Gy")), ("cauda_dmax_gy", _("Cauda, Gy")), ("oesophagus_dmax_gy", _("Oesophagus, Gy")),
        ("surgical_area_mean_gy", _("Surgical area, Gy")),
    ]  # fmt: skip
    takes: list[tuple[Column, Take]] = [(Column(name, words, True), _from(Sbrt, name)) for name, words in doses]
    takes += [(Column("minutes", _("Minutes"), True), _delivery_minutes), (Column("delivery", _("Delivery")),
                                                                         _words(Sbrt, "delivery"))]  # fmt: skip
    cases = [case for case in cohort.treated if case.irradiated_on]
    return _per_patient("sbrt", _("SBRT"), _("%(n)s were irradiated.") % {"n": len(cases)}, cases, takes)


def _levels(case: Case) -> tuple[Any, ParticipantRecord | None]:
    operation = case.book.index_operation
    if operation is None or not operation.upper_level or not operation.lower_level:
        return None, operation
    return f"{operation.upper_level}–{operation.lower_level}", operation


def _took(case: Case) -> tuple[Any, ParticipantRecord | None]:
    operation = case.book.index_operation
    return (minutes(operation) if operation is not None else None), operation


def _between(later: str, earlier: str) -> Take:
    def take(case: Case) -> tuple[Any, ParticipantRecord | None]:
        operation = case.book.index_operation
        end = getattr(operation, later, None)
        start = case.operated_on if earlier == "incision" else getattr(operation, earlier, None)
        return ((end - start).days if end and start else None), operation

    return take


def _transfused(case: Case) -> tuple[Any, ParticipantRecord | None]:
    operation = case.book.index_operation
    if operation is None:
        return None, None
    during, after = operation.red_cells_during_units, operation.red_cells_after_units
    return (during + after if during is not None and after is not None else None), operation


def surgery(cohort: Cohort) -> Figure:
    """Table 4: the index operation."""
    takes: list[tuple[Column, Take]] = [
        (Column("approach", _("Approach")), _of_surgery("approach")),
        (Column("levels", _("Levels")), _levels),
        (Column("screws", _("Screws"), True), _of_surgery("screws")),
        (Column("cement", _("Cement")), _of_surgery("cement")),
        (Column("decompression", _("Decompression")), _of_surgery("decompression")),
        (Column("minutes", _("Minutes"), True), _took),
        (Column("blood_loss_ml", _("Blood loss, ml"), True), _of_surgery("blood_loss_ml")),
        (Column("red_cells", _("Red cells, units"), True), _transfused),
        (Column("walking_day", _("Out of bed, day"), True), _between("mobilised_on", "incision")),
        (Column("stay_days", _("Stay, days"), True), _between("discharge_on", "admission_on")),
    ]
    cases = cohort.operated
    return _per_patient("surgery", _("Surgery"), _("%(n)s were operated.") % {"n": len(cases)}, cases, takes)


def endpoint_summary(cohort: Cohort) -> Figure:
    """Table 7: counts, exact intervals, best and worst case, posterior."""
    rows = []
    names = {"primary": _("Primary, 60 days"), "secondary": _("Secondary, 90 days"),
             "sensitivity": _("Sensitivity, grade 3 or 4")}  # fmt: skip
    for reading in READINGS:
        summary = stopping_boundary.summarise((case.code, case.book.participant.pk, case.judged[reading].verdict)
                            for case in cohort.treated)  # fmt: skip
        refs = {verdict: tuple(case.endpoint_ref for case in cohort.treated if case.judged[reading].verdict == verdict)
                for verdict in TONES}  # fmt: skip
        upper = (
            f"{100 * stopping.upper_one_sided(summary.events, summary.evaluable):.1f}" if summary.evaluable else None
        )
        rows.append(
            row(reading, names[reading], Cell(summary.events, refs["yes"]),
                Cell(summary.evaluable, refs["yes"] + refs["no"]), len(cohort.treated), summary.low_pct,
                summary.high_pct, upper, " / ".join(map(str, summary.best)), " / ".join(map(str, summary.worst)),
                Cell(len(summary.undetermined), refs["undetermined"]), Cell(len(summary.not_evaluable),
                                                                         refs["not evaluable"]), summary.posterior_pct)
        )  # fmt: skip
    table = Table(
        columns(("reading", _("Reading")), ("events", _("Events"), True), ("evaluable", _("Evaluable"), True),
                ("treated", _("Treated"), True), ("low", _("95 % from"), True), ("high", _("to"), True),
                ("upper", _("one-sided"), True), ("best", _("Best case")), ("worst", _("Worst case")),
                ("undetermined", _("Open"), True), ("not_evaluable", _("Not evaluable"), True),
                ("posterior", _("P(rate > 30 %), %"), True)),
        tuple(rows),
    )  # fmt: skip
    first = rows[0].cells
    params = {"events": first[1].value, "n": first[2].value, "all": first[3].value}
    sentence = _("Primary endpoint: %(events)s of %(n)s evaluable, of %(all)s treated.") % params
    return Figure("endpoint-summary", _("Primary endpoint"), sentence, table)


def _listing(
    cohort: Cohort, slug: str, form: type[RepeatingRecord], title: str, sentence: str, questions: list[tuple[str, str]]
) -> Figure:
    """Every record of a form, with some of its answers in the words of the form."""
    rows = []
    for case in cohort.cases:
        for record in case.book.every(form):
            values = []
            for name, _heading in questions:
                value = getattr(record, name)
                words = crf_field(form, name).shown(value) if value not in (None, "", []) else ""
                values.append(str(words))
            ref = (case.ref(record),)
            rows.append(
                row(f"{case.key}-{record.number}", Cell(case.code, (case.ref(),)), Cell(record.number, ref), *values)
            )
    head = columns(("participant", _("Participant")), ("number", _("Number"), True), *questions)
    return Figure(slug, title, sentence % {"n": len(rows)}, Table(head, tuple(rows)))


def deviations(cohort: Cohort) -> Figure:
    """Table 8: what did not go by the protocol."""
    questions = [("kind", _("What")), ("occurred_on", _("When")), ("classification", _("Class")), ("cause", _("Why")),
            ("description", _("What happened"))]  # fmt: skip
    return _listing(cohort, "deviations", Deviation, _("Deviations"), _("%(n)s protocol deviations."), questions)


def technique(cohort: Cohort) -> Figure:
    """IDEAL: every change of the technique, and from which participant it applies."""
    questions = [("changed_on", _("Decided on")), ("area", _("Part")), ("what", _("What")), ("why", _("Why")),
            ("kept", _("Kept"))]  # fmt: skip
    return _listing(cohort, "technique", TechniqueChange, _("Changes of technique"), _("%(n)s changes."), questions)


def line_listing(cohort: Cohort) -> Figure:
    """Table 11: every event on one line, for the committee."""
    rows = []
    for case in cohort.cases:
        for event in case.book.adverse_events:
            grades = [line.grade for line in case.book.grades_of(event) if line.grade]
            ref: tuple[Ref, ...] = (case.ref(event),)
            rows.append(
                row(f"{case.key}-{event.number}", Cell(case.code, (case.ref(),)), Cell(event.number, ref),
                    event.ctcae_term or "", Cell(event.verbatim or "", ref), max(grades, default=None),
                    str(event.onset_on or ""), str(event.ended_on or ("" if event.ongoing != "yes" else _("ongoing"))),
                    "yes" if event.is_serious else "no", event.counting("sbrt") or "", event.counting("surgery") or "",
                    event.counting("combination") or "", event.outcome or "")
            )  # fmt: skip
    table = Table(
        columns(("participant", _("Participant")), ("number", _("Number"), True), ("term", _("Term")),
                ("words", _("In the words reported")), ("worst", _("Worst grade"), True), ("began", _("Began")),
                ("ended", _("Ended")), ("serious", _("Serious")), ("sbrt", _("SBRT")), ("surgery", _("Surgery")),
                ("combination", _("Combination")), ("outcome", _("Outcome"))),
        tuple(rows),
    )  # fmt: skip
    sentence = _("%(n)s adverse events, with the relatedness that counts.") % {"n": len(rows)}
    return Figure("line-listing", _("Line listing of adverse events"), sentence, table)


def undetermined(cohort: Cohort) -> Figure:
    """What cannot be told yet, and what would settle it."""
    rows = []
    for case in cohort.cases:
        questions = [(_("primary endpoint"), question, case.endpoint_ref)
                     for question in (case.judged["primary"].settle if case.treated else ())]  # fmt: skip
        if case.treated and case.window.verdict == "undetermined":
            questions.append((_("48-hour window"), case.window.because, case.ref()))
        judged = facts.eligibility(case.book)
        record = case.book.eligibility
        if judged is not None and judged.verdict == "undetermined":
            questions.append((_("eligibility"), judged.because, case.ref(record)))
        rows += [row(f"{case.key}-{n}", Cell(case.code, (case.ref(),)), about, Cell(question, (ref,)))
                 for n, (about, question, ref) in enumerate(questions)]  # fmt: skip
    table = Table(columns(("participant", _("Participant")), ("about", _("About")), ("question", _("What is open"))),
                  tuple(rows))  # fmt: skip
    sentence = _("%(n)s things cannot be told yet.") % {"n": len(rows)}
    return Figure("undetermined", _("What is undetermined"), sentence, table)
