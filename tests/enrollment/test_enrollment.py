"""Registering, eligibility as it is typed, scores beside their items."""

import threading

import pytest
from django.db import connection

from enrollment import services
from enrollment.models import Eligibility
from records.models import AuditRow, Participant
from tests import builders


def test_registering_gives_the_next_code_and_goes_on_to_screening(login, people, site):
    browser = login("nurse")

    first = browser.post("/participants/new/")
    second = browser.post("/participants/new/")

    assert [first.url, second.url] == ["/participants/BLEND-01/screening/", "/participants/BLEND-02/screening/"]


def test_a_double_click_registers_once(login, people, site):
    browser = login("nurse")
    entry = {"entry": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}

    assert browser.post("/participants/new/", entry).url == browser.post("/participants/new/", entry).url
    assert Participant.objects.count() == 1


def test_another_site_cannot_be_chosen(login, people, site, site_b):
    answer = login("nurse").post("/participants/new/", {"site": "lisbon"})

    assert answer.status_code == 422
    assert Participant.objects.count() == 0


def test_two_at_once_never_get_one_code(committed, people, site):
    def work():
        try:
            services.register(site, by=people["nurse"])
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(Participant.objects.values_list("code", flat=True)) == [f"BLEND-0{n}" for n in range(1, 7)]


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


def test_the_verdict_is_shown_while_typing_and_nothing_is_saved(login, participant):
    browser = login("nurse")
    before = AuditRow.objects.count()
    address = f"/participants/{participant.code}/eligibility/verdict/"

    failed = browser.post(address, {"kps": "50"}).content.decode()
    half = browser.post(address, {"kps": "60", "age": "not yet"}).content.decode()

    assert "not eligible" in failed
    assert "undetermined" in half
    assert AuditRow.objects.count() == before


def test_a_failed_criterion_is_an_answer_and_is_saved(login, people, participant):
    login("nurse").post(
        f"/participants/{participant.code}/eligibility/", {"action": "save", "version": "0", "bilsky": "2", "kps": "70"}
    )

    record = Eligibility.objects.get()
    assert (record.verdict().verdict, record.verdict().failed) == ("not eligible", ("E3",))
    assert record.protocol_version == "1.0"


def test_karnofsky_goes_in_steps_of_ten(login, participant):
    answer = login("nurse").post(
        f"/participants/{participant.code}/eligibility/", {"action": "save", "version": "0", "kps": "65"}
    )

    assert answer.status_code == 422
    assert "steps of 10" in answer.content.decode()
