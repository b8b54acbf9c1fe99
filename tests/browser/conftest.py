"""A real browser on a real, running system; never skipped in CI.

Playwright keeps an event loop while it is open, in which Django refuses to ask the database: so it is closed
with this folder.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import find
from tests.stack.running import PASSWORD, Running


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo system, started as `make run` does; it scans at its start, and seldom afterwards."""
    system = Running(tmp_path_factory.mktemp("browser"), SCAN_EVERY_SECONDS="15")
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def nurse() -> dict[str, Any]:
    """What a browser keeps in which a nurse has logged in: the next one goes on with it."""
    return {}


@pytest.fixture
def page(browser: Browser, running: Running, nurse: dict[str, Any]) -> Iterator[Page]:
    """A nurse's screen, logged in, in Dutch time; a page error or a blocked script fails the test."""
    context = browser.new_context(
        base_url=running.url,
        viewport={"width": 1280, "height": 900},
        timezone_id="Europe/Amsterdam",
        storage_state=nurse or None,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    if not nurse or "/login/" in context.request.get("/account/").url:  # a session ends after 20 quiet minutes
        log_in(page, "nurse")
        nurse.update(context.storage_state())
    yield page
    context.close()
    assert complaints == []


def log_in(page: Page, username: str) -> None:
    """As a person does."""
    page.goto("/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
