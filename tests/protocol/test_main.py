"""The command line: one JSON verdict, or one sentence and exit 2."""

import io
import json
import subprocess
import sys

import pytest

from protocol.__main__ import RULES, main
from sbrtspine.env import ROOT

WINDOW = ["window", "sbrt_end=2015-10-24T16:00+02:00", "now=2015-10-27T00:00+01:00"]


def run(*words, stdin=""):
    out, err = io.StringIO(), io.StringIO()
    code = main(list(words), io.StringIO(stdin), out, err)
    return code, json.loads(out.getvalue()) if out.getvalue() else None, err.getvalue()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([*WINDOW, "incision=2015-10-26T15:00+01:00"], {"verdict": "compliant", "elapsed_hours": 48.0}),
        ([*WINDOW, "incision=2015-10-26T15:30+01:00"], {"verdict": "late", "closes_at": "2015-10-26T15:00:00+01:00"}),
        (WINDOW, {"verdict": "not done"}),
        ([*WINDOW, "surgery_cancelled=yes"], {"verdict": "not done"}),
        ([*WINDOW, "sbrt_complete=no"], {"verdict": "sbrt incomplete"}),
        (["window", "now=2016-01-01"], {"verdict": "planned"}),
        (["window", "sbrt_end=2016-06-06", "incision=2016-06-08"], {"verdict": "undetermined", "earliest_hours": 24.0}),
        (["followup", "surgery=2016-01-12", "day=60"], {"last_day": "2016-03-12"}),
        (["sae", "aware=2016-03-26T20:00+01:00", "kind=other"], {"site_due": "2016-03-27T21:00:00+02:00"}),
        (["sae", "aware=2016-02-26", "kind=fatal"], {"authority_due": "2016-03-04", "further_due": "2016-03-12"}),
        (["sae", "aware=2016-02-26", "kind=other"], {"authority_due": "2016-03-12"}),
        (["eq5d", "profile=21111"], {"index": 0.918}),
        (["omed", "drugs=oxycodone_po_mg:40,fentanyl_td_ug_per_h:25"], {"omed": 120.0}),
        (["pain", "baseline=8:60", "now=6:60"], {"verdict": "PR"}),
        (["pain", "baseline=8:60"], {"verdict": "not evaluable"}),
        (["stopping", "events=3", "evaluable=5"], {"verdict": "stop", "boundary": 3}),
        (["interval", "events=0", "evaluable=13"], {"low": 0.0}),
        (["eligibility", "kps=50"], {"verdict": "not eligible", "failed": ["I4"]}),
        (["eligibility"], {"verdict": "undetermined", "failed": []}),
        (
            ["sins", "location=3", "pain=3", "bone_lesion=2", "alignment=2", "collapse=2", "posterolateral=1"],
            {"verdict": "unstable", "total": 13},
        ),
    ],
)
def test_verdicts(words, expected):
    code, answer, _err = run(*words)

    assert code == 0
    assert expected.items() <= answer.items()
    assert {"verdict", "because"} <= set(answer)


DOCUMENT = {
    "sbrt_start": "2016-01-11T10:00+01:00",
    "surgery_on": "2016-01-12",
    "zone": "Europe/Amsterdam",
    "seen_until": "2016-04-20",
    "ended": None,
    "events": [
        {"term": "Wound infection", "baseline_grade": None, "sbrt": "none", "surgery": "probable", "combination": None,
         "ended": None, "grades": [{"grade": 3, "from": "2016-03"}]}
    ],
    "days": 60,
    "grades": [3, 4, 5],
}  # fmt: skip


@pytest.mark.parametrize(
    ("began", "verdict"), [("2016-03", "undetermined"), ("2016-02-11", "yes"), ("2016-03-13T00:00+01:00", "no")]
)
def test_endpoint_reads_one_document(began, verdict):
    event = {**DOCUMENT["events"][0], "grades": [{"grade": 3, "from": began}]}
    code, answer, _err = run("endpoint", stdin=json.dumps({**DOCUMENT, "events": [event]}))

    assert (code, answer["verdict"]) == (0, verdict)
    assert answer["rows"][0]["severe"] is True


