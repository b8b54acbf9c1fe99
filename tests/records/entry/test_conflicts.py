"""Two people on one form, and one person twice: nothing is overwritten unseen, nothing typed is thrown away."""

import pytest

from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent
from tests import builders


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


@pytest.fixture
def event(participant, people):
    """Grade 1 from 1 March."""
    row = AdverseEventGrade().fill(grade=1, from_on="2016-03-01")
    return builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound opened")


def page_of(event, rows):
    """What a browser sends that opened the event: its version, and each row with its identity."""
    sent = {"version": str(event.version), "action": "save", "verbatim": event.verbatim}
    sent |= {"grades-TOTAL_FORMS": str(len(rows)), "grades-INITIAL_FORMS": "0"}
    for index, (entry, grade, since, *removed) in enumerate(rows):
        sent |= {f"grades-{index}-entry": str(entry), f"grades-{index}-grade": grade, f"grades-{index}-from_on": since}
        if removed:
            sent[f"grades-{index}-remove"] = "on"
    return sent


def standing(event):
    rows = AdverseEventGrade.objects.filter(adverse_event=event, voided_at__isnull=True).order_by("pk")
    return [(row.grade, str(row.from_on)) for row in rows]


def address(event):
    return f"/participants/{event.participant.code}/adverse-event/{event.number}/"


def test_a_row_that_somebody_added_meanwhile_is_shown_and_kept(login, event):
    first = AdverseEventGrade.objects.get()
    browser = login("pi")
    mine = page_of(event, [(first.entry, "1", "2016-03-01"), ("", "2", "2016-03-10")])
    browser.post(address(event), page_of(event, [(first.entry, "1", "2016-03-01"), ("", "3", "2016-03-05")]))

    refused = login("nurse").post(address(event), mine)
    page = refused.content.decode()
    saved = login("nurse").post(address(event), {**mine, "version": "2"})

    assert refused.status_code == 409
    assert "Grade: grade 3, From: 2016-03-05" in page
    assert "it stays" in page
    assert saved.status_code == 302
    assert standing(event) == [(1, "2016-03-01"), (3, "2016-03-05"), (2, "2016-03-10")]


def test_a_row_that_somebody_removed_meanwhile_does_not_take_over_another(login, people, event):
    builders.change(event, people["nurse"], verbatim="Wound opened")
    first = AdverseEventGrade.objects.get()
    event.refresh_from_db()
    login("nurse").post(address(event), page_of(event, [(first.entry, "1", "2016-03-01"), ("", "3", "2016-03-05")]))
    event.refresh_from_db()
    third = AdverseEventGrade.objects.get(grade=3)
    both = [(first.entry, "1", "2016-03-01"), (third.entry, "3", "2016-03-05")]
    login("pi").post(address(event), page_of(event, [(*both[0], "remove"), both[1]]))

    refused = login("nurse").post(address(event), page_of(event, both))

    assert refused.status_code == 409
    assert standing(event) == [(3, "2016-03-05")]
    third.refresh_from_db()
    assert (third.grade, str(third.from_on)) == (3, "2016-03-05")


def test_a_reason_for_no_answer_is_part_of_the_conflict(login, participant, people):
    builders.record(Consent, participant, people["nurse"], given="yes")
    where = f"/participants/{participant.code}/consent/"
    login("pi").post(where, {"version": "1", "action": "save", "given": "yes", "form_version_missing": "UNK"})

    refused = login("nurse").post(where, {"version": "1", "action": "save", "given": "yes"})

    assert refused.status_code == 409
    assert "no answer: Unknown" in refused.content.decode()


def test_a_second_sending_that_differs_is_a_conflict_and_not_thrown_away(login, participant):
    browser, where = login("nurse"), f"/participants/{participant.code}/consent/"
    first = {"version": "0", "action": "save", "given": "yes", "form_version": "v1",
             "entry": "6f8f1f0e-3a51-4f0e-9a52-2f1c2f3a4b5c"}  # fmt: skip
    browser.post(where, first)

    same = browser.post(where, first)
    other = browser.post(where, {**first, "form_version": "v2"})

    assert same.status_code == 302
    assert other.status_code == 409
    assert "v1" in other.content.decode()
    assert 'value="v2"' in other.content.decode()
    assert Consent.objects.get().version == 1


