"""Scores beside their items: derived, with the arithmetic and the table; nothing is guessed."""

import io
from datetime import date

import pytest
from django.core.exceptions import ValidationError

from assessments import score_tables
from assessments.models import Function, Labs, Neurology, OpioidDose, Pain, Quality, SinsLevel
from enrollment.models import Contact, Therapy
from procedures.models import Sbrt, SbrtFraction, Surgery
from protocol.partial_dates import PartialDate
from protocol.study import STUDY
from tests import builders
from tests.builders import amsterdam


@pytest.fixture
def participant(people, site):
    """Irradiated on 8 March 2016, operated the day after."""
    subject = builders.register(site, people["nurse"])
    row = SbrtFraction().fill(beam_on_at=amsterdam("2016-03-08 14:00"), beam_off_at=amsterdam("2016-03-08 14:35"))
    builders.record(Sbrt, subject, people["nurse"], rows=[row])
    builders.record(
        Surgery, subject, people["nurse"], index="yes", performed="yes", incision_at=amsterdam("2016-03-09 09:00")
    )
    return subject


def scores_of(record, rows=None):
    return {str(score.label): score for score in record.scores(rows or {})}


def pain(participant, people, visit, on, worst, drug="oxycodone_po_mg", dose=40):
    rows = [OpioidDose().fill(drug=drug, dose=dose)] if dose else []
    answers = {"assessed_on": on, "worst_pain": worst, "takes_opioids": "yes" if dose else "no"}
    return builders.record(Pain, participant, people["nurse"], visit=visit, rows=rows, **answers), rows


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((8, 40), (0, 40), "CR"),
        ((8, 40), (6, 40), "PR"),
        ((8, 40), (8, 30), "PR"),
        ((8, 40), (6, 50), "IR"),
        ((8, 40), (9, 50), "PP"),
        ((6, 0), (6, 10), "PP"),
    ],
)
def test_pain_response_is_judged_against_the_last_assessment_before_sbrt(participant, people, before, now, expected):
    pain(participant, people, "scr", date(2016, 3, 1), 10, dose=100)
    pain(participant, people, "bas", date(2016, 3, 7), before[0], dose=before[1])
    later, rows = pain(participant, people, "w4", date(2016, 4, 6), now[0], dose=now[1])

    response = scores_of(later, {"opioid-dose": rows})["Pain response"]

    assert response.value == expected
    assert f"baseline 2016-03-07: pain {before[0]}, OMED {before[1] * 1.5:g} mg" in response.because


def test_early_and_censored_responses_say_so(participant, people):
    pain(participant, people, "bas", date(2016, 3, 7), 8)
    early, rows = pain(participant, people, "d3", date(2016, 3, 12), 4)
    builders.record(
        Surgery, participant, people["nurse"], index="no", performed="yes", at_index_level="yes",
        incision_at=amsterdam("2016-04-01 10:00"),
    )  # fmt: skip
    late, _rows = pain(participant, people, "w4", date(2016, 4, 6), 4)

    assert "peri-operative" in scores_of(early, {"opioid-dose": rows})["Pain response"].table
    assert "censored" in scores_of(late, {"opioid-dose": rows})["Pain response"].table


def test_the_duration_of_relief_runs_to_the_first_progression_after_it(participant, people):
    pain(participant, people, "bas", date(2016, 3, 7), 8)
    pain(participant, people, "w2", date(2016, 3, 22), 8)
    first, rows = pain(participant, people, "w4", date(2016, 4, 6), 5)

    def relief(record):
        return scores_of(record, {"opioid-dose": rows})["Duration of pain relief"]

    assert relief(first).value == "0 days or more"
    builders.record(
        Contact, participant, people["nurse"], tried_on=date(2016, 5, 2), how="gp", reached="yes",
        vital_status="alive", known_alive_on=date(2016, 5, 1),
    )  # fmt: skip
    assert relief(first).value == "25 days or more"
    worse, _rows = pain(participant, people, "d60", date(2016, 5, 10), 10)
    assert relief(first).value == relief(worse).value == "34 days"
    assert "from 2016-04-06 to 2016-05-10: pain progression" in relief(worse).because
    typed = Pain(participant=participant, visit="d90", assessed_on=date(2016, 6, 8), worst_pain=2, takes_opioids="yes")
    assert relief(typed).value == "34 days", "what is typed and not yet saved counts too, and comes later"


