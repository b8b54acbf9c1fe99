"""Many people save while somebody completes, locks, signs or compares: nothing lands after, and everybody is told."""

import threading

import pytest
from django.db import connection, connections
from django.test import Client

from accounts.models import Person
from adverse_events.models import AdverseEvent
from enrollment.models import Consent
from records import services
from records.audit import verification
from records.models import AuditRow, Lock
from tests import builders
from tests.conftest import PASSWORD
from tests.sizes import examples

SAVERS = examples(10, 30)

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def consent(people, site):
    participant = builders.register(site, people["nurse"])
    form = builders.record(Consent, participant, people["nurse"], given="yes")
    form.missing = {field.name: "UNK" for field in form.unanswered()}
    return services.write(form, by=people["nurse"], version=1)


def address(consent):
    return f"/participants/{consent.participant.code}/consent/"


def browser_of(person):
    browser = Client()
    browser.force_login(person)
    return browser


def answers(consent, **changed):
    """Everything the page sends, so that no answer goes by being left out."""
    page = browser_of(Person.objects.get(username="nurse")).get(address(consent))
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields if name.endswith("_missing") and form[name].value()}
    sent |= {name: form[name].value() for name in ("given", "form_version") if form[name].value()}
    return {**sent, "version": form["version"].value(), **changed}


def together(act, saves):
    """Run an act and all saves at the same instant; what each save gave, and what the act gave."""
    start = threading.Barrier(len(saves) + 1)
    results = []

    def run(save):
        try:
            start.wait()
            results.append(save())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(save,)) for save in saves]
    for thread in threads:
        thread.start()
    start.wait()
    outcome = act()
    for thread in threads:
        thread.join()
    connection.close()
    return outcome, results


def saver(consent, index, opened, nurse, tries=SAVERS + 5):
    """Somebody who saves what was opened and, told of a newer version, tries again on that one."""
    browser = browser_of(nurse)
    sent = {**opened, "form_version": f"by {index}", "form_version_missing": ""}

    def save():
        for _attempt in range(tries):
            status = browser.post(address(consent), sent).status_code
            if status != 409:
                break
            sent["version"] = Consent.objects.get().version
        return status, f"by {index}"

    return save


def written():
    """The values that the trail says were saved, each with the id of its row."""
    rows = AuditRow.objects.filter(table="enrollment_consent", changes__has_key="form_version").order_by("id")
    return [(row.pk, row.changes["form_version"][1]) for row in rows if row.changes["form_version"][1]]


def check(results, last_row):
    """Whoever was told "saved" is in the trail and nobody else is; everybody was told; none landed after."""
    assert {status for status, _value in results} <= {302, 422}
    assert len(results) == SAVERS
    assert sorted(value for status, value in results if status == 302) == sorted(value for _pk, value in written())
    assert [value for pk, value in written() if pk > last_row] == []
    assert verification.verify() == []


def test_saves_race_a_completion(people, consent):
    browser = browser_of(people["surgeon"])
    opened = answers(consent, action="save")

    def complete():
        status = 409
        while status == 409:  # from one row: the test client's `context` would mix in what other threads render
            now = Consent.objects.get()
            sent = {**opened, "version": now.version, "form_version": now.form_version or "", "action": "complete"}
            if now.form_version:
                sent["form_version_missing"] = ""
            status = browser.post(address(consent), sent).status_code
        return status

    status, statuses = together(complete, [saver(consent, n, opened, people["nurse"]) for n in range(SAVERS)])

    assert status == 302
    check(statuses, AuditRow.objects.get(table="enrollment_consent", changes__status=["draft", "complete"]).pk)


def test_saves_race_a_lock(people, consent):
    browser = browser_of(people["datamanager"])
    opened = answers(consent, action="save")
    sent = {"what": "participant", "kind": "freeze", "reason": "Interim look"}

    def lock():
        return browser.post(f"/participants/{consent.participant.code}/locks/", sent).status_code

    status, statuses = together(lock, [saver(consent, n, opened, people["nurse"]) for n in range(SAVERS)])

    assert status == 302
    assert Lock.objects.get().released_at is None
    check(statuses, AuditRow.objects.get(table="records_lock").pk)


@pytest.mark.parametrize(("act", "who"), [("sign", "pi"), ("verify", "monitor")])
def test_of_pages_opened_before_a_signature_or_comparison_one_act_gets_through(people, consent, act, who):
    services.write(consent, by=people["nurse"], version=2, complete=True)
    opened = answers(consent, action="complete", reason="Letter re-read")
    sent = {"version": opened["version"], "password": PASSWORD, "meaning": "approved", "which": "all"}
    browser = browser_of(people[who])

    def attest():
        return browser.post(f"{address(consent)}{act}/", sent).status_code

    acted, outcomes = together(attest, [saver(consent, n, opened, people["nurse"], tries=1) for n in range(SAVERS)])
    statuses = [acted, *(status for status, _value in outcomes)]

    assert set(statuses) == {302, 409}
    assert statuses.count(302) == 1
    assert verification.verify() == []


def test_a_double_click_makes_one_record_and_refuses_nobody(people, site):
    participant = builders.register(site, people["nurse"])
    new = f"/participants/{participant.code}/adverse-event/new/"
    entry = browser_of(people["nurse"]).get(new).context["form"]["entry"].value()
    sent = {"version": "0", "action": "save", "verbatim": "Wound opened", "entry": str(entry)}

    def click():
        answer = browser_of(people["nurse"]).post(new, sent)
        return answer.status_code, answer.headers.get("Location")

    first, others = together(click, [click] * 5)

    assert {first, *others} == {(302, f"/participants/{participant.code}/adverse-event/1/")}
    assert AdverseEvent.objects.count() == 1
