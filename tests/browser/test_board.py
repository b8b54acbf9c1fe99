"""The board in a real browser, with the clock in our hands: it keeps its truth while the server is away."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def minutes_left(page: Page) -> int:
    """Of the window that closes next, as the board says it."""
    hours, minutes = re.match(r"(\d+) h (\d+) min left", page.locator("tr.open time").first.inner_text()).groups()
    return 60 * int(hours) + int(minutes)


def spent(page: Page) -> float:
    return float(page.locator("tr.open rect[data-ends]").first.get_attribute("width"))


def test_the_board_keeps_its_truth_after_the_server_was_away_for_a_minute(page: Page) -> None:
    page.clock.install(time=datetime.now(UTC))
    page.goto("/board/")
    left, drawn = minutes_left(page), spent(page)
    as_of = page.locator("#as-of").get_attribute("data-at")

    page.context.set_offline(True)
    page.clock.run_for(61_000)

    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#stale")).to_contain_text(f"Not refreshed since {as_of}")
    assert minutes_left(page) in (left - 1, left - 2)
    assert spent(page) > drawn

    page.context.set_offline(False)
    with page.expect_response("**/board/"):
        page.clock.run_for(31_000)
    expect(page.locator("#stale")).to_be_hidden()


def test_a_window_that_ends_while_the_server_is_away_says_so_in_words(page: Page) -> None:
    page.clock.install(time=datetime.now(UTC))
    page.goto("/board/")
    page.context.set_offline(True)

    page.clock.fast_forward(48 * 3600 * 1000)
    page.clock.run_for(31_000)

    expect(page.locator("tr.open .pill").first).to_have_text("over")
    expect(page.locator("tr.open time").first).to_contain_text("over")


def test_it_is_read_from_three_metres_on_the_wall(page: Page) -> None:
    """On a screen of 43 inches a pixel is half a millimetre: letters of 15 mm are read from three metres."""
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto("/board/?wall=1")

    sizes = "each => parseFloat(getComputedStyle(each).fontSize)"
    for what in ("tr.open .code", "tr.open time"):
        assert page.locator(what).first.evaluate(sizes) >= 45, what
    expect(page.locator(".bar")).to_be_hidden()
