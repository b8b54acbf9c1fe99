"""Files that somebody opens in a spreadsheet: no cell of any is run, whatever was typed and however it splits."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from adverse_events.models import AdverseEvent
from exports.bundle import Bundle
from exports.data import columns, datasets
from exports.selection import Selection
from oversight.analysis.figure import Column, Figure, Table, row
from oversight.drawing import files
from procedures.models import Surgery
from records import queries
from records.audit import context
from tests import builders
from tests.exports.reading import table
from tests.exports.test_datasets import fill
from tests.spreadsheet import formulas

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ATTACKS = [
    'a;=HYPERLINK("http://x.example","y")', "a,+1+1", "a|-2+3", "a\t@SUM(1)", "a\n=1+1", ";;;=1+1", "a;\u00a0=1+1",
    "a;\u3000=1+1", 'a;"=1+1', "a;\u200b=1+1", "＝1+1", "a；＝1+1", "a;=cmd|' /C calc'!A0", "\t=1+1", "'=1+1;=2",
    "\ufeff=1+1", "a ; = 1+1", "a;\u2028=1+1", "\u037e=1+1",
]  # fmt: skip


def typed(people, site, text):
    """Where people can type: an event, an implant, a query and its answer."""
    participant = builders.register(site, people["nurse"])
    surgery = builders.record(Surgery, participant, people["nurse"], index="yes", blood_loss_ml=140)
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="x")
    with context.audit_context(people["nurse"], text):
        AdverseEvent.objects.filter(participant=participant).update(verbatim=text)
        Surgery.objects.filter(pk=surgery.pk).update(implant_system=text)
    query = queries.ask(participant, by=people["monitor"], text="Sure?", now=NOW, form="surgery")
    seen = text.replace("\u200b", "").replace("\ufeff", "")  # these two are refused where one types
    queries.move(query, "answered", by=people["nurse"], text=seen, now=NOW)


def test_nothing_that_was_typed_is_run_from_any_file_of_a_zip(people, site):
    for text in ATTACKS:
        typed(people, site, text)
    content = b"".join(Bundle(Selection(people["pi"], spreadsheet=True), NOW, "archive").blocks())
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        csv_files = {name: bundle.read(name).decode() for name in bundle.namelist() if name.endswith(".csv")}

    assert {"surgery.csv", "adverse-event.csv", "queries.csv", "audit.csv"} <= set(csv_files)
    assert {name: formulas(text) for name, text in csv_files.items() if formulas(text)} == {}
    assert all(attack.lstrip(";")[:1] in csv_files["adverse-event.csv"] for attack in ATTACKS)


@pytest.mark.parametrize("slug", ["surgery", "adverse-event", "audit", "queries"])
def test_nothing_is_run_from_one_file(slug, people, site, login):
    for text in ATTACKS:
        typed(people, site, text)
    answer = login("pi").get(f"/exports/{slug}.csv?manner=spreadsheet&purpose=archive")

    assert formulas(b"".join(answer.streaming_content).decode()) == []


def test_numbers_and_answers_of_lists_stay_as_they_are(people, site):
    fill(Surgery, people, site)
    selections = [Selection(people["pi"], spreadsheet=how) for how in (False, True)]
    exact, safe = (table(b"".join(datasets.blocks(Surgery, selection))) for selection in selections)
    plain = [column.name for column in columns.columns_of(Surgery) if not column.is_text]

    assert [[row[name] for name in plain] for row in safe] == [[row[name] for name in plain] for row in exact]
    assert [row["implant_system"].replace("'", "") for row in safe] != [row["implant_system"] for row in safe]


def test_nothing_is_run_from_the_table_behind_a_figure():
    shown = Table((Column("said", "Said"), Column("n", "n")), tuple(row(text, text, -3) for text in ATTACKS))
    written = files.csv_of(Figure("one", "One", "One.", shown))

    assert formulas(written) == []
    assert written.count(",-3\r\n") == len(ATTACKS)