MALFORMED = [
    [],
    ["horoscope"],
    ["window", "sbrt_end"],
    ["window", "sbrt_end=2016-02-31"],
    ["window", "sbrt_end=2016-06-06T15:00"],
    ["window", "sbrt_end=2016-06-06T15:00+02:00"],
    ["window", "sbrt_end=0001-01-01T00:00+00:00", "now=2016-01-01"],
    ["window", "sbrt_end=9999-12-31T23:59-12:00", "now=2016-01-01"],
    ["window", "now=2016-01-01", "now=2016-01-02"],
    ["window", "zone=Europe/Utrecht"],
    ["window", "zone=../../etc/passwd"],
    ["window", "surgery_cancelled=perhaps"],
    ["eligibility", "kps=fifty"],
    ["eligibility", "kps=55"],
    ["eligibility", "levels=T99"],
    ["eligibility", "favourite_colour=blue"],
    ["followup", "surgery=yesterday"],
    ["followup", "surgery=2016-01-12", "day=-1"],
    ["followup", "surgery=2016-01-12", "day=99999999999999999999"],
    ["sae", "kind=other"],
    ["sae", "aware=2016-03-26T20:00+01:00", "kind=mild"],
    ["sins", "location=3"],
    ["sins", "location=3", "pain=2", "bone_lesion=2", "alignment=2", "collapse=2", "posterolateral=1"],
    ["eq5d", "profile=123456"],
    ["omed", "drugs=oxycodone_po_mg:inf"],
    ["omed", "drugs=oxycodone_po_mg:nan"],
    ["omed", "drugs=oxycodone_po_mg:-3"],
    ["omed", "drugs=methadone:10"],
    ["omed", "drugs=oxycodone"],
    ["pain", "baseline=11:60", "now=6:60"],
    ["pain", "baseline=8", "now=6:60"],
    ["stopping", "events=6", "evaluable=5"],
    ["interval", "events=1.5", "evaluable=13"],
    ["endpoint", "events=3"],
]


NEVER_ON_THE_CLOCKS = [
    "2016-03-27T02:30+01:00",  # in the hour that spring leaves out
    "2016-03-27T02:30+02:00",
    "2016-03-27T02:00+01:00",
    "2016-07-01T10:00+01:00",  # summer, with winter's offset
    "2016-01-15T10:00+02:00",
    "2016-01-15T10:00-07:00",
    "2016-10-30T03:30+02:00",  # after the second time
    "2016-10-30T01:30+01:00",
    "2016-01-15T10:00+01:20",
]
ON_THE_CLOCKS = [
    "2016-03-27T01:59+01:00",
    "2016-03-27T03:00+02:00",
    "2016-10-30T02:30+02:00",  # both times that happened twice
    "2016-10-30T02:30+01:00",
    "2016-03-27T00:30Z",  # an instant in UTC is one everywhere
    "2016-07-01T10:00+00:00",
]
TAKES_INSTANTS = [
    ["window", "now=2016-12-31", "sbrt_start={}"],
    ["window", "now=2016-12-31", "sbrt_end={}"],
    ["window", "now=2016-12-31", "incision={}"],
    ["window", "sbrt_end=2016-01-01T10:00+01:00", "now={}"],
    ["followup", "surgery={}"],
    ["sae", "kind=other", "aware={}"],
]
TAKES = pytest.mark.parametrize("words", TAKES_INSTANTS, ids=" ".join)


@TAKES
@pytest.mark.parametrize("instant", NEVER_ON_THE_CLOCKS)
def test_an_instant_that_never_was_on_the_clocks_is_refused(words, instant):
    code, answer, err = run(*(word.format(instant) for word in words))

    assert (code, answer, err.count("\n")) == (2, None, 1)
    assert "never was on the clocks of Europe/Amsterdam" in err


@TAKES
@pytest.mark.parametrize("instant", ON_THE_CLOCKS)
def test_an_instant_with_the_offset_of_its_zone_or_in_utc_is_read(words, instant):
    code, _told, err = run(*(word.format(instant) for word in words))

    assert (code, err) == (0, "")


@pytest.mark.parametrize("instant", [*NEVER_ON_THE_CLOCKS, *ON_THE_CLOCKS])
def test_the_clocks_of_the_endpoint_document(instant):
    grades = {**DOCUMENT["events"][0], "grades": [{"grade": 3, "from": instant}]}
    codes = [
        run("endpoint", stdin=json.dumps(document))[0]
        for document in ({**DOCUMENT, "sbrt_start": instant}, {**DOCUMENT, "events": [grades]})
    ]

    assert codes == ([2, 2] if instant in NEVER_ON_THE_CLOCKS else [0, 0])


def test_the_zone_that_is_given_is_the_one_that_counts():
    there = ["window", "now=2016-12-31", "sbrt_end=2016-01-15T10:00-08:00"]

    assert run(*there, "zone=America/Los_Angeles")[0] == 0
    assert run(*there)[0] == 2
    assert run("window", "now=2016-12-31", "sbrt_end=2016-03-13T02:30-08:00", "zone=America/Los_Angeles")[0] == 2


