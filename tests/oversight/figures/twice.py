"""Each figure and each table of the report beside its second computation: what is compared, and that nothing is not."""

import csv
import io
from datetime import UTC, datetime
from itertools import product, zip_longest

from oversight.analysis import cohort
from oversight.analysis.pages import FIGURES
from oversight.figures import report
from records.model import registry
from tests.oversight.figures import (
    recomputed,
    recomputed_conduct,
    recomputed_outcomes,
    recomputed_progress,
    recomputed_report,
)

WOUND_VISITS = ["d1", "d2", "d3", "disch", "w2", "w4", "w6", "d60", "d90"]
READINGS = [(related, days) for related in ("all", "any", "sbrt", "surgery", "combination")
            for days in ("all", "60", "90")]  # fmt: skip
PRINTED = {("wounds", "name"), ("verification", "name")}  # the words of the schedule and of the forms: nothing computed


def read(browser, address):
    """The lines of a CSV, as the browser gets it."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    text = answer.content.decode() if not answer.streaming else b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def plain(rows):
    """Numbers as numbers, nothing as nothing."""
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value):
    if value is None or value == "":
        return ""
    text = str(value).removeprefix("'")  # what keeps a spreadsheet from running it
    try:
        return round(float(text), 3)
    except ValueError:
        return text


def _safety(files, utc):
    tables = {
        "boundary": recomputed.boundary(files),
        "endpoint": recomputed.endpoint(files),
        "serious": recomputed_conduct.serious(files, utc),
        "deaths": recomputed.deaths(files),
        "swimmer": recomputed.swimmer(files),
        "first-severe": recomputed.first_severe(files),
        "wounds": recomputed.wounds(files, WOUND_VISITS),
    }
    for related, days in READINGS:
        tables[f"events?related={related}&days={days}"] = recomputed.events(files, related, days)
    return tables


def _progress(files, now):
    rows_of = {slug: [row.slug for row in registry.rows_of(model)] for slug, model in registry.forms().items()}
    return {
        "flow": recomputed_progress.flow(files, now),
        "accrual": recomputed_progress.accrual(files),
        "interval": recomputed_progress.interval(files, now),
        "overdue": recomputed_progress.overdue(files, now),
        "completeness": recomputed_progress.completeness(files, now),
        "queries": recomputed_progress.queries(files, now),
        "verification": recomputed_conduct.verification(files, rows_of),
    }


def _outcomes(files, now):
    return {
        "pain": recomputed_outcomes.over_time(files, "pain", recomputed_outcomes.worst_pain, now),
        "omed": recomputed_outcomes.over_time(files, "pain", recomputed_outcomes.omed, now),
        "quality": recomputed_outcomes.over_time(files, "quality", recomputed_outcomes.eq5d, now),
        "response": recomputed_outcomes.response(files, now),
        "neurology": recomputed_outcomes.neurology(files),
        "survival": recomputed_outcomes.survival(files),
        "learning": recomputed_outcomes.learning(files),
    }


def _of_the_report(files, now):
    listing = recomputed_conduct.listing
    return {
        "baseline": recomputed_report.baseline(files),
        "sbrt": recomputed_report.sbrt(files),
        "surgery": recomputed_report.surgery(files),
        "endpoint-summary": recomputed_report.endpoint_summary(files),
        "deviations": listing(files, "deviation", ("occurred_on", "description"), ("kind", "classification", "cause")),
        "line-listing": recomputed_conduct.line_listing(files),
        "technique": listing(files, "technique-change", ("changed_on", "what", "why"), ("area", "kept")),
        "undetermined": recomputed_report.undetermined(files, now),
    }


def expected(files):
    """Figure, with its reading -> the lines of its table."""
    utc = datetime.now(UTC)
    now = utc.astimezone(recomputed_progress.ZONE).replace(tzinfo=None)
    return _safety(files, utc) | _progress(files, now) | _outcomes(files, now) | _of_the_report(files, now)


def name_of(figure):
    return f"{figure.slug}?{figure.query}" if figure.choices else figure.slug


def on_paper(person):
    """Name -> table of the report as its builder makes it for this person."""
    paper_report = report.build(person, datetime.now(UTC))
    return {name_of(figure): figure.table for _number, figure in paper_report.figures}


def on_pages(person):
    """(name, table) of every figure, in every reading that may be asked for."""
    for slug, (page, entry) in FIGURES.items():
        everybody = cohort.load(person.site_ids(), page.forms, datetime.now(UTC), None, page.whole)
        page.also(everybody, None)
        for chosen in product(*entry.options.values()):
            reading = dict(zip(entry.options, chosen, strict=True))
            asked = "&".join(f"{option}={code}" for option, code in reading.items())
            yield f"{slug}?{asked}" if asked else slug, entry.draw(everybody, **reading).table


def not_computed(person, tables):
    """The tables that no second computation is of, and the columns that it lacks."""
    lacking = set()
    for name, table in [*on_pages(person), *on_paper(person).items()]:
        if name not in tables:
            lacking.add(name)
            continue
        slug, twice = name.partition("?")[0], {column for row in tables[name] for column in row}
        lacking |= {f"{name}: {column.name}" for column in table.columns
                  if column.name not in twice and (slug, column.name) not in PRINTED}  # fmt: skip
    return lacking


def never_filled(tables):
    """The columns in which no line of any reading has a number or a word: of them nothing was compared."""
    seen = {}
    for name, rows in tables.items():
        for row in rows:
            for column, value in row.items():
                key = f"{name.partition('?')[0]}: {column}"
                seen[key] = seen.get(key, False) or value not in (None, "", 0)
    return {key for key, filled in seen.items() if not filled}


def same(name, drawn, computed):
    """Line by line and column by column: one that the second computation lacks is a difference too."""
    slug = name.partition("?")[0]
    if slug == "flow":
        drawn = _boxes(drawn)
    shown = [{column: value for column, value in row.items() if (slug, column) not in PRINTED} for row in drawn]
    differ = [pair for pair in zip_longest(plain(shown), plain(computed)) if pair[0] != pair[1]]
    assert differ == [], f"{name}, as it is shown and as it is computed again: {differ[:3]}"


def _boxes(drawn):
    """The boxes without their names, and why somebody is not in one in the words of the form; in any order."""
    names = {"Assessed", "Eligible", "Consented", "SBRT given", "Operated", "Seen to day 60", "Seen to day 90"}
    rows = [row | {"what": "" if row["what"] in names else row["what"]} for row in drawn]
    return sorted(rows, key=lambda row: (row["step"], row["what"]))


def compare(browser, person, tables):
    """Every figure as its page's CSV gives it, in every reading, and every table of the report."""
    paper = on_paper(person)
    for name, rows in tables.items():
        slug, _, query = name.partition("?")
        assert slug in FIGURES or name in paper, name
        if slug in FIGURES:
            same(name, read(browser, f"/figures/{slug}.csv?{query}"), rows)
        if name in paper:
            same(name, paper[name].values(), rows)
