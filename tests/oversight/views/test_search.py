"""One box finds participants, questions, events and queries: of one's own sites, in a few statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adverse_events.models import AdverseEvent
from assessments.models import Pain
from oversight import search
from records import queries
from tests import builders
from tests.oversight.views.test_pages import page


@pytest.fixture
def participant(people, site):
    """With a wound, and with a question about it."""
    subject = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, subject, people["nurse"], verbatim="Red and 100%_moist scar", ctcae_code="10048031")
    return subject


def hits(person, asked, inside=""):
    return [hit for _title, group, _more in search.search_for(person, asked, inside).groups for hit in group]


def urls(person, asked, inside=""):
    return [hit.url for hit in hits(person, asked, inside)]


def test_a_code_finds_the_participant_and_a_whole_one_leads_there_at_once(participant, people, login):
    assert urls(people["nurse"], "lend-0") == [f"/participants/{participant.code}/"]
    assert login("nurse").get("/find/?q=blend-01").url == f"/participants/{participant.code}/"


@pytest.mark.parametrize("asked", ["moist", "MOIST", "dehiscence", "100%_"])
def test_an_event_is_found_by_its_words_and_by_its_term(participant, people, asked):
    assert f"/participants/{participant.code}/adverse-event/1/" in urls(people["nurse"], asked)


@pytest.mark.parametrize("asked", ["100__m", "%%"])
def test_wildcards_are_letters_like_others(participant, people, asked):
    assert urls(people["nurse"], asked) == []


def test_a_question_is_found_in_the_forms_of_the_open_participant(participant, people):
    at = f"/participants/{participant.code}"
    assert f"{at}/surgery/new/#q-incision_at" in urls(people["nurse"], "knife to skin", participant.code)
    assert f"{at}/surgery/new/#q-incision_at" in urls(people["nurse"], f"{participant.code} knife to skin")
    assert f"{at}/consent/" in urls(people["nurse"], "consent", participant.code)
    assert urls(people["nurse"], "knife to skin") == []


def test_a_form_of_several_visits_opens_where_it_was_filled_in_last(participant, people):
    assert any("/bas/pain/" in url for url in urls(people["nurse"], "worst pain", participant.code))

    builders.record(Pain, participant, people["nurse"], visit="w4", worst_pain=3)

    assert any("/w4/pain/#q-worst_pain" in url for url in urls(people["nurse"], "worst pain", participant.code))


def test_a_query_is_found_by_its_text(participant, people):
    asked = {"by": people["datamanager"], "text": "Which letter says so?", "assignee": "nurse"}
    query = queries.ask(participant, now=timezone.now(), **asked)

    assert urls(people["nurse"], "which letter") == [f"/queries/{query.pk}/"]


def test_another_sites_are_not_found(participant, people):
    for asked in ("BLEND", participant.code, "moist", f"{participant.code} knife"):
        assert hits(people["nurse_b"], asked, participant.code) == []


def test_the_number_of_statements_does_not_grow(participant, people, site):
    def asked():
        with CaptureQueriesContext(connection) as statements:
            hits(people["nurse"], "pain", participant.code)
        return len(statements)

    asked()
    before = asked()
    for _each in range(5):
        other = builders.register(site, people["nurse"])
        builders.record(AdverseEvent, other, people["nurse"], verbatim="Pain in the back")
        builders.record(Pain, other, people["nurse"], visit="w4", worst_pain=3)

    assert asked() == before <= 14


def test_a_page_of_results_and_an_empty_one(participant, login):
    assert "moist" in page(login, "nurse", "/find/?q=moist")
    assert "Nothing holds “horoscope”" in page(login, "nurse", "/find/?q=horoscope")
    assert "at least two letters" in page(login, "nurse", "/find/?q=m")