@pytest.mark.parametrize(
    ("baseline", "now", "verdict"),
    [
        ("8:2.4", "8:1.8", "PR"),  # exactly a quarter less
        ("8:2.4", "8:1.8001", "IR"),
        ("8:2.5", "8:1.875", "PR"),
        ("8:2.4", "8:3.0", "PP"),  # exactly a quarter more
        ("8:2.4", "8:2.9999", "IR"),
        ("8:60", "8:45", "PR"),
    ],
)
def test_pain_thresholds_are_exact(baseline, now, verdict):
    assert run("pain", f"baseline={baseline}", f"now={now}")[1]["verdict"] == verdict


@pytest.mark.parametrize(
    ("drugs", "mg"),
    [
        ("oxycodone_po_mg:0.1,oxycodone_po_mg:0.2", 0.45),
        ("tapentadol_po_mg:.5", 0.2),
        ("morphine_po_mg:1e1", 10.0),
        ("tramadol_po_mg:2.125", 0.2125),
    ],
)
def test_doses_are_decimals(drugs, mg):
    assert run("omed", f"drugs={drugs}")[1]["omed"] == mg


@pytest.mark.parametrize(
    "dose",
    [
        "1.000",
        "60.000",
        "1_000",
        "\u0663",
        "\uff11",
        "1e9",
        "1e400",
        "1e-9999",
        "0x10",
        "1 0",
        "--5",
        "",
        "1,5",
        "9" * 50,
    ],
)
def test_a_dose_that_is_not_one_number_is_refused(dose):
    code, answer, err = run("omed", f"drugs=morphine_po_mg:{dose}")

    assert (code, answer, err.count("\n")) == (2, None, 1)


@pytest.mark.parametrize("words", MALFORMED, ids=" ".join)
def test_what_cannot_be_read_is_one_sentence_and_exit_2(words):
    code, answer, err = run(*words)

    assert (code, answer) == (2, None)
    assert err.strip()
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"sbrt_start": 5},
        {"surgery_on": "2016-02-31"},
        {"events": {}},
        {"events": [5]},
        {"events": [{"term": "x", "grades": [{"grade": 9}]}]},
        {"events": [{"term": "x", "surgery": "maybe"}]},
        {"ended": {"on": "2016-01-20", "why": "bored"}},
        {"days": True},
        {"grades": []},
        {"unknown": 1},
        {"zone": "Mars/Olympus"},
    ],
)
def test_a_document_that_cannot_be_read_is_refused(change):
    code, _told, err = run("endpoint", stdin=json.dumps({**DOCUMENT, **change}))

    assert code == 2
    assert err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null"])
def test_what_is_no_document_is_refused(text):
    assert run("endpoint", stdin=text)[0] == 2


def test_the_real_command():
    asked = [sys.executable, "-m", "protocol", "stopping", "events=3", "evaluable=5"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["verdict"] == "stop"


def test_all_rules_of_the_contract_are_there():
    assert set(RULES) == {
        "window", "eligibility", "followup", "sae", "endpoint", "sins", "eq5d", "omed", "pain", "stopping", "interval"
    }  # fmt: skip


def test_follow_up_is_counted_up_to_ten_years():
    assert run("followup", "surgery=2016-01-12", "day=3650")[1]["last_day"] == "2026-01-09"
    code, _answer, err = run("followup", "surgery=2016-01-12", "day=3651")

    assert code == 2
    assert err.startswith("day:")


@pytest.mark.parametrize(("age", "code"), [("18", 0), ("130", 0), ("131", 2), ("-1", 2)])
def test_an_age_is_one_of_a_human_being(age, code):
    assert run("eligibility", f"age={age}")[0] == code


def test_the_key_ends_at_the_first_equals_sign():
    code, _answer, err = run("window", "horoscope=a=b")

    assert code == 2
    assert "“horoscope” is not a key" in err


def test_the_endpoint_is_judged_on_the_clocks_of_the_document():
    """Surgery's 60th day ends an hour later in Lisbon: an event in that hour counts there."""
    grades = {**DOCUMENT["events"][0], "grades": [{"grade": 3, "from": "2016-03-12T23:30Z"}]}
    document = {**DOCUMENT, "sbrt_start": "2016-01-11T09:00Z", "surgery_on": "2016-01-12", "events": [grades]}
    here, there = (
        run("endpoint", stdin=json.dumps({**document, "zone": zone}))[1]["verdict"]
        for zone in ("Europe/Amsterdam", "Europe/Lisbon")
    )

    assert (here, there) == ("no", "yes")
