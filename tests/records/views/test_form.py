"""The pages of a form: what a person sees when saving, when refused, and when somebody else was quicker."""

import re
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import OpioidDose, Pain
from enrollment.models import Eligibility
from procedures.models import Surgery
from records.model.fields import crf_fields
from records.models import AuditRow
from tests import builders
from tests.builders import amsterdam

TYPED = {
    "version": "0",
    "action": "save",
    "index": "yes",
    "performed": "yes",
    "incision_at_0": "8-3-16",
    "incision_at_1": "1405",
    "blood_loss_ml": "140",
}


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


@pytest.fixture
def new(participant):
    return f"/participants/{participant.code}/surgery/new/"


def test_a_draft_is_saved_and_shown_again_as_it_was_typed(login, participant, new):
    browser = login("nurse")

    answer = browser.post(new, TYPED)
    page = browser.get(answer.url).content.decode()

    assert answer.url == f"/participants/{participant.code}/surgery/1/"
    assert 'value="2016-03-08"' in page
    assert 'value="14:05"' in page
    assert "Noor de Vries" in page


def test_a_dependent_question_says_which_answers_open_it(login, new):
    """The browser hides, or calls a contradiction, whatever no answer opens."""
    page = login("nurse").get(new).content.decode()
    codes = dict(re.findall(r'data-question="(\w+)"\s+data-parent="\w+" data-codes="([^"]*)"', page))

    assert codes == {field.name: " ".join(field.visible_if[1]) for field in crf_fields(Surgery) if field.visible_if}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("blood_loss_ml", "a lot", "whole number"),
        ("blood_loss_ml", "-1", "greater than or equal to 0"),
        ("incision_at_0", "31-2-2016", "does not exist"),
        ("incision_at_1", "25:00", "00 to 23"),
        ("index", "perhaps", "perhaps"),
    ],
)
def test_what_cannot_be_is_refused_with_everything_typed_still_there(login, new, field, typed, sentence):
    answer = login("nurse").post(new, {**TYPED, field: typed})
    page = answer.content.decode()

    assert answer.status_code == 422
    assert sentence in page
    assert 'value="8-3-16"' in page or field == "incision_at_0"
    assert Surgery.objects.count() == 0


def test_a_time_that_happens_twice_is_asked_about_and_kept(login, participant, new):
    browser = login("nurse")
    autumn = {**TYPED, "incision_at_0": "30-10-2016", "incision_at_1": "02:30"}

    asked = browser.post(new, autumn)
    answered = browser.post(new, {**autumn, "incision_at_2": "2"})

    assert asked.status_code == 422
    assert 'name="incision_at_2"' in asked.content.decode()
    assert answered.status_code == 302
    assert Surgery.objects.get().incision_at.isoformat() == "2016-10-30T01:30:00+00:00"


def test_two_people_on_one_form_are_shown_both_values(login, people, participant, new):
    browser = login("nurse")
    browser.post(new, TYPED)
    builders.change(Surgery.objects.get(), people["surgeon"], blood_loss_ml=400)

    answer = browser.post(new.replace("new", "1"), {**TYPED, "version": "1", "blood_loss_ml": "150"})
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "400 ml" in page
    assert 'value="150"' in page
    assert Surgery.objects.get().blood_loss_ml == 400


def test_a_double_click_saves_once(login, participant, new):
    browser = login("nurse")
    entry = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

    first = browser.post(new, {**TYPED, "entry": entry})
    second = browser.post(new, {**TYPED, "entry": entry})

    assert first.url == second.url
    assert Surgery.objects.count() == 1


def test_a_get_never_writes(login, participant, new):
    browser = login("nurse")
    before = AuditRow.objects.count()

    browser.get(new)
    browser.get(f"/participants/{participant.code}/sbrt/")

    assert AuditRow.objects.count() == before


def test_history_reads_like_a_logbook(login, people, participant, new):
    browser = login("nurse")
    browser.post(new, TYPED)
    builders.change(
        Surgery.objects.get(), people["surgeon"], incision_at=amsterdam("2016-03-08 13:04"), reason="Typing error"
    )

    page = browser.get(new.replace("new", "1") + "history/").content.decode()

    assert "Sem Bakker (spine surgeon)" in page
    assert "Typing error" in page
    assert "Tue 8 Mar 2016 14:05 CET" in page
    assert "Tue 8 Mar 2016 13:04 CET" in page


