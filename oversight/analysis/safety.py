"""The stopping boundary and the endpoint, participant after participant (study.md 5.5, 5.9, 7.2 table 7)."""

from collections.abc import Sized
from datetime import date

from django.utils.translation import gettext as _

from oversight.analysis.cohort import Case, Cohort
from oversight.analysis.figure import Cell, Figure, Row, Table, columns, row
from oversight.drawing.chart import Chart, legend, whole_ticks
from oversight.drawing.shapes import WIDTH, Drawing
from oversight.endpoint import stopping_boundary
from oversight.endpoint.history import PRIMARY
from protocol import stopping
from protocol.partial_dates import PartialDate
from protocol.study import STUDY

SHAPES = {"yes": "triangle", "no": "circle", "undetermined": "diamond", "not evaluable": "rect"}
TONES = {"yes": "bad", "no": "good", "undetermined": "open", "not evaluable": "gone"}
READINGS = ("primary", "secondary", "sensitivity")
DRAWN = 60  # participants drawn one by one; the table has all


def verdict_words() -> dict[str, str]:
    """The four verdicts as a person reads them."""
    return {
        "yes": _("event"),
        "no": _("no event"),
        "undetermined": _("cannot be told yet"),
        "not evaluable": _("not evaluable"),
    }


def summary(cohort: Cohort) -> stopping_boundary.Summary:
    """The boundary on what is recorded, in the order of treatment."""
    return stopping_boundary.summarise(
        (case.code, case.book.participant.pk, case.judged[PRIMARY].verdict) for case in cohort.treated
    )


def boundary_plot(cohort: Cohort) -> Figure:
    """Evaluable participants against cumulative events, with the region in which the rule says stop."""
    totals = summary(cohort)
    by_pk = {case.book.participant.pk: case for case in cohort.treated}
    looked = {look.participant_id: look for look in totals.looks}
    table = Table(
        columns(
            ("case", _("Case"), True), ("participant", _("Participant")), ("verdict", _("Primary endpoint")),
            ("evaluable", _("Evaluable"), True), ("events", _("Events"), True), ("boundary", _("Boundary"), True),
            ("posterior", _("Posterior"), True),
        ),
        tuple(_look_row(case, looked.get(pk)) for pk, case in by_pk.items()),
    )  # fmt: skip
    open_ones = [case for case in cohort.treated if case.judged[PRIMARY].verdict == "undetermined"]
    notes = [
        _("Exact 95 %% interval %(low)s to %(high)s %%; probability that the true rate is above %(rate)s %%: %(p)s %%.")
        % {"low": totals.low_pct, "high": totals.high_pct, "rate": f"{100 * STUDY.stopping['unacceptable']:g}",
           "p": totals.posterior_pct},
        _("Not evaluable: %(n)s. Counted as without an event: %(best)s of %(all)s; as with one: %(worst)s of %(all)s.")
        % {"n": len(totals.not_evaluable), "best": totals.best[0], "worst": totals.worst[0], "all": totals.best[1]},
    ]  # fmt: skip
    if open_ones:
        names = ", ".join([*(case.code for case in open_ones[:DRAWN]), *(["…"] if len(open_ones) > DRAWN else [])])
        notes.append(_("Cannot be told yet, so not counted: %(names)s.") % {"names": names})
    drawing = _boundary_drawing(totals, by_pk)
    return Figure("boundary", _("Stopping boundary"), _boundary_sentence(totals), table, drawing, tuple(notes))


def _boundary_sentence(totals: stopping_boundary.Summary) -> str:
    """Events among the evaluable, and how far the boundary is."""
    params = {"events": totals.events, "n": totals.evaluable, "limit": totals.judged.boundary,
            "from": f"{STUDY.stopping['look_from']:g}"}  # fmt: skip
    if totals.judged.boundary is None:
        return _("%(events)s of %(n)s evaluable had an event; the first look is after %(from)s.") % params
    if totals.judged.verdict == "stop":
        return _("Boundary reached: %(events)s of %(n)s evaluable had an event; the boundary is %(limit)s.") % params
    return _("%(events)s of %(n)s evaluable had an event; the boundary is %(limit)s.") % params