def test_complete_right_after_save_completes(login, participant):
    browser, where = login("nurse"), f"/participants/{participant.code}/consent/"
    typed = {"version": "0", "given": "no", "declined_reason": "burden",
             "entry": "6f8f1f0e-3a51-4f0e-9a52-2f1c2f3a4b5c"}  # fmt: skip
    browser.post(where, {**typed, "action": "save"})

    answer = browser.post(where, {**typed, "action": "complete"})

    assert answer.status_code == 302
    assert (Consent.objects.get().status, Consent.objects.count()) == ("complete", 1)


def test_a_refused_page_says_what_is_stored(login, participant):
    where = f"/participants/{participant.code}/surgery/new/"
    browser = login("nurse")
    typed = {"action": "save", "index": "yes", "performed": "yes", "incision_at_0": "8-3-16", "incision_at_1": "1405"}
    at = browser.post(where, {**typed, "version": "0"}).url

    refused = browser.post(at, {**typed, "version": "1", "closed_at_0": "8-3-16", "closed_at_1": "1300"})
    page = refused.content.decode()

    assert refused.status_code == 422
    assert "version 1" in page
    assert "version 2" not in page


def test_a_complete_event_keeps_at_least_one_grade(login, participant, people):
    from protocol.toxicity import SERIOUSNESS

    row = AdverseEventGrade().fill(grade=1, from_on="2016-03-01")
    event = builders.record(
        AdverseEvent, participant, people["nurse"], rows=[row], complete=True, verbatim="Wound", ctcae_code="10048031",
        onset_on="2016-03-01",
        at_baseline="no", ongoing="yes", outcome="recovering", **dict.fromkeys(SERIOUSNESS, "no"),
    )  # fmt: skip
    sent = page_of(event, [(AdverseEventGrade.objects.get().entry, "1", "2016-03-01", "remove")])

    refused = login("nurse").post(address(event), {**sent, "reason": "typing error"})

    assert refused.status_code == 422
    assert "at least one grade" in refused.content.decode()
    assert standing(event) == [(1, "2016-03-01")]


def test_a_nul_byte_in_the_reason_for_voiding_is_refused_in_words(login, participant, people):
    builders.record(Consent, participant, people["nurse"], given="yes")
    where = f"/participants/{participant.code}/consent/"

    refused = login("nurse").post(f"{where}void/", {"version": "1", "reason": "wrong\x00patient"})

    assert refused.status_code == 422
    assert "Line 1, place 6" in refused.content.decode()
    assert not Consent.objects.get().is_void


def test_a_void_form_stays_readable(login, participant, people):
    builders.record(Consent, participant, people["nurse"], given="yes", form_version="v7")
    where = f"/participants/{participant.code}/consent/"
    browser = login("nurse")
    browser.post(f"{where}void/", {"version": "1", "reason": "wrong patient"})

    empty, history = browser.get(where), browser.get(f"{where}history/")

    assert "wrong patient" in empty.content.decode()
    assert history.status_code == 200
    assert "v7" in history.content.decode()


@pytest.mark.parametrize(
    ("field", "typed"),
    [("screened_on", "31-12-9999"), ("screened_on", "2062-01-01")],
)
def test_the_future_is_refused(login, participant, field, typed):
    answer = login("nurse").post(
        f"/participants/{participant.code}/screening/", {"version": "0", "action": "save", field: typed}
    )

    assert answer.status_code == 422
    assert "is in the future" in answer.content.decode()


def test_a_time_added_to_a_day_shows_the_day_it_had(login, participant, people):
    from datetime import date

    from procedures.models import Surgery

    record = builders.record(Surgery, participant, people["nurse"], index="yes", incision_at=date(2016, 3, 8))
    builders.change(record, people["nurse"], incision_at=builders.amsterdam("2016-03-08 14:05"))
    page = login("nurse").get(f"/participants/{participant.code}/surgery/1/history/?field=incision_at").content.decode()

    assert "2016-03-08 (time unknown)" in page
    assert "Tue 8 Mar 2016 14:05 CET" in page
    assert page.count('<td class="old">–</td>') == 1  # only when it was first entered


