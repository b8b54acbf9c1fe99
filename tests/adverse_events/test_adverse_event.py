"""The adverse event page: grades that exist, what cannot be together, who judges."""

import pytest

from adverse_events.models import AdverseEvent, SeriousEvent
from tests import builders

TYPED = {
    "action": "save",
    "version": "0",
    "verbatim": "wound opened a bit, antibiotics by drip",
    "ctcae_code": "10048031",
    "onset_on": "2016-03-15",
    "grades-TOTAL_FORMS": "2",
    "grades-INITIAL_FORMS": "0",
    "grades-0-grade": "2",
    "grades-0-from_on": "2016-03-15",
    "grades-1-grade": "3",
    "grades-1-from_on": "18-3-16",
}


@pytest.fixture
def new(people, site):
    return f"/participants/{builders.register(site, people['nurse']).code}/adverse-event/new/"


def test_a_worsening_is_a_row_and_the_term_comes_from_the_code(login, new):
    assert login("nurse").post(new, TYPED).status_code == 302

    event = AdverseEvent.objects.get()
    assert (event.ctcae_term, event.soc) == ("Wound dehiscence", "Injury, poisoning and procedural complications")
    assert [(row.grade, str(row.from_on)) for row in event.grades.order_by("pk")] == [
        (2, "2016-03-15"),
        (3, "2016-03-18"),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ctcae_code": "10033371", "grades-1-grade": "4"}, "Pain has no grade 4; it has 1, 2, 3."),
        ({"ctcae_code": "10048038", "grades-0-grade": "1"}, "Wound infection has no grade 1; it has 2, 3, 4, 5."),
        ({"ctcae_code": "12345678"}, "There is no CTCAE 4.03 term with code 12345678"),
        ({"grades-0-from_on": "2016-02"}, "This grade began before the event did"),
        ({"grades-1-grade": "5", "death": "no"}, "Grade 5 is death"),
        ({"ongoing": "no", "ended_on": "2016-03-01"}, "before it began"),
        ({"ongoing": "yes", "ended_on": "2016-04-01"}, "still going on"),
        ({"outcome": "fatal", "death": "no"}, "go together"),
        ({"grades-0-grade": "7"}, "less than or equal to 5"),
    ],
)
def test_what_cannot_be_is_refused_in_words(login, new, change, sentence):
    answer = login("nurse").post(new, {**TYPED, **change})
    page = answer.content.decode()

    assert answer.status_code == 422
    assert sentence in page
    assert "wound opened a bit" in page
    assert AdverseEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("who", "kept"),
    [
        ("nurse", (None, None, None)),
        ("surgeon", (None, "possible", "unlikely")),
        ("radonc", ("probable", None, "unlikely")),
        ("pi", ("probable", "possible", "unlikely")),
    ],
)
def test_relatedness_is_judged_by_the_right_specialist_alone(login, new, who, kept):
    login(who).post(
        new, {**TYPED, "related_sbrt": "probable", "related_surgery": "possible", "related_combination": "unlikely"}
    )

    event = AdverseEvent.objects.get()
    assert (event.related_sbrt, event.related_surgery, event.related_combination) == kept


def test_a_row_that_is_removed_stays_in_the_history(login, new):
    browser = login("nurse")
    address = browser.post(new, TYPED).url
    browser.post(address, {**TYPED, "version": "1", "grades-INITIAL_FORMS": "2", "grades-1-remove": "on"})

    event = AdverseEvent.objects.get()
    assert event.grades.filter(voided_at__isnull=True).count() == 1
    assert "voided Grade" in browser.get(address + "history/").content.decode()


def test_completing_asks_for_a_grade(login, new):
    without = {name: value for name, value in TYPED.items() if not name.startswith(("grades-0", "grades-1"))}

    page = login("nurse").post(new, {**without, "action": "complete"}).content.decode()

    assert "at least one grade" in page


def test_terms_are_found_by_everyday_words_and_show_their_grades(login, people):
    browser = login("nurse")

    offered = browser.get("/ctcae/", {"verbatim": "wound opened a bit"}).content.decode()
    grades = browser.get("/ctcae/10048038/").content.decode()

    assert "Wound dehiscence" in offered
    assert 'data-grade="1"' not in grades
    assert 'data-grade="2"' in grades


def test_a_case_belongs_to_an_event_of_the_same_participant(login, people, site, new):
    browser = login("nurse")
    other = builders.register(site, people["nurse"])
    event = builders.record(AdverseEvent, other, people["nurse"], verbatim="Fever")

    answer = browser.post(
        new.replace("adverse-event", "serious-event"), {"action": "save", "version": "0", "adverse_event": event.pk}
    )

    assert answer.status_code == 422
    assert SeriousEvent.objects.count() == 0