def _look_row(case: Case, look: stopping_boundary.Look | None) -> Row:
    verdict = case.judged[PRIMARY].verdict
    cells = (
        (look.evaluable, look.events, look.judged.boundary, round(look.judged.posterior, 4)) if look else (None,) * 4
    )
    stop = look is not None and look.judged.verdict == "stop"
    return row(
        case.key, case.number, Cell(case.code, (case.ref(),)), Cell(verdict, (case.endpoint_ref,), TONES[verdict]),
        cells[0], Cell(cells[1], (case.endpoint_ref,) if look else (), "bad" if stop else ""), cells[2], cells[3],
    )  # fmt: skip


def _boundary_drawing(totals: stopping_boundary.Summary, by_pk: dict[int, Case]) -> Drawing:
    pending = len(totals.undetermined)
    last = max(STUDY.participants, totals.evaluable + pending)
    highest = max((stopping.boundary(last) or 0) + 2, totals.events + pending + 1)
    chart = Chart(370, (0, last), (-0.3, highest), left=40, top=44)
    chart.axis_y(_("Participants with an event"), [float(tick) for tick in whole_ticks(highest) if tick <= highest])
    drawing = chart.drawing
    _stop_region(chart, last, highest)
    if pending:
        _wedge(drawing, chart, totals, pending)
    walked = totals.looks[:: each_of(totals.evaluable)] + totals.looks[-1:]
    looks = [(chart.x(look.evaluable), chart.y(look.events)) for look in walked]
    drawing.path("walk", [(chart.x(0), chart.y(0)), *looks])
    shown = totals.looks[-DRAWN:]
    for look in shown:
        case = by_pk[look.participant_id]
        shape, css = (drawing.triangle, "mark bad") if look.event else (drawing.circle, "mark good")
        x, y = chart.x(look.evaluable), chart.y(look.events)
        tip = f"{case.code}: {verdict_words()['yes' if look.event else 'no']}"
        shape(css, x, y, 7.0, tip=tip, url=case.endpoint_ref.url)
        if len(shown) <= STUDY.participants:
            drawing.text("small", x, y - 12, short(case), "middle")
    chart.axis_x(_("Evaluable participants, in the order of treatment"), whole_ticks(last, 13))
    legend(drawing, chart.left + 200, 16, [
        ("triangle", "mark bad", _("event")), ("circle", "mark good", _("no event")),
        ("line", "wedge", _("where those who cannot be told yet may lead")),
    ])  # fmt: skip
    return drawing


