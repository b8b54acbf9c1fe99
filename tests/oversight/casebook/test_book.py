"""The typed casebook: every form there is has an attribute, and holds what was entered."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import Visit
from enrollment.models import Consent
from oversight.analysis import listings
from oversight.analysis.cohort import build_cohort
from oversight.casebook import loading, timeline, visit_matrix
from oversight.casebook.book import Casebook, NotLoaded, VisitForms
from procedures.models import Sbrt, SbrtFraction, Surgery
from records import services
from records.model import registry
from records.model.base import ItemGroupRecord, ParticipantRecord, VisitRecord
from tests import builders
from tests.builders import amsterdam
from tests.situations.conftest import Story


@pytest.fixture
def story(people, site):
    return Story(people, site)


MODELS = [model for model in registry.clinical_models() if issubclass(model, ParticipantRecord)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.slug)
def test_every_form_and_every_kind_of_row_is_one_attribute_of_the_casebook(model: type[ParticipantRecord]) -> None:
    """A form that is registered and cannot be read would be judged by no rule."""
    holder = VisitForms if issubclass(model, VisitRecord) else Casebook
    assert [name for name, kept in holder.attributes().items() if kept is model] != []


def test_what_is_entered_is_read_from_its_attribute(people, site):
    participant = builders.register(site, people["nurse"])
    for model in registry.forms().values():
        where = {"visit": "d60"} if issubclass(model, VisitRecord) else {}
        rows = [kind() for kind in registry.rows_of(model)]
        builders.record(model, participant, people["nurse"], rows=rows, **where)

    [book] = loading.load([participant]).values()

    for name, model in Casebook.attributes().items():
        kept = getattr(book, name)
        assert [type(record) for record in (kept if isinstance(kept, list) else [kept])] == [model], name
    for name, model in VisitForms.attributes().items():
        assert type(book.visits["d60"].form(name)) is model
    assert {book.visits["w2"].form(name) for name in VisitForms.attributes()} == {None}
    assert {type(record) for record in book.everything()} == set(MODELS)
    assert [type(record) for record in book.forms()] == list(registry.forms().values())


@pytest.mark.parametrize("forms", [None, [Consent, Sbrt, SbrtFraction]])
def test_one_question_a_form_however_many_participants(people, site, forms):
    """And one for the amendments that their sites approved."""
    participants = []
    for _ in range(3):
        participants.append(builders.register(site, people["nurse"]))
        with CaptureQueriesContext(connection) as statements:
            loading.load(participants, forms)
        assert len(statements) == 1 + len(MODELS if forms is None else forms)


def test_a_form_that_was_not_loaded_is_no_empty_answer(story):
    """A rule that reads more than was loaded would otherwise judge as if nothing had been entered."""
    story.treated()
    [book] = loading.load([story.participant], [Consent, Sbrt, SbrtFraction, Visit]).values()

    assert book.consent.given == "yes"
    assert book.visits["d60"].visit is None
    with pytest.raises(NotLoaded):
        book.operations  # noqa: B018
    with pytest.raises(NotLoaded):
        book.every(Surgery)
    with pytest.raises(NotLoaded):
        book.visits["d60"].pain  # noqa: B018
    with pytest.raises(AttributeError):
        book.operation  # noqa: B018


def void(story, record):
    record.refresh_from_db()
    services.void(record, by=story.people["nurse"], reason="Entered for somebody else", version=record.version)


def test_the_rows_of_a_form_that_was_voided_count_no_more(story):
    """They are not voided themselves: nothing says so of each, and nobody could."""
    story.consented()
    void(story, story.irradiated("2016-01-10 15:00", "2016-01-11 15:00"))
    assert story.book.fractions == []
    assert story.book.every(SbrtFraction) == []

    sbrt = story.irradiated()

    assert [row.sbrt_id for row in story.book.fractions] == [sbrt.pk]


def test_minutes_of_delivery_are_those_of_the_form_that_stands(story):
    story.consented()
    void(story, story.irradiated("2016-01-10 15:00", "2016-01-11 15:00"))
    story.irradiated()

    figure = listings.sbrt(build_cohort([story.book], amsterdam("2016-06-01 12:00")))

    column = [heading.name for heading in figure.table.columns].index("minutes")
    assert figure.table.rows[0].cells[column].value == 35


def test_a_form_that_was_voided_with_rows_in_it_holds_up_no_signature(login, story):
    """A session inside it stays a draft for ever."""
    story.consented()
    void(story, story.irradiated())

    page = login("pi").get(f"/participants/{story.participant.code}/sign/")

    refusal = str(page.context["refusal"])
    assert "Consent" in refusal
    assert "session" not in refusal.lower()


def test_every_form_is_listed_on_the_casebook():
    """One that is not listed can be filled in only by somebody who types its address."""
    listed = {*timeline.FORMS, *timeline.LISTS, *visit_matrix.COLUMNS}
    missing = {slug for slug, model in registry.forms().items() if not issubclass(model, ItemGroupRecord)} - listed
    assert missing == set(), (
        "add the slug to FORMS or LISTS in oversight/casebook/timeline.py, or COLUMNS in visit_matrix.py"
    )