def test_radiotherapy_of_the_index_level_before_the_trial_censors_nothing(participant, people):
    pain(participant, people, "bas", date(2016, 3, 7), 8)
    later, rows = pain(participant, people, "w4", date(2016, 4, 6), 5)
    therapy = {"name": "8 Gy", "dose_gy": 8, "ongoing": "no", "at_index_level": "yes", "kind": "radiotherapy"}
    builders.record(
        Therapy, participant, people["nurse"], **therapy, started_on=PartialDate(2014), stopped_on=PartialDate(2014)
    )
    assert scores_of(later, {"opioid-dose": rows})["Pain response"].table == ""

    builders.record(
        Therapy, participant, people["nurse"], **therapy,
        started_on=PartialDate(2016, 4, 1), stopped_on=PartialDate(2016, 4, 1),
    )  # fmt: skip
    scores = scores_of(later, {"opioid-dose": rows})
    assert "censored" in scores["Pain response"].table
    assert scores["Duration of pain relief"].value == "no response"


def test_an_opioid_that_is_not_converted_leaves_the_sum_open(participant):
    record = Pain(participant=participant, takes_opioids="yes")

    assert scores_of(record, {"opioid-dose": [OpioidDose(drug="other")]})["Opioids (OMED)"].value == ""
    assert scores_of(record, {"opioid-dose": [OpioidDose(drug="fentanyl_td_ug_per_h", dose=25)]})[
        "Opioids (OMED)"
    ].value == "60 mg"  # fmt: skip


@pytest.mark.parametrize(
    "dose", [{"drug": "other"}, {"drug": "oxycodone_po_mg"}, {"drug": "oxycodone_po_mg", "dose": 40}]
)
def test_who_takes_no_opioids_is_shown_none_whatever_row_is_left(login, participant, people, dose):
    """The rows are hidden with the answer "no", not emptied; a monitor opens the page as well as the nurse."""
    builders.record(
        Pain,
        participant,
        people["nurse"],
        visit="bas",
        worst_pain=4,
        takes_opioids="no",
        rows=[OpioidDose().fill(**dose)],
    )

    page = login("monitor").get(f"/participants/{participant.code}/bas/pain/")

    assert page.status_code == 200
    assert "no opioid" in page.content.decode()


@pytest.mark.parametrize(
    ("level", "location", "refused"), [("T12", "3", False), ("T12", "1", True), ("T6", "1", False), ("L6", "2", False)]
)
def test_the_sins_location_is_checked_against_the_level(level, location, refused):
    row = SinsLevel(level=level, location=location)

    assert ("location" in row.cross_checks()) is refused


@pytest.mark.parametrize(
    ("hb", "unit", "lower", "grade"),
    [
        ("5.5", "mmol/l", None, 2),
        ("4.8", "mmol/l", None, 3),
        ("4.9", "mmol/l", None, 2),
        ("7.9", "g/dl", None, 3),  # published as <8.0 g/dl; converted and rounded it was 4.9 mmol/l, grade 2
        ("8.0", "g/dl", None, 2),
        ("9.99", "g/dl", None, 2),
        ("10.0", "g/dl", None, None),
        ("9.9", "g/dl", "12", 2),
        ("11.99", "g/dl", "12", 1),
        ("12", "g/dl", "12", None),
        ("6.9", "mmol/l", None, None),
        ("6.9", "mmol/l", "7.5", 1),
    ],
)
def test_haemoglobin_suggests_a_grade_whatever_its_unit(participant, hb, unit, lower, grade):
    suggestions = Labs(participant=participant, hb=hb, hb_unit=unit, hb_lower_limit=lower).suggestions()

    assert (suggestions["hb"].grade if suggestions else None) == grade


