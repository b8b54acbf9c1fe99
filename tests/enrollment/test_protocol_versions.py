"""An amendment, fictional: in force by site and day of consent, and never over what was judged before."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from assessments.models import Visit
from enrollment.models import Consent, Deviation, Eligibility
from enrollment.protocol_versions import approve
from oversight.casebook import visit_matrix
from oversight.scanning import scan
from protocol import study
from tests.builders import amsterdam
from tests.situations.conftest import Story

AMENDMENT = """
[protocol]
version = "2.0"
effective_on = 2016-03-01

[eligibility]
karnofsky_above = 40

[endpoint]
days = 75

[[visits]]
code = "w6"
closes = 56
"""


@pytest.fixture
def second(tmp_path, monkeypatch):
    """A second version, that exists in this test alone."""
    file = tmp_path / "2.toml"
    file.write_text(AMENDMENT)
    monkeypatch.setattr(study, "VERSIONS", study.versions([file]))
    return study.VERSIONS["2.0"]


def consented(people, site, on):
    story = Story(people, site)
    story.record(Consent, given="yes", consented_at=amsterdam(f"{on} 10:00"))
    return story


def test_what_an_amendment_changed_is_listed(second):
    assert study.difference(study.STUDY, second) == [
        ("eligibility.karnofsky_above", "50", "40"),
        ("endpoint.days", "60", "75"),
        ("w6.closes", "49", "56"),
    ]


def test_an_amendment_never_rewrites_what_was_judged_before(people, site, second):
    before = consented(people, site, "2016-02-20")
    judged = before.record(Eligibility, kps=50)
    approve(site, "2.0", date(2016, 3, 10), people["pi"])
    between, after = consented(people, site, "2016-03-05"), consented(people, site, "2016-03-10")
    later = after.record(Eligibility, kps=50)
    for story in (before, between, after):
        story.irradiated("2016-03-14 15:00")
        story.operated("2016-03-15 09:00")

    judged.refresh_from_db()
    assert ("I4" in judged.verdict().failed, judged.verdict().version) == (True, "1.0")
    assert ("I4" in later.verdict().failed, later.verdict().version) == (False, "2.0")
    assert [story.endpoint().window_last_day for story in (before, between, after)] == [
        date(2016, 5, 14), date(2016, 5, 14), date(2016, 5, 29),
    ]  # fmt: skip
    before.scan("2016-06-20 09:00")
    assert [story.kept()[0].protocol_version for story in (before, between, after)] == ["1.0", "1.0", "2.0"]


def test_an_approval_recorded_late_judges_again_and_says_so(people, site, second, login):
    """Grade 3 on day 70: outside the window of the first version, inside that of the second."""
    story = consented(people, site, "2016-03-11")
    story.irradiated("2016-03-14 15:00")
    story.operated("2016-03-15 09:00")
    story.event((3, "2016-05-24"), onset_on="2016-05-24")
    story.record(Visit, visit="d60", done="yes", visited_on=date(2016, 5, 25), any_adverse_event="no")
    story.scan("2016-06-20 09:00")
    assert story.endpoint().verdict == "no"

    login("pi").post("/protocol/", {"site": site.code, "version": "2.0", "approved_on": "10-3-2016"})
    scan.scan(timezone.now())

    last = story.kept()[-1]
    assert (last.before, last.verdict, last.protocol_version) == ("no", "yes", "2.0")
    assert "1.0 before; 2.0 had been approved" in last.cause[0]


def test_the_schedule_is_that_of_the_version(people, site, second):
    approve(site, "2.0", date(2016, 3, 10), people["pi"])
    for on, drafted in (("2016-03-05", True), ("2016-03-11", False)):
        story = consented(people, site, on)
        story.irradiated("2016-03-14 15:00")
        story.operated("2016-03-15 09:00")
        story.record(Visit, visit="w6", done="yes", visited_on=date(2016, 5, 6))
        story.scan("2016-05-10 09:00")
        week_6 = next(row for row in visit_matrix.rows(story.book, amsterdam("2016-05-10 09:00")) if row.code == "w6")

        assert (week_6.closes > date(2016, 5, 3)) is not drafted
        assert Deviation.objects.filter(participant=story.participant, kind="visit-missed").exists() is drafted


def test_without_an_approval_it_holds_for_nobody(people, site, second):
    assert consented(people, site, "2016-06-01").book.study.version == "1.0"


def test_the_page_names_differences_approvals_and_participants(login, people, site, second):
    consented(people, site, "2016-02-20")
    consented(people, site, "2016-04-01")
    sent = {"site": site.code, "version": "2.0", "approved_on": "10-3-2016"}

    refused = login("nurse").post("/protocol/", sent)
    wrong = login("pi").post("/protocol/", {**sent, "approved_on": "31-2-2016"})
    login("pi").post("/protocol/", sent)
    twice = login("pi").post("/protocol/", sent)
    page = " ".join(login("monitor").get("/protocol/").content.decode().split())

    assert (refused.status_code, wrong.status_code, twice.status_code) == (403, 422, 422)
    assert "does not exist" in wrong.content.decode()
    assert "karnofsky_above</th> <td>50</td> <td>40" in page
    assert "Approved at UMC Utrecht on 10 Mar 2016" in page
    second_part = page.split("Version 2.0")[1]
    assert "BLEND-02" in second_part
    assert "BLEND-01" not in second_part


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (AMENDMENT + "[window]\nhours = 72\n", "cannot change window"),
        (AMENDMENT.replace("karnofsky_above", "karnofski"), "no karnofski"),
        (AMENDMENT.replace('"w6"', '"w7"'), "no visit w7"),
        (AMENDMENT.replace('"2.0"', '"1.0"'), "version of another"),
    ],
)
def test_an_amendment_that_no_rule_would_read_is_refused(tmp_path, text, sentence):
    file = tmp_path / "2.toml"
    file.write_text(text)

    with pytest.raises(ValueError, match=sentence):
        study.versions([file])


def test_the_first_version_needs_no_approval(people, site):
    with pytest.raises(ValidationError, match=r"no amendment 1\.0"):
        approve(site, "1.0", date(2016, 1, 1), people["pi"])