@pytest.fixture
def consent(participant, people):
    """Version 1, as both of them opened it."""
    return builders.record(Consent, participant, people["nurse"], given="yes", form_version="v1", obtained_by="surgeon")


def consent_page(**typed):
    return {"version": "1", "action": "save", "given": "yes", "form_version": "v1", "obtained_by": "surgeon", **typed}


def differences(answer):
    return {difference.name: difference.who for difference in answer.context["conflict"]["fields"]}


def test_what_only_one_of_them_changed_merges_after_asking(login, consent):
    where = f"/participants/{consent.participant.code}/consent/"
    login("pi").post(where, consent_page(form_version="v2"))
    mine = consent_page(copy_given="yes", obtained_by_missing="")

    asked = login("nurse").post(where, mine)
    form = asked.context["form"]

    assert asked.status_code == 409
    assert differences(asked) == {"form_version": "theirs", "copy_given": "yours"}
    assert (form["form_version"].value(), form["copy_given"].value(), form["version"].value()) == ("v2", "yes", "2")
    consent.refresh_from_db()
    assert (consent.form_version, consent.copy_given) == ("v2", None)  # asked, not done

    login("nurse").post(where, {**mine, "form_version": "v2", "version": "2"})
    consent.refresh_from_db()
    assert (consent.form_version, consent.copy_given) == ("v2", "yes")


def test_what_both_changed_is_shown_side_by_side_and_keeps_the_typing(login, consent):
    where = f"/participants/{consent.participant.code}/consent/"
    login("pi").post(where, consent_page(form_version="v2", consented_at_0="8-3-16", consented_at_1="1405"))

    asked = login("nurse").post(where, consent_page(form_version="v3", consented_at_0="9-3-16", consented_at_1="1405"))
    by_name = {difference.name: difference for difference in asked.context["conflict"]["fields"]}

    assert {name: difference.who for name, difference in by_name.items()} == {
        "form_version": "both",
        "consented_at": "both",
    }
    assert dict(by_name["consented_at"].take)["consented_at_0"] == ("2016-03-08",)
    assert by_name["form_version"].theirs == "v2"
    assert asked.context["form"]["form_version"].value() == "v3"


def test_both_saying_the_same_is_no_difference(login, consent):
    where = f"/participants/{consent.participant.code}/consent/"
    login("pi").post(where, consent_page(form_version="v2"))

    assert differences(login("nurse").post(where, consent_page(form_version="v2"))) == {}


def test_a_row_that_only_they_changed_or_removed_is_taken_over(login, people, event):
    login("pi").post(address(event), page_of(event, [(AdverseEventGrade.objects.get().entry, "1", "2016-03-01"),
                                                     ("", "2", "2016-03-10")]))  # fmt: skip
    event.refresh_from_db()
    first, second = AdverseEventGrade.objects.order_by("pk")
    both = [(first.entry, "1", "2016-03-01"), (second.entry, "2", "2016-03-10")]
    login("pi").post(address(event), page_of(event, [(first.entry, "3", "2016-03-01"), (*both[1], "remove")]))
    mine = {**page_of(event, both), "verbatim": "Wound opened a bit"}

    asked = login("nurse").post(address(event), mine)
    rows = asked.context["rows"]["grades"].forms

    assert differences(asked) == {"verbatim": "yours", "grades-0-grade": "theirs", "rows-grades": "theirs"}
    assert rows[0]["grade"].value() == "3"
    assert rows[1]["remove"].value()


def test_a_row_that_both_changed_is_for_a_person_to_choose(login, event):
    first = AdverseEventGrade.objects.get()
    login("pi").post(address(event), page_of(event, [(first.entry, "3", "2016-03-01")]))

    changed = login("nurse").post(address(event), page_of(event, [(first.entry, "2", "2016-03-01")]))
    removed = login("nurse").post(address(event), page_of(event, [(first.entry, "1", "2016-03-01", "remove")]))

    assert differences(changed) == {"grades-0-grade": "both"}
    assert differences(removed) == {"rows-grades": "both"}
    assert standing(event) == [(3, "2016-03-01")]