def test_voiding_keeps_the_record_readable(login, participant, new):
    browser = login("nurse")
    browser.post(new, TYPED)

    without = browser.post(new.replace("new", "1/void"), {"version": "1", "reason": ""})
    browser.post(new.replace("new", "1/void"), {"version": "1", "reason": "Wrong participant"})

    assert without.status_code == 422
    assert Surgery.objects.get().is_void
    assert "Wrong participant" in browser.get(new.replace("new", "1")).content.decode()


@pytest.mark.parametrize(
    ("form", "typed", "rows"),
    [
        ("surgery/new/", TYPED, 0),
        ("consent/", {"action": "save", "version": "0", "given": "yes"}, 0),
        (
            "sbrt/",
            {
                "action": "save",
                "version": "0",
                "delivery": "completed",
                "fractions-TOTAL_FORMS": "2",
                "fractions-INITIAL_FORMS": "0",
                "fractions-0-dose_gy": "18",
                "fractions-1-dose_gy": "8",
            },
            2,
        ),
        (
            "adverse-event/new/",
            {
                "action": "save",
                "version": "0",
                "verbatim": "wound opened",
                "ctcae_code": "10048031",
                "grades-TOTAL_FORMS": "2",
                "grades-INITIAL_FORMS": "0",
                "grades-0-grade": "2",
                "grades-1-grade": "3",
            },
            2,
        ),
    ],
)
def test_saving_a_form_is_one_request_one_transaction_and_at_most_twelve_statements(
    committed, login, participant, form, typed, rows
):
    browser = login("nurse")
    address = f"/participants/{participant.code}/{form}"
    before = AuditRow.objects.count()

    with CaptureQueriesContext(connection) as statements:
        answer = browser.post(address, typed)

    queries = [statement["sql"] for statement in statements]
    assert answer.status_code == 302, answer.content.decode()
    assert AuditRow.objects.count() == before + 1 + rows
    assert sum(sql == "BEGIN" for sql in queries) == sum(sql == "COMMIT" for sql in queries) == 1
    assert len(queries) <= 12, "\n".join(queries)


class Enabled(HTMLParser):
    """The names of what can be answered in the form `crf`."""

    def __init__(self, page):
        super().__init__()
        self.closed, self.names = [], set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "fieldset":
            self.closed.append("disabled" in attributes)
        elif tag in ("input", "select", "textarea") and attributes.get("type") != "hidden" and "form" not in attributes:
            off = any(self.closed) or "disabled" in attributes
            self.names |= set() if off else {attributes.get("name")}

    def handle_endtag(self, tag):
        if tag == "fieldset":
            self.closed.pop()


def test_who_only_reads_a_form_changes_nothing_and_still_sees_its_scores(login, people, site):
    participant = builders.register(site, people["nurse"])
    rows = [OpioidDose().fill(drug="oxycodone_po_mg", dose=40)]
    pain = {"worst_pain": 8, "least_pain": 2, "average_pain": 4, "pain_now": 4, "takes_opioids": "yes"}
    builders.record(Pain, participant, people["nurse"], visit="bas", rows=rows, **pain)
    address = f"/participants/{participant.code}/bas/pain/"
    read, written = (login(who).get(address).content.decode() for who in ("monitor", "nurse"))

    assert not {name for name in Enabled(read).names if name and name != "q" and not name.startswith("again-")}
    assert {"worst_pain", "worst_pain_missing"} <= Enabled(written).names
    assert "4.50" in read
    assert "60 mg" in read
    assert "hx-post" not in read


def test_who_only_reads_eligibility_sees_the_verdict_on_what_is_recorded(login, people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(Eligibility, participant, people["nurse"], bilsky="2")

    read = login("monitor").get(f"/participants/{participant.code}/eligibility/").content.decode()

    assert "not eligible" in read
    assert "eligibility/verdict/" not in read  # which would judge the answers of a form that sends none