@pytest.mark.parametrize(
    ("value", "grade"), [(120, 1), (110, None), (165, 1), (166, 2), (330, 2), (331, 3), (660, 3), (661, 4)]
)
def test_creatinine_is_graded_by_the_local_limit(participant, value, grade):
    suggestions = Labs(participant=participant, creatinine=value, creatinine_upper_limit=110).suggestions()

    assert (suggestions["creatinine"].grade if suggestions else None) == grade
    assert Labs(participant=participant, creatinine=value).suggestions() == {}


@pytest.mark.parametrize(
    ("value", "limit", "grade"),
    [("345.6", "115.2", 2), ("345.61", "115.2", 3), ("115.2", "115.2", None), ("115.21", "115.2", 1),
     ("172.8", "115.2", 1), ("172.81", "115.2", 2), ("691.2", "115.2", 3), ("691.21", "115.2", 4),
     ("330.03", "110.01", 2), ("330.04", "110.01", 3)],
)  # fmt: skip
def test_exactly_at_a_multiple_of_the_limit_is_not_above_it(participant, value, limit, grade):
    suggestions = Labs(participant=participant, creatinine=value, creatinine_upper_limit=limit).suggestions()

    assert (suggestions["creatinine"].grade if suggestions else None) == grade


def test_a_haemoglobin_in_the_wrong_unit_is_refused_with_a_question(participant, people):
    with pytest.raises(ValidationError, match=r"Was it g/dl\?"):
        builders.record(Labs, participant, people["nurse"], visit="bas", hb="16.0", hb_unit="mmol/l")


def test_ais_since_baseline_gives_both_readings(participant, people):
    builders.record(Neurology, participant, people["nurse"], visit="bas", assessed_on=date(2016, 3, 7), ais="E")
    later = Neurology(participant=participant, visit="w2", assessed_on=date(2016, 3, 23), ais="D")

    change = scores_of(later)["AIS since baseline"]

    assert change.value == "E → D"
    assert change.because == "one grade or more lost: yes; two or more: no"


def test_karnofsky_zero_wants_a_death(participant):
    assert "kps" in Function(participant=participant, kps=0).cross_checks()


def test_eq5d_and_eortc_scales(participant):
    record = Quality(
        participant=participant, eq5d_done="yes", eq5d_version="5L", mobility=2, self_care=1, usual_activities=1,
        pain_discomfort=1, anxiety_depression=1, c15_done="yes", c15_15=7, c15_05=4, c15_12=1, bm22_done="no",
    )  # fmt: skip
    scores = scores_of(record)

    assert scores["EQ-5D index"].value == "0.918"
    assert scores["C15-PAL quality of life"].value == "100.0"
    assert scores["C15-PAL pain"].value == "50.0"
    assert scores["C15-PAL physical functioning"].value == ""
    assert "BM22 painful sites" not in scores


TABLE = "scale,raw,score\n" + "".join(f"C15-PAL nausea,{raw},{(raw - 1) * 30}\n" for raw in (1, 2, 3, 4))


@pytest.mark.django_db
def test_a_look_up_table_is_loaded_whole_and_then_used(participant):
    score_tables.load(score_tables.read(io.StringIO(TABLE), "fictional table"))
    record = Quality(participant=participant, c15_done="yes", c15_09=3)

    nausea = scores_of(record)["C15-PAL nausea"]

    assert (nausea.value, nausea.table) == ("60", "fictional table")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("scale;raw;score\n", "first line"),
        (TABLE + "C15-PAL nausea,1,5\n", "Line 6"),
        (TABLE.replace("C15-PAL nausea,2,30\n", ""), "no score for C15-PAL nausea, 2"),
        (TABLE.replace(",30", ",130"), "Line 3"),
        (TABLE.replace(",30", ",33.333"), "Line 3"),  # three decimals, of which two would be kept
        (TABLE.replace(",30", ",NaN"), "Line 3"),
        ("scale,raw,score\nHappiness,1,5\n", "Line 2"),
        ("scale,raw,score\n", "no score"),
    ],
)
def test_a_wrong_table_is_refused_whole(file, sentence):
    with pytest.raises(score_tables.RefusedTable, match=sentence):
        score_tables.read(io.StringIO(file), "wrong")


def test_the_tables_are_the_studys():
    assert STUDY.opioids["table"] == "NL-cancer-pain-guideline-v3.0-2019"
