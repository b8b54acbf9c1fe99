"""In a real browser: a thread between monitor and nurse, a signature that breaks, two editors, typing that survives."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in
from tests.browser.test_main_job import press
from tests.stack.running import PASSWORD

pytestmark = pytest.mark.browser

CONSENT = "/participants/BLEND-05/consent/"


@pytest.fixture
def someone(browser: Browser, running):
    """`someone("monitor")`: a page of a window of its own, logged in."""
    opened = []

    def log_one_in(who: str) -> Page:
        context = browser.new_context(base_url=running.url)
        opened.append(context)
        page = context.new_page()
        log_in(page, who)
        return page

    yield log_one_in
    for context in opened:
        context.close()


def test_a_query_goes_from_the_monitor_to_the_nurse_and_back(someone) -> None:
    monitor, nurse = someone("monitor"), someone("nurse")
    monitor.goto(CONSENT)
    monitor.locator("#q-form_version").get_by_role("link", name="ask").click()
    monitor.locator("[name=text]").fill("Which version does the footer say?")
    monitor.get_by_role("button", name="Ask").click()
    thread = monitor.url

    nurse.goto("/")
    nurse.get_by_role("link", name="Answer a query").first.click()
    expect(nurse.locator("h1")).to_contain_text("Which version does the footer say?")
    nurse.locator("[name=text]").fill("demo 1.0, checked")
    nurse.get_by_role("button", name="Answer").click()
    expect(nurse.locator("main .pill").first).to_contain_text("Answered")

    monitor.goto(thread)
    expect(monitor.locator(".logbook")).to_contain_text("demo 1.0, checked")
    monitor.locator("[name=text]").fill("Thank you")
    monitor.get_by_role("button", name="Close: settled").click()
    expect(monitor.locator("main .pill").first).to_contain_text("Closed")


def test_a_monitor_ticks_single_answers_as_in_the_source(someone) -> None:
    monitor = someone("monitor")
    monitor.goto("/participants/BLEND-06/consent/")
    monitor.locator("#q-form_version").get_by_label("as in the source").check()
    monitor.get_by_role("button", name="The ticked answers are as in the source").click()

    expect(monitor.locator("#q-form_version")).to_contain_text("compared")
    expect(monitor.locator("#q-obtained_by")).not_to_contain_text("compared")
    expect(monitor.locator("[name=form_version]")).to_be_disabled()


def sign(page: Page, at: str) -> None:
    page.goto(at)
    page.get_by_role("link", name="Sign …").click()
    page.get_by_label("I approve this").check()
    page.locator("main").get_by_label("Your password, again").fill(PASSWORD)
    page.get_by_role("button", name="Sign").click()
    page.wait_for_url(re.compile(r"/consent/$"))


def test_a_signature_breaks_with_a_change_and_is_given_again(someone) -> None:
    pi, nurse = someone("pi"), someone("nurse")
    sign(pi, CONSENT)
    expect(pi.locator("#state")).to_contain_text("Signed")

    nurse.goto(CONSENT)
    nurse.locator("[name=form_version]").fill("demo 1.1")
    nurse.locator("#id_reason").fill("Footer read again")
    assert press(nurse, "complete") == 302

    pi.goto(CONSENT)
    expect(pi.locator("#state")).to_contain_text("signature broken")
    expect(pi.locator("#attested")).to_contain_text("demo 1.1")
    sign(pi, CONSENT)
    expect(pi.locator("#state")).not_to_contain_text("signature broken")


def test_two_editors_see_both_values_and_lose_none(someone) -> None:
    """What only one of them changed merges after asking; what both changed is theirs or mine by one click."""
    at = "/participants/BLEND-05/w4/pain/"
    one, other = someone("nurse"), someone("surgeon")
    for page in (one, other):
        page.goto(at)
        page.locator("#id_reason").fill("Diary read again")
    one.locator("[name=worst_pain]").fill("6")
    one.locator("[name=least_pain]").fill("1")
    assert press(one, "complete") == 302

    other.locator("[name=worst_pain]").fill("5")
    assert press(other, "complete") == 409
    expect(other.locator(".conflict")).to_contain_text("6")
    expect(other.locator("[name=worst_pain]")).to_have_value("5")
    expect(other.locator("[name=least_pain]")).to_have_value("1")
    other.get_by_role("button", name="Take theirs").click()
    expect(other.locator("[name=worst_pain]")).to_have_value("6")
    other.get_by_role("button", name="Keep mine").click()
    expect(other.locator("[name=worst_pain]")).to_have_value("5")
    assert press(other, "complete") == 302
    other.goto(at)
    expect(other.locator("[name=worst_pain]")).to_have_value("5")
    expect(other.locator("[name=least_pain]")).to_have_value("1")


def test_typing_is_kept_through_a_logout_and_a_closed_tab(someone) -> None:
    nurse = someone("nurse")
    at = "/participants/BLEND-12/consent/"
    nurse.goto(at)
    nurse.locator("[name=form_version]").fill("2.0, half typ")
    expect(nurse.locator("#saved")).to_contain_text("kept for you")
    nurse.context.clear_cookies()

    nurse.locator("[name=form_version]").fill("2.0, half typed")
    expect(nurse.locator("#saved")).to_contain_text("You have been logged out")
    nurse.locator("button[name=action]").first.click()
    expect(nurse.locator("[name=form_version]")).to_have_value("2.0, half typed")  # not sent into the void

    second = nurse.context.new_page()
    log_in(second, "nurse")
    expect(nurse.locator("#saved")).to_contain_text("kept for you", timeout=15000)  # by itself, with the new token
    nurse.close(run_before_unload=False)

    second.goto(at)
    expect(second.locator("#kept")).to_contain_text("You typed something here")
    second.get_by_role("link", name="Take it back").click()
    expect(second.locator("[name=form_version]")).to_have_value("2.0, half typed")


def test_typing_is_kept_while_the_server_is_stopped(someone, running) -> None:
    """The whole system ends, as in a power cut, and comes back at the same address."""
    nurse = someone("nurse")
    nurse.goto("/participants/BLEND-12/contact/new/")
    running.stop()
    nurse.locator("[name=note]").fill("No answer, tries again")
    nurse.locator("button[name=action]").first.click()
    expect(nurse.locator("#saved")).to_contain_text("cannot be reached")
    expect(nurse.locator("[name=note]")).to_have_value("No answer, tries again")

    running.start()
    expect(nurse.locator("#saved")).to_contain_text("kept for you", timeout=15000)
    assert press(nurse, "save") == 302
    expect(nurse.locator("[name=note]")).to_have_value("No answer, tries again")
