"""A session that nobody uses asks again; what was typed goes on with the answer."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.security_log import Act
from accounts.sent import SECRETS
from enrollment.models import Consent
from tests import builders
from tests.accounts.login.test_login import code_of, come, enrol
from tests.conftest import PASSWORD
from tests.environment import ROOT


@pytest.fixture
def away(client, people, site, time_machine=None):
    """A nurse who logged in and then was away for so long."""
    import time_machine as clock

    builders.register(site, people["nurse"])
    come(client)
    travels = []

    def go(**how_long):
        travel = clock.travel(timezone.now() + timedelta(**how_long), tick=True)
        travel.start()
        travels.append(travel)
        return client

    yield go
    for travel in travels:
        travel.stop()


def test_a_pause_asks_for_the_password_and_comes_back_to_the_same_place(away):
    browser = away(minutes=21)

    assert b"Still you?" in browser.get("/participants/BLEND-01/").content
    assert browser.post("/participants/BLEND-01/", {"again-for": "GET", "again-password": "wrong"}).status_code == 401
    answer = browser.post("/participants/BLEND-01/", {"again-for": "GET", "again-password": PASSWORD})
    assert answer.url == "/participants/BLEND-01/"
    assert browser.get("/participants/BLEND-01/").status_code == 200
    assert Act.objects.filter(what="unlocked").count() == 1


def test_what_was_sent_after_the_pause_is_held_and_saved_with_the_password(away):
    browser = away(minutes=21)
    typed = {"action": "save", "version": "0", "given": "yes", "comment": "a “quoted” <word>"}

    page = browser.post("/participants/BLEND-01/consent/", typed)
    assert page.status_code == 401
    assert b'name="given" value="yes"' in page.content
    assert not Consent.objects.exists()
    assert browser.post("/participants/BLEND-01/consent/", {**typed, "again-password": PASSWORD}).status_code == 302
    assert Consent.objects.get().given == "yes"


def test_a_script_is_told_and_shows_its_dialog(away):
    browser = away(minutes=21)
    asked = browser.post("/login/again/", headers={"X-Requested-With": "fetch"})

    assert (asked.status_code, asked.headers["X-Locked"]) == (401, "idle")
    wrong = browser.post("/login/again/", {"again-password": "wrong"}, headers={"X-Requested-With": "fetch"})
    assert wrong.status_code == 422
    assert browser.post("/login/again/", {"again-password": PASSWORD}).status_code == 204
    assert browser.get("/").status_code == 200


def test_being_there_keeps_the_session_open_but_the_wall_board_does_not(away):
    browser = away(minutes=15)
    browser.get("/")
    browser = away(minutes=15)
    assert browser.get("/").status_code == 200

    browser = away(minutes=15)
    browser.get("/board/", headers={"HX-Request": "true"})
    browser = away(minutes=15)
    assert browser.get("/board/", headers={"HX-Request": "true"}).status_code == 200
    assert browser.get("/").status_code == 401


def test_after_a_days_work_everything_is_asked_again(away, people):
    secret, _codes = enrol(people["nurse"])
    browser = away(hours=4)
    for _ in range(3):
        browser.post("/login/again/", {"again-password": PASSWORD})
        browser = away(hours=3)
    assert "day's work old" in browser.get("/").content.decode()

    assert browser.post("/", {"again-for": "GET", "again-password": PASSWORD}).status_code == 401
    answer = browser.post("/", {"again-for": "GET", "again-password": PASSWORD, "again-code": code_of(secret)})
    assert answer.status_code == 302
    assert browser.get("/").status_code == 200


def test_being_seen_costs_a_request_no_statement_within_the_minute(client, people):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    come(client)
    rounds = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            client.get("/ctcae/?q=wound")
        rounds.append([query["sql"] for query in statements])

    asked = ["django_session", "accounts_person", 'FROM "adverse_events_']
    for statements in rounds:  # the session, the person with everything held, and what the address itself asks
        assert [name for name, sql in zip(asked, statements, strict=True) if name in sql] == asked


SECRET = "Canary-7f3a-in-the-mine"
POSTED_SECRETS = {
    "/account/password/": ["password", "code", "new_password", "new_password_again"],
    "/account/second-factor/": ["password", "code", "new_code", "passkey"],
    "/participants/BLEND-01/consent/sign/": ["password", "code"],
    "/delegation/": ["password", "code"],
    "/login/": ["password"],
    "/login/second-factor/": ["code"],
    "/": ["again-password", "again-code", "password", "code", "new_password", "new_password_again", "new_code"],
}


@pytest.mark.parametrize("address", POSTED_SECRETS)
@pytest.mark.parametrize("minutes", [0, 21, 60 * 13])
def test_no_password_and_no_code_ever_stands_in_an_answer(address, minutes, away):
    browser = away(minutes=minutes)

    for name in POSTED_SECRETS[address]:
        answer = browser.post(address, {"act": "app", "kept": "no secret", name: SECRET})
        assert SECRET not in answer.content.decode() + str(answer.headers), name


SECRET_INPUT = re.compile(
    r'type="password"|autocomplete="(?:one-time-code|new-password|current-password)"|name="passkey"'
)


def test_every_field_for_a_secret_is_known_as_one_and_is_never_filled_in():
    pages = [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    tags = [tag for page in pages for tag in re.findall(r"<input[^>]*>", page) if SECRET_INPUT.search(tag)]
    names = {re.search(r'name="([^"]+)"', tag)[1] for tag in tags}

    assert {"password", "code", "new_password", "again-password", "passkey"} <= names <= SECRETS
    assert not [tag for tag in tags if "value=" in tag]


def test_what_unlocked_a_page_is_not_held_by_a_page_that_asks_once_more(away, people):
    """The password that ends a pause travels with the form; a refusal that holds the form again does not repeat it."""
    from records.models import Participant
    from records.workflow import locks

    freeze = locks.target(locks.Lock.Scope.PARTICIPANT, Participant.objects.get())
    lock = locks.close(freeze, "freeze", by=people["datamanager"], reason="a cut", now=timezone.now())
    browser = away(minutes=0)
    browser.logout()
    come(browser, "datamanager")
    browser = away(minutes=21)

    sent = {"reason": "Mrs Pietersen called", "again-password": PASSWORD, "password": SECRET}
    page = browser.post(f"/locks/{lock.pk}/", sent)

    assert page.status_code == 422
    assert 'value="Mrs Pietersen called"' in page.content.decode()
    assert PASSWORD not in page.content.decode()
    assert SECRET not in page.content.decode()
