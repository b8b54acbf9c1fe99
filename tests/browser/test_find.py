"""The search box by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_slash_type_arrow_enter(page: Page) -> None:
    page.goto("/participants/BLEND-03/")
    page.keyboard.press("/")
    page.keyboard.type("knife to", delay=20)
    expect(page.locator("#found-below a").first).to_be_visible()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"/participants/BLEND-03/surgery/\d+/#q-incision_at"))


def test_escape_closes_what_was_found_and_goes_back_to_the_box(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("BLEND", delay=20)
    expect(page.locator("#found-below a")).to_have_count(8)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")

    page.keyboard.press("Escape")

    expect(page.locator("#found-below a")).to_have_count(0)
    expect(page.locator("#search")).to_be_focused()
