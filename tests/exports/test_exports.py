"""What is taken away: names, order, offsets, partial dates, labels, formulas, sites."""

import csv
import io
import json
import zipfile

import pytest

from adverse_events.models import AdverseEvent, AdverseEventGrade
from exports.documents import dictionary
from procedures.models import Surgery
from tests import builders
from tests.builders import amsterdam


@pytest.fixture
def operation(people, site):
    participant = builders.register(site, people["nurse"])
    return builders.record(
        Surgery,
        participant,
        people["nurse"],
        index="yes",
        incision_at=amsterdam("2016-03-08 14:05"),
        closed_at=amsterdam("2016-03-08 16:05").date(),
        blood_loss_ml=140,
        reason_for_reoperation=None,
        implant_system='=HYPERLINK("x")',
        cement_levels=["T12", "L1"],
        missing={"screws": "UNK"},
    )


def read(browser, slug, asked=""):
    text = b"".join(browser.get(f"/exports/{slug}.csv{asked}").streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_one_line_a_record(login, operation):
    [line] = read(login("datamanager"), "surgery")

    assert list(line)[:5] == ["participant", "site", "visit", "record", "status"]
    assert (line["participant"], line["site"], line["record"], line["status"]) == ("BLEND-01", "umcu", "1", "draft")
    assert line["incision_at"] == "2016-03-08T14:05:00+01:00"
    assert line["closed_at"] == "2016-03-08"
    assert (line["index"], line["index_label"]) == ("yes", "Yes")
    assert (line["cement_levels"], line["blood_loss_ml"]) == ("T12|L1", "140")
    assert line["screws_missing"] == "UNK"
    assert line["implant_system"] == '=HYPERLINK("x")'


def test_partial_dates_are_as_given_and_rows_name_their_parent(login, people, site):
    participant = builders.register(site, people["nurse"])
    grade = AdverseEventGrade().fill(grade=3, from_on="2016-03")
    builders.record(AdverseEvent, participant, people["nurse"], rows=[grade], verbatim="Fever", onset_on="2016")

    assert read(login("datamanager"), "adverse-event")[0]["onset_on"] == "2016"
    [row] = read(login("datamanager"), "adverse-event-grade")
    assert (row["from_on"], row["parent"]) == ("2016-03", "1")


def test_everything_with_dictionary_and_manifest(login, operation):
    content = b"".join(login("datamanager").get("/exports/all.zip").streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        names = set(bundle.namelist())
        manifest = json.loads(bundle.read("manifest.json"))

    assert {f"{model.slug}.csv" for model in dictionary.models()} | {
        "data-dictionary.csv", "codebook.json", "annotated-crf.html", "queries.csv", "manifest.json", "README.txt",
        "SHA256SUMS", "read_sbrtspine.py", "read.R", "read.sas", "read.sps", "read.do",
    } == names  # fmt: skip
    assert manifest["records"]["surgery"] == 1


def test_the_dictionary_is_the_models_own():
    rows = {(row["form"], row["field"]): row for row in dictionary.rows()}

    row = rows["surgery", "incision_at"]
    assert (row["question"], row["type"], row["standard"]) == ("Knife to skin", "instant", "PR.PRSTDTC")
    assert rows["surgery", "blood_loss_ml"]["unit"] == "ml"
    assert rows["surgery", "index"]["codes"] == "yes=Yes|no=No"
    assert rows["visit", "done"]["visits"].split()[-1] == "m12"
    assert rows["sbrt-fraction", "beam_off_at"]["repeats"] == "yes"


def test_rows_of_a_void_form_and_keys_of_the_database_are_not_taken_away(login, people, site):
    from adverse_events.models import SeriousEvent
    from procedures.models import Sbrt, SbrtFraction
    from records import services

    builders.record(AdverseEvent, builders.register(site, people["nurse"]), people["nurse"], verbatim="Fever")
    participant = builders.register(site, people["nurse"])
    event = builders.record(AdverseEvent, participant, people["nurse"], verbatim="Wound")
    builders.record(SeriousEvent, participant, people["nurse"], adverse_event=event, kind="other")
    sbrt = builders.record(Sbrt, participant, people["nurse"], rows=[SbrtFraction()])
    services.void(sbrt, by=people["nurse"], reason="wrong patient", version=1)

    assert read(login("datamanager"), "serious-event")[0]["adverse_event"] == str(event.number) != str(event.pk)
    assert read(login("datamanager"), "sbrt-fraction") == []


def test_the_right_to_export_is_a_right_at_a_site(login, people, site, site_b, operation):
    from accounts.roles import Role
    from accounts.services import give_role

    give_role(people["nurse_b"], Role.SAFETY_OFFICER, site)

    assert read(login("nurse_b"), "surgery") == []
