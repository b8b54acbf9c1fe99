"""Every form on paper: each question with its unit and codes, whose and when, and where it was entered."""

from datetime import UTC, datetime

import pytest

from enrollment.models import Consent
from records.model import registry
from records.model.fields import crf_fields
from tests import builders
from tests.builders import amsterdam


@pytest.fixture
def page(login):
    return " ".join(login("nurse").get("/forms/blank/").content.decode().split())


def test_every_question_of_every_form_is_printed_with_its_codes_and_unit(page):
    from django.utils.html import escape

    for model in registry.forms().values():
        for part in (model, *registry.rows_of(model)):
            for field in crf_fields(part):
                if not field.editable:
                    continue
                assert escape(str(field.verbose_name)) in page, field
                if field.unit:
                    assert escape(str(field.unit)) in page, field
                for code, label in field.flatchoices:
                    assert f"☐ {escape(str(label))} <small>{escape(str(code))}</small>" in page, (field, code)


def test_a_sheet_says_for_whom_when_and_when_it_was_entered(page):
    for words in ("BLEND-", "NCT02622841", "protocol version 1.0", "Day 60", "Entered into the system by", "Unknown"):
        assert words in page


def test_one_form_alone_and_none_that_does_not_exist(login):
    browser = login("nurse")

    one = browser.get("/forms/blank/?form=consent").content.decode()
    assert one.count('class="sheet"') == 1
    assert "Knife to skin" not in one
    assert browser.get("/forms/blank/?form=nothing").status_code == 404


def test_what_is_entered_late_shows_when_it_was_entered(people, site, login):
    """The day of the event is the paper's; the system keeps and shows when it was written down here."""
    entered = datetime(2016, 3, 12, 9, 30, tzinfo=UTC)
    participant = builders.register(site, people["nurse"], now=entered)
    consent = builders.record(
        Consent, participant, people["nurse"], now=entered, given="yes", consented_at=amsterdam("2016-03-01 10:00")
    )
    builders.change(consent, people["nurse"], form_version="2.0")

    page = " ".join(login("monitor").get("/participants/BLEND-01/consent/").content.decode().split())

    assert 'value="2016-03-01"' in page
    assert "first entered Sat 12 Mar 2016 10:30" in page
