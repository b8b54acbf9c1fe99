"""What the page says back of a date while it is typed: the server's own reading, or nothing."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def consent(page: Page) -> Page:
    """The consent form of somebody new, with the questions open that follow from consent."""
    page.goto("/participants/new/")
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/screening/")
    page.goto(page.url.replace("/screening/", "/consent/"))
    page.locator("[name=given][value=yes]").check()
    return page


def echo(page: Page, name: str):
    return page.locator(f"#q-{name} .echo")


def test_a_date_is_said_in_full_while_it_is_typed(consent):
    box = consent.locator("[name=consented_at_0]")
    box.press_sequentially("8-3-16")
    expect(echo(consent, "consented_at")).to_have_text("Tuesday 8 March 2016")

    consent.locator("[name=consented_at_1]").press_sequentially("1405")
    expect(echo(consent, "consented_at")).to_have_text("Tuesday 8 March 2016, 14:05")


def test_what_the_server_refuses_is_said_when_the_box_is_left(consent):
    box = consent.locator("[name=information_on]")
    box.press_sequentially("0001-01-01")
    expect(echo(consent, "information_on")).to_have_text("")
    box.press("Tab")

    expect(echo(consent, "information_on")).to_have_text("“0001-01-01”: the year must be 1900 or later.")
    expect(echo(consent, "information_on")).to_have_class(re.compile("unread"))


def test_half_a_date_is_not_complained_about_and_nothing_moves(consent):
    below = consent.locator("#q-consented_at")
    before = below.bounding_box()
    consent.locator("[name=information_on]").press_sequentially("8-3-")
    expect(echo(consent, "information_on")).to_have_text("")
    consent.locator("[name=information_on]").press_sequentially("2016")
    expect(echo(consent, "information_on")).to_have_text("Tuesday 8 March 2016")

    assert below.bounding_box() == before


def test_without_the_server_nothing_is_said(consent):
    consent.context.set_offline(True)
    consent.locator("[name=information_on]").fill("8-3-2016")
    consent.locator("[name=information_on]").press("Tab")
    expect(echo(consent, "information_on")).to_have_text("")
    consent.context.set_offline(False)
