"""The de-identified profile: other names, dates moved by days that hold intervals, no words that somebody typed."""

import io
import zipfile
from datetime import date, datetime, timedelta

import pytest

from accounts.services import give_role
from adverse_events.models import AdverseEvent
from enrollment.models import Baseline, Screening
from exports.bundle import Bundle
from exports.data import columns, datasets, pseudonyms
from exports.documents import dictionary
from exports.selection import Selection
from procedures.models import Surgery
from records.model.fields import crf_fields
from tests import builders
from tests.builders import amsterdam
from tests.exports.reading import table
from tests.exports.test_bundle import NOW

CANARY = "Jan Jansen from Houten"


@pytest.fixture
def two(people, site, settings, tmp_path):
    settings.EXPORT_KEY_FILE = str(tmp_path / "export-key")
    (tmp_path / "export-key").write_bytes(b"a fixed key, so that no shift is a few days by chance")
    for _ in range(2):
        participant = builders.register(site, people["nurse"])
        builders.record(Screening, participant, people["nurse"], birth_year=1950, failure_note=CANARY)
        builders.record(Baseline, participant, people["nurse"], histology=CANARY, smoking="never")
        # Over the clock change in March: 47 elapsed hours, 48 on the wall.
        builders.record(
            Surgery, participant, people["nurse"], index="yes", admission_on=date(2016, 3, 26),
            in_theatre_at=amsterdam("2016-03-26 14:00"), incision_at=amsterdam("2016-03-28 14:00"),
            closed_at=date(2016, 3, 28), implant_system=CANARY,
        )  # fmt: skip
        builders.record(AdverseEvent, participant, people["nurse"], verbatim=CANARY, onset_on="2016-03")
    return people


def shared(people):
    return Selection(people["datamanager"], deidentified=True)


def rows(model, selection):
    return table(b"".join(datasets.blocks(model, selection)))


def test_dates_of_one_participant_move_together_and_differently_between_participants(two):
    exact = rows(Surgery, Selection(two["datamanager"]))
    moved = rows(Surgery, shared(two))
    shifts = set()
    for row in moved:
        days = date.fromisoformat(row["admission_on"]) - date(2016, 3, 26)
        theatre, incision = (datetime.fromisoformat(row[name]) for name in ("in_theatre_at", "incision_at"))
        assert timedelta(days=-pseudonyms.MAX_SHIFT_DAYS) <= days <= timedelta(days=-1)
        assert incision - theatre == timedelta(hours=47)
        assert theatre.replace(tzinfo=None) == datetime(2016, 3, 26, 14) + days
        assert date.fromisoformat(row["closed_at"]) == date(2016, 3, 28) + days
        shifts.add(days)

    assert len(shifts) == 2
    assert {row["participant"] for row in exact} == {"BLEND-01", "BLEND-02"}
    assert all(row["participant"].startswith("P-") and row["site"].startswith("S-") for row in moved)


def test_a_month_is_told_by_its_moved_ends_alone(two):
    for row in rows(AdverseEvent, shared(two)):
        first, last = (date.fromisoformat(row[f"onset_on_{end}"]) for end in ("earliest", "latest"))
        assert row["onset_on"] is None
        assert (last - first, first < date(2016, 3, 1)) == (timedelta(days=30), True)


def test_the_same_key_gives_the_same_names_and_another_key_others(two, settings, tmp_path):
    first = rows(Surgery, shared(two))
    assert rows(Surgery, shared(two)) == first

    settings.EXPORT_KEY_FILE = str(tmp_path / "another")
    assert {row["participant"] for row in rows(Surgery, shared(two))}.isdisjoint(row["participant"] for row in first)


def test_nothing_that_somebody_typed_and_no_name_is_in_the_zip(two):
    give_role(two["datamanager"], "statistician", two["datamanager"].memberships.get().site)
    content = b"".join(Bundle(shared(two), NOW, "sharing").blocks())
    bundle = zipfile.ZipFile(io.BytesIO(content))
    text = {name: bundle.read(name).decode() for name in bundle.namelist()}
    tables = {name: words for name, words in text.items() if name.endswith(".csv")}

    assert {"queries.csv", "audit.csv"}.isdisjoint(tables)
    for name, words in text.items():
        for secret in (CANARY, "BLEND-01", "2016-03-2", "umcu", "Noor"):
            assert secret not in words or name == "annotated-crf.html", (name, secret)
    assert "1950" in text["screening.csv"]
    assert "DE-IDENTIFIED" in text["README.txt"]
    assert 'baseline,histology,"free text, left out"' in text["disclosure.csv"]
    assert "baseline,smoking,rare,never,2" in text["disclosure.csv"]


def test_free_text_is_every_text_but_those_named():
    texts = {field.name for model in dictionary.models() for field in crf_fields(model) if field.crf_type == "text"}
    free = {field.name for model in dictionary.models() for field in crf_fields(model) if columns.is_free_text(field)}

    assert texts - free == columns.CODED_TEXT
    assert {"narrative", "note", "verbatim", "description"} <= free
