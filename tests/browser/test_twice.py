"""In a real browser: who clicks twice, presses Enter twice or goes back and sends again has done one thing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.conftest import log_in
from tests.browser.test_main_job import answer_the_rest, fill, press

pytestmark = pytest.mark.browser

CASEBOOK = "/participants/BLEND-06/"


@dataclass(frozen=True)
class Sending:
    """A page that makes something: whose, what is typed there, where what is made is seen, and as what."""

    who: str
    page: str
    typed: Callable[[Page, str], None]
    button: str
    seen_at: str  # empty: where the sending leads
    seen_as: str


def note(page: Page, text: str) -> None:
    fill(page, tried_on="-3d", how="phone", note=text)


def text(page: Page, text: str) -> None:
    page.locator("[name=text]").fill(text)


def somebody(page: Page, text: str) -> None:
    fill(page, first_name="Vera", last_name="Kok", username=text, email=f"{text}@example.org", role="nurse")


SENDINGS = {
    "contact attempt": Sending(
        "nurse", f"{CASEBOOK}contact/new/", note, "Save draft", f"{CASEBOOK}contact/", "main tbody tr:has(a)"
    ),
    "query": Sending("monitor", f"{CASEBOOK}consent/query/", text, "Ask", "/queries/", "main tr:has-text('{words}')"),
    "message": Sending("nurse", "a query", text, "Answer", "", ".logbook li:has-text('{words}')"),
    "invitation": Sending("admin", "/people/invite/", somebody, "Invite", "/people/", "main tr:has-text('{words}')"),
}
GESTURES = ("double click", "Enter twice")


@pytest.fixture
def sent(page: Page) -> list[str]:
    """The addresses that this page has sent a form to, in the order of their sending."""
    addresses: list[str] = []

    def note(request: Request) -> None:
        if is_sending(request):
            addresses.append(request.url)

    page.on("request", note)
    return addresses


def become(page: Page, who: str) -> None:
    if who != "nurse":
        page.context.clear_cookies()
        log_in(page, who)


def open_query(page: Page) -> str:
    """A new query for the nurse, asked by the monitor."""
    become(page, "monitor")
    page.goto(f"{CASEBOOK}consent/query/")
    text(page, "Which version does the footer say?")
    with page.expect_navigation():
        page.get_by_role("button", name="Ask").click()
    page.context.clear_cookies()
    thread = page.url
    log_in(page, "nurse")
    return thread


def is_sending(request: Request) -> bool:
    return request.method == "POST" and request.is_navigation_request()


def twice(page: Page, button: Locator, gesture: str) -> None:
    """The second time falls while the first is under way; the page behind it is there afterwards."""
    under_way: list[Route] = []
    page.route("**", lambda route: under_way.append(route) if is_sending(route.request) else route.continue_())

    button.scroll_into_view_if_needed()
    button.focus()
    box = button.bounding_box()

    def once() -> None:  # by the hand's own devices, which wait for nothing
        if gesture == "double click":
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        else:
            page.keyboard.press("Enter")

    with page.expect_request(is_sending):
        once()
    once()
    with page.expect_navigation():
        for route in under_way:
            route.continue_()
    page.unroute("**")
    page.wait_for_load_state()


def nobody_was_quicker(page: Page) -> None:
    expect(page.locator("body")).not_to_contain_text("was quicker")
    assert page.locator("[role=alert]:visible, .error:visible").all_inner_texts() == []


@pytest.mark.parametrize("gesture", GESTURES)
@pytest.mark.parametrize("what", SENDINGS)
def test_what_is_sent_twice_is_there_once(what: str, gesture: str, page: Page, sent: list[str]) -> None:
    sending, words = SENDINGS[what], f"once-{secrets.token_hex(4)}"
    at = open_query(page) if what == "message" else sending.page
    become(page, sending.who)
    seen_at, seen_as = sending.seen_at or at, sending.seen_as.format(words=words)
    page.goto(seen_at)
    before = page.locator(seen_as).count()
    page.goto(at)
    sending.typed(page, words)
    sent.clear()

    twice(page, page.get_by_role("button", name=sending.button, exact=True), gesture)

    assert len(sent) == 1
    nobody_was_quicker(page)
    page.goto(seen_at)
    expect(page.locator(seen_as)).to_have_count(before + 1)


@pytest.mark.parametrize("gesture", GESTURES)
def test_a_draft_is_completed_once(gesture: str, page: Page, sent: list[str]) -> None:
    page.goto(f"{CASEBOOK}contact/new/")
    note(page, "no answer")
    assert press(page, "save") == 302
    fill(page, reached="no")
    answer_the_rest(page)
    sent.clear()

    twice(page, page.get_by_role("button", name="Complete", exact=True), gesture)

    assert len(sent) == 1
    nobody_was_quicker(page)
    expect(page.locator("#state")).to_contain_text("version 2")
    page.goto(f"{page.url.split('?')[0].split('#')[0]}history/")
    expect(page.locator(".logbook > li")).to_have_count(2)


def test_a_form_that_is_sent_again_from_the_page_before_is_there_once(page: Page, sent: list[str]) -> None:
    """By the browser's own way back: what it shows is what is stored, and saving that changes nothing."""
    page.goto(f"{CASEBOOK}contact/new/")
    note(page, "no answer")
    assert press(page, "save") == 302
    at = page.url
    fill(page, reached="no")
    answer_the_rest(page)
    assert press(page, "complete") == 302
    page.go_back()
    page.wait_for_load_state()

    press(page, "complete")

    assert page.url.startswith(at.split("?")[0].split("#")[0])
    nobody_was_quicker(page)
    expect(page.locator("#state")).to_contain_text("version 2")
