"""The zip: read by the script that ships in it into typed tables, value by value what the database holds."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from adverse_events.models import AdverseEvent
from exports.bundle import Bundle
from exports.documents import dictionary
from exports.purposes import BY_CODE
from exports.reading import read_sbrtspine
from exports.reading.names import short
from exports.selection import Selection
from procedures.models import Surgery
from records import queries
from records.audit import context
from records.model.base import ItemGroupRecord
from records.model.fields import crf_fields
from sbrtspine import demo
from tests import builders
from tests.builders import amsterdam

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
TEXTS = ["=1+1", 'say "no", then\r\nstop', "Łódź ≥ 3 🦴", "'s avonds", "\n", "-", "a|b", "", "\\."]


def type_in(people):
    """Texts that have broken other readers, in the surgeries there are."""
    for record, text in zip(Surgery.objects.order_by("pk"), TEXTS, strict=False):
        with context.audit_context(people["nurse"], "typed"):
            Surgery.objects.filter(pk=record.pk).update(implant_system=text)


@pytest.fixture
def study(people, site):
    """A few participants with what is hard to read."""
    for number in range(len(TEXTS)):
        participant = builders.register(site, people["nurse"])
        answers = {"index": "yes", "incision_at": amsterdam("2016-03-08 14:05"), "blood_loss_ml": number}
        missing = {"screws": "UNK"}
        builders.record(Surgery, participant, people["nurse"], cement_levels=["T12", "L1"], missing=missing, **answers)
        builders.record(AdverseEvent, participant, people["nurse"], verbatim="Wound", onset_on="2016-03")
    query = queries.ask(participant, by=people["monitor"], text="Sure?\r\nReally", now=NOW, form="surgery")
    queries.move(query, "answered", by=people["nurse"], text='"Yes"', now=NOW)
    type_in(people)
    return people


def zipped(person, purpose="statistician", **asked):
    chosen = BY_CODE[purpose]
    choice = {
        "without": chosen.without,
        "spreadsheet": chosen.spreadsheet,
        "deidentified": chosen.deidentified,
        **asked,
    }
    return b"".join(Bundle(Selection(person, **choice), NOW, purpose).blocks())


@pytest.fixture
def file(study, tmp_path):
    path = tmp_path / "blend.zip"
    path.write_bytes(zipped(study["datamanager"]))
    return path


def expected(record, field):
    """What the database holds, as a program wants it."""
    value = field.value_from_object(record)
    if field.crf_type == "link":
        return getattr(record, field.name) and getattr(record, field.name).number
    return str(value) if field.crf_type == "partial date" and value else value


def test_every_value_of_the_demo_study_comes_back(db, tmp_path):
    study = demo.accounts("a fictional demo passphrase")
    demo.seed(study, timezone.now())
    type_in(study)
    file = tmp_path / "blend.zip"
    file.write_bytes(zipped(study["datamanager"]))
    read, seen = read_sbrtspine.read(file), set()
    for model in dictionary.models():
        records = model._default_manager.filter(voided_at__isnull=True).order_by("participant__code", "number", "pk")
        if issubclass(model, ItemGroupRecord):
            records = records.filter(**{f"{model.parent_field}__voided_at__isnull": True})
        rows = read[model.slug]
        assert len(rows) == len(records)
        for record, row in zip(records, rows, strict=True):
            assert row["participant"] == record.participant.code
            for field in crf_fields(model):
                value = row[field.name]
                assert value == expected(record, field), (model.slug, field.name)
                if field.required:
                    assert row[f"{field.name}_missing"] == record.missing.get(field.name)
                seen |= {type(value), *([row[f"{field.name}_missing"]] if field.required else [])}

    assert {int, Decimal, date, datetime, list, str, type(None), "UNK"} <= seen
    assert {row["implant_system"] for row in read["surgery"]} >= set(TEXTS[:5])


def test_the_script_needs_nothing_but_python(file, tmp_path):
    with zipfile.ZipFile(file) as bundle:
        bundle.extractall(tmp_path / "out")
    for source in (str(file), "."):
        done = subprocess.run(
            [sys.executable, "-I", "read_sbrtspine.py", source, "flat"],
            cwd=tmp_path / "out", capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert f"{len(TEXTS)} surgery" in done.stdout

    flat = (tmp_path / "out" / "flat" / "surgery.csv").read_bytes()
    assert b'then stop"' in flat


def test_a_file_that_was_changed_is_not_read(file, tmp_path):
    with zipfile.ZipFile(file) as bundle:
        bundle.extractall(tmp_path / "out")
    changed = tmp_path / "out" / "surgery.csv"
    changed.write_bytes(changed.read_bytes().replace(b"T12", b"T11"))

    with pytest.raises(ValueError, match=r"surgery\.csv"):
        read_sbrtspine.read(tmp_path / "out")


@pytest.mark.needs("Rscript")
def test_r_reads_it_into_typed_tables(file, tmp_path):
    with zipfile.ZipFile(file) as bundle:
        bundle.extractall(tmp_path / "out")
    asked = """
        source("read.R", encoding = "UTF-8"); s <- study$surgery; e <- study[["adverse-event"]]
        cat(nrow(s), class(s$incision_at)[1], class(s$blood_loss_ml), class(s$index), class(s$admission_on), "\\n")
        cat(format(s$incision_at[1], "%Y-%m-%dT%H:%M:%SZ"), s$implant_system[1], attr(s$index, "label"), "\\n")
        cat(class(e$onset_on), class(e$onset_on_earliest), levels(s$index), "\\n")
    """
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", asked], cwd=tmp_path / "out", capture_output=True, text=True, check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"{len(TEXTS)} POSIXct integer factor Date ",
        f"2016-03-08T13:05:00Z =1+1 {Surgery._meta.get_field('index').verbose_name} ",
        "character Date yes no ",
    ]


@pytest.mark.needs("pspp")
def test_spss_syntax_reads_it(file, tmp_path):
    with zipfile.ZipFile(file) as bundle:
        bundle.extractall(tmp_path / "out")
    read_sbrtspine.flatten(tmp_path / "out", tmp_path / "flat")
    (tmp_path / "flat" / "read.sps").write_bytes((tmp_path / "out" / "read.sps").read_bytes())
    (tmp_path / "flat" / "ask.sps").write_text("INSERT FILE='read.sps'.\nGET FILE='surgery.sav'.\nSHOW N.\n")
    done = subprocess.run(["pspp", "ask.sps"], cwd=tmp_path / "flat", capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-2000:]
    assert "error" not in done.stdout
    assert (tmp_path / "flat" / "adverse-event.sav").exists()


def test_the_same_instant_gives_the_same_bytes(study):
    at = timezone.now()
    first = zipped(study["datamanager"], at=at)
    builders.change(Surgery.objects.first(), study["nurse"], implant_system="later")
    asked = Selection(study["datamanager"], at=at, without=BY_CODE["statistician"].without)
    second = b"".join(Bundle(asked, NOW + timedelta(days=1)).blocks())

    assert first == second
    assert b"=1+1" in zipfile.ZipFile(io.BytesIO(second)).read("surgery.csv")


def test_the_archive_has_the_audit_trail_for_whom_may_review_it(study):
    def names(who, purpose):
        return zipfile.ZipFile(io.BytesIO(zipped(study[who], purpose))).namelist()

    assert "audit.csv" in names("pi", "archive")
    assert "audit.csv" not in names("nurse", "archive")
    assert "audit.csv" not in names("pi", "statistician")
    assert "read.R" not in names("pi", "safety")
    assert {"queries.csv", "pain.csv"}.isdisjoint(names("pi", "safety"))


def test_the_long_audit_tells_each_change(study):
    bundle = zipfile.ZipFile(io.BytesIO(zipped(study["pi"], "archive")))
    header, *rows = read_sbrtspine.split(bundle.read("audit.csv").decode())
    lines = [dict(zip(header, row, strict=True)) for row in rows]
    changed = [row for row in lines if row["form"] == "surgery" and row["field"] == "implant_system"]

    assert {"=1+1", "'s avonds"} <= {row["new"] for row in changed}
    assert {row["reason"] for row in changed if row["new"] == "=1+1"} == {"typed"}
    assert json.loads(bundle.read("manifest.json"))["records"]["audit"] == len(lines)


def test_the_queries_tell_each_thing_said(study):
    bundle = zipfile.ZipFile(io.BytesIO(zipped(study["datamanager"])))
    header, *rows = read_sbrtspine.split(bundle.read("queries.csv").decode())
    lines = [dict(zip(header, row, strict=True)) for row in rows]

    assert [row["said"] for row in lines] == ["Sure?\nReally", '"Yes"']
    assert {(row["question"], row["state"], row["by"]) for row in lines} == {
        ("Sure?\nReally", "answered", "Mila Mulder"), ("Sure?\nReally", "answered", "Noor de Vries"),
    }  # fmt: skip
    assert lines[0]["at"] == "2026-11-25T10:00:00+01:00"


def test_names_for_programs_that_take_32_characters():
    names = [f"{column}_missing" for column in ("prescription_metastasis_gy", "prescription_metastasis_gx")]
    short_names = short([*names, "related_combination", "Related_Combination"])

    assert all(len(name) <= 32 for name in short_names.values())
    assert len({name.lower() for name in short_names.values()}) == len(short_names) == 4
    assert short_names["related_combination"] == "related_combination"


def test_people_see_what_is_in_it_before_they_take_it(study, client):
    client.force_login(study["datamanager"])

    page = client.get("/exports/").content.decode()
    assert "surgery.csv" in page
    assert "audit.csv" in page  # among what is left out
    assert client.get("/exports/?purpose=safety").content.decode().count("<tr>") < page.count("<tr>")


def test_the_rows_of_each_file_are_counted_behind_the_page(study, client):
    client.force_login(study["datamanager"])

    counted = client.get("/exports/rows/?purpose=statistician").content.decode()

    lines = list(csv.reader(io.StringIO(b"".join(client.get("/exports/surgery.csv").streaming_content).decode())))
    assert f'id="rows-surgery" hx-swap-oob="true">{len(lines) - 1}<' in counted
    assert client.get("/exports/rows/?as_of=soon").status_code == 422


@pytest.mark.parametrize(
    ("asked", "beside"),
    [
        ("as_of=soon", "is not a day or a time"),
        ("participants=BLEND-99", "no participant BLEND-99"),
        ("purpose=x", "x"),
    ],
)
def test_what_was_typed_wrong_says_so_and_stays(asked, beside, study, client):
    client.force_login(study["datamanager"])
    answer = client.get(f"/exports/?{asked}")

    assert answer.status_code == client.get(f"/exports/all.zip?{asked}").status_code == 422
    assert beside in answer.content.decode()
    assert client.get(f"/exports/surgery.csv?{asked}").status_code == 422


def test_chosen_participants_and_questions_alone(study, client):
    client.force_login(study["datamanager"])
    asked = "?participants=blend-02,%20BLEND-03&chosen=1&without=surgery.implant_system&without=pain"
    text = b"".join(client.get(f"/exports/surgery.csv{asked}").streaming_content).decode()
    header, *rows = read_sbrtspine.split(text)

    assert "implant_system" not in header
    assert {row[0] for row in rows} <= {"BLEND-02", "BLEND-03"}
    assert client.get(f"/exports/pain.csv{asked}").status_code == 404
