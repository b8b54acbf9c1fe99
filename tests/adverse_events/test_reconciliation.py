"""The case as reported beside the event as it stands."""

import pytest

from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent, SeriousReport
from tests import builders
from tests.builders import amsterdam


@pytest.fixture
def case(people, site):
    participant = builders.register(site, people["nurse"])
    grades = [AdverseEventGrade().fill(grade=3, from_on="2016-01-20")]
    event = builders.record(
        AdverseEvent, participant, people["nurse"], rows=grades, verbatim="Wound", ctcae_code="10048038",
        onset_on="2016-01-18", related_surgery="probable", outcome="recovering", life_threatening="no", death="no",
        hospitalisation="yes",
    )  # fmt: skip
    same = {"said_term": "Wound infection", "said_onset": "2016-01-18", "said_related": "possible"}
    reports = [
        SeriousReport().fill(version_kind="initial", sent_to="sponsor", sent_at=amsterdam("2016-01-21 10:00"),
                             said_grade=2, said_outcome="not-recovered", **same),
        SeriousReport().fill(version_kind="follow-up", sent_to="sponsor", sent_at=amsterdam("2016-01-25 10:00"),
                             said_grade=3, said_outcome="recovering", **same),
    ]  # fmt: skip
    answers = {"kind": "other", "site_aware_at": amsterdam("2016-01-20 16:00"), "narrative": "<b>fictional</b>"}
    return builders.record(SeriousEvent, participant, people["nurse"], rows=reports, adverse_event=event, **answers)


def test_what_differs_is_said_field_by_field(login, case):
    at = f"/participants/{case.participant.code}/serious-event/1/reconciliation/"
    page = login("monitor").get(at).content.decode()

    assert page.count("differs") == 1  # reported as possible, judged probable since
    assert "Worst grade as reported: grade 2 → grade 3" in page
    assert "Outcome as reported: Not recovered → Recovering" in page


def test_one_page_to_print_says_when_it_is_due_and_escapes_what_was_typed(login, case):
    page = login("pi").get(f"/participants/{case.participant.code}/serious-event/1/report/").content.decode()

    assert "Thu 21 Jan 2016 16:00 CET" in page
    assert "Wound infection" in page
    assert "&lt;b&gt;fictional" in page
    assert "hospital admission, or a longer stay" in page  # a statement to send, not the question as asked
    assert "Did it bring" not in page


def test_what_neither_the_report_nor_the_event_says_does_not_differ(login, people, site):
    """A blank in the report beside “unknown” in the event: nobody has anything to correct."""
    case = reported(people, site, {}, {}, unknown=["outcome", "onset_on"])
    page = login("monitor").get(page_of(case)).content.decode()

    assert "differs" not in page


@pytest.mark.parametrize(
    ("report_says", "stands"),
    [({"said_outcome": "recovering"}, {}), ({}, {"outcome": "recovering"}), ({}, {"onset_on": "2016-01-18"})],
)
def test_a_blank_beside_an_answer_differs(login, people, site, report_says, stands):
    case = reported(people, site, report_says, stands)

    assert login("monitor").get(page_of(case)).content.decode().count("differs") == 1


def reported(people, site, report_says, stands, unknown=()):
    """A case with one report that says so much, about an event that says so much."""
    participant = builders.register(site, people["nurse"])
    missing = dict.fromkeys(unknown, "UNK")
    event = builders.record(AdverseEvent, participant, people["nurse"], missing=missing, verbatim="Wound", **stands)
    report = SeriousReport().fill(
        version_kind="initial", sent_to="sponsor", sent_at=amsterdam("2016-01-21 10:00"), **report_says
    )
    return builders.record(SeriousEvent, participant, people["nurse"], rows=[report], adverse_event=event, kind="other")


def page_of(case):
    return f"/participants/{case.participant.code}/serious-event/1/reconciliation/"