def each_of(participants: int) -> int:
    """1 to draw every participant; in a study wider than the paper only each so-manieth, as nobody can see more."""
    return max(1, participants // 400)


def _stop_region(chart: Chart, last: int, highest: int) -> None:
    """From the first look on, the counts at which the rule says stop."""
    stride = each_of(last)
    steps = [(n, limit) for n in range(1, last + 1, stride) if (limit := stopping.boundary(n)) is not None]
    edge = [point for n, limit in steps for point in ((n - 0.5, limit - 0.5), (n + stride - 0.5, limit - 0.5))]
    if not edge:
        return
    edge[-1] = (last, edge[-1][1])
    corners = [(chart.x(x), chart.y(y)) for x, y in edge]
    top, left = chart.y(highest), corners[0][0]
    chart.drawing.path("stop-region", [*corners, (chart.x(last), top), (left, top)], closed=True)
    chart.drawing.path("stop-edge", corners)
    chart.drawing.text("stop-label", left + 12, top + 22, _("Stop: a person decides"))


def _wedge(drawing: Drawing, chart: Chart, totals: stopping_boundary.Summary, pending: int) -> None:
    """From the last look to where it may be once everybody can be told: none of them an event, or all."""
    x, y = chart.x(totals.evaluable), chart.y(totals.events)
    end = chart.x(totals.evaluable + pending)
    for events in (totals.events, totals.events + pending):
        drawing.path("wedge", [(x, y), (end, chart.y(events))])


def endpoint_strip(cohort: Cohort) -> Figure:
    """Three readings of the endpoint for each treated participant, in case order."""
    cases = cohort.treated
    table = Table(
        columns(
            ("case", _("Case"), True), ("participant", _("Participant")), ("began", _("First treatment")),
            ("primary", _("Primary")), ("secondary", _("Secondary")), ("sensitivity", _("Sensitivity")),
            ("event_on", _("First event began")), ("day", _("Days after surgery"), True), ("because", _("Because")),
        ),
        tuple(_endpoint_row(case) for case in cases),
    )  # fmt: skip
    got = {verdict: sum(case.judged[PRIMARY].verdict == verdict for case in cases) for verdict in SHAPES}
    params = {"n": len(cases), "yes": got["yes"], "no": got["no"], "open": got["undetermined"],
            "lost": got["not evaluable"]}  # fmt: skip
    sentence = _(
        "Of %(n)s treated: %(yes)s with an event, %(no)s without, %(open)s that cannot be told yet, %(lost)s not "
        "evaluable."
    )
    return Figure("endpoint", _("Endpoint, case by case"), sentence % params, table, _strip(cases),
                  _readings() + drawn_note(cases))  # fmt: skip


def drawn_note(entries: Sized) -> tuple[str, ...]:
    """Said where more are in the table than in the drawing."""
    return (_("The last %(n)s are drawn; the table has all.") % {"n": DRAWN},) if len(entries) > DRAWN else ()


def _readings() -> tuple[str, ...]:
    rules = STUDY.endpoint
    params = {"days": rules["days"], "more": rules["secondary_days"]}
    return (
        _("Primary: grade 3, 4 or 5 caused by the treatment within %(days)s days after surgery; secondary: within "
          "%(more)s days; sensitivity: grade 3 or 4 only.") % params,
    )  # fmt: skip


def _endpoint_row(case: Case) -> Row:
    primary = case.judged[PRIMARY]
    cells = [
        Cell(case.judged[reading].verdict, (case.endpoint_ref,), TONES[case.judged[reading].verdict])
        for reading in READINGS
    ]
    began = case.began_on
    event_on = primary.at or ""
    return row(
        case.key, case.number, Cell(case.code, (case.ref(),)), began.isoformat() if began else "", *cells, event_on,
        _days_after(case, event_on), primary.because,
    )  # fmt: skip


def _days_after(case: Case, event_on: str) -> int | None:
    """Days after surgery, where the day is known."""
    if not event_on or case.anchor_on is None or len(event_on) < 10:
        return None
    return (date.fromisoformat(event_on[:10]) - case.anchor_on).days


def _strip(cases: list[Case]) -> Drawing:
    shown = cases[-DRAWN:]
    names = {"primary": _("Primary"), "secondary": _("Secondary"), "sensitivity": _("Sensitivity")}
    left, step = 100, (WIDTH - 120) / max(len(shown), 13)
    drawing = Drawing(210)
    for line, reading in enumerate(READINGS):
        y = 40 + 42 * line
        drawing.text("tick", left - 10, y + 5, names[reading], "end")
        drawing.line("grid", left, y, WIDTH - 10, y)
        for place, case in enumerate(shown):
            verdict = case.judged[reading].verdict
            _mark(drawing, verdict, left + step * (place + 0.5), y, case)
    for place, case in enumerate(shown):
        if len(shown) <= 20 or place % 5 == 0:
            drawing.text("tick", left + step * (place + 0.5), 160, short(case), "middle")
    words = verdict_words()
    legend(drawing, left, 196, [(SHAPES[verdict], f"mark {TONES[verdict]}", words[verdict]) for verdict in SHAPES])
    return drawing


def _mark(drawing: Drawing, verdict: str, x: float, y: float, case: Case) -> None:
    css, tip = f"mark {TONES[verdict]}", f"{case.code}: {verdict_words()[verdict]}"
    if SHAPES[verdict] == "rect":
        drawing.rect(css, x - 6, y - 6, 12, 12, tip=tip, url=case.endpoint_ref.url)
    else:
        getattr(drawing, SHAPES[verdict])(css, x, y, 8.0, tip=tip, url=case.endpoint_ref.url)


def short(case: Case) -> str:
    """The number of the code, for where the whole does not fit."""
    return case.code.split("-")[-1] if case.visible else "·"


def partial(day: PartialDate | None) -> str:
    """As it was given."""
    return str(day) if day else ""
