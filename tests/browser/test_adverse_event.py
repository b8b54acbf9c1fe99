"""“Wound opened a bit, got antibiotics by drip”: entered by a nurse who knows no MedDRA, nothing typed twice.

Counted is what a person does, because seconds depend on the machine: clicks and fields. At one second a click and four
a typed field this is well under a minute. Pictures of each step go to the folder that SCREENSHOTS names, if it is set.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from protocol.toxicity import SERIOUSNESS
from tests.browser.test_main_job import press
from tests.builders import AMSTERDAM

pytestmark = pytest.mark.browser

SECONDS = {"click": 1, "type": 4, "read": 2}
BEGAN = (datetime.now(AMSTERDAM) - timedelta(days=12)).date().isoformat()


class Nurse:
    """Does and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.seconds, self.typed = page, 0, []

    def click(self, locator: str) -> None:
        self.page.locator(locator).first.click()
        self.seconds += SECONDS["click"]

    def type(self, name: str, text: str) -> None:
        self.page.locator(f"[name={name}]").press_sequentially(text)
        self.seconds += SECONDS["type"]
        self.typed.append(text)

    def look(self, picture: str) -> None:
        self.seconds += SECONDS["read"]
        if folder := os.environ.get("SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{picture}.png")


def test_a_wound_that_opened_is_entered_in_under_a_minute(page: Page) -> None:
    nurse = Nurse(page)
    page.goto("/participants/BLEND-06/")
    nurse.click("a.button.primary")
    nurse.type("verbatim", "wound opened a bit, got antibiotics by drip")
    expect(page.locator("#terms button").first).to_contain_text("Wound")
    nurse.look("1-terms")
    nurse.click("#terms button:has-text('Wound infection')")
    expect(page.locator("#grades")).to_contain_text("antibiotics", ignore_case=True)
    expect(page.locator("#grades [data-grade='1']")).to_have_count(0)  # Wound infection has no grade 1
    nurse.look("2-grades")
    nurse.click("#grades [data-grade='3']")
    expect(page.locator("#grades [data-grade='3']")).to_be_focused()  # next is what stands above, not what is below
    nurse.type("grades-0-from_on", BEGAN)
    nurse.type("onset_on", "-14d")
    for question in ("at_baseline", *SERIOUSNESS):
        nurse.click(f"input[name={question}][value=no]")
    nurse.click("input[name=ongoing][value=yes]")
    nurse.click("input[name=outcome][value=recovering]")
    nurse.look("3-filled")
    assert press(page, "complete") == 302
    nurse.look("4-saved")

    expect(page.locator("#state")).to_contain_text("Complete")
    assert page.locator("[name=ctcae_code]").input_value() == "10048038"
    assert nurse.seconds < 60
    assert len(set(nurse.typed)) == len(nurse.typed)


PLACES = """() => [scrollY, ...[...document.querySelectorAll("#crf .question, #crf .row, #grades [data-grade]")]
    .map((each) => Math.round(each.getBoundingClientRect().top))]"""


def rows_of(page: Page) -> list[str]:
    """The grades in the log, row by row."""
    boxes = page.locator("[data-rows=grades] .row:not([hidden]) [name$=-grade]")
    return [box.input_value() for box in boxes.all()]


@pytest.mark.parametrize("width", [1280, 390])
def test_another_grade_replaces_the_first_and_nothing_moves(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/participants/BLEND-06/adverse-event/new/")
    page.locator("[name=verbatim]").press_sequentially("wound")
    page.locator("#terms button:has-text('Wound dehiscence')").first.click()
    page.locator("#grades [data-grade='2']").click()
    page.evaluate(f"document.addEventListener('pointerdown', () => {{ window.stood = ({PLACES})(); }}, true)")

    for grade in ("3", "3", "1", "4"):
        page.locator(f"#grades [data-grade='{grade}']").click()
        expect(page.locator(f"#grades [data-grade='{grade}']")).to_be_focused()
        expect(page.locator("#grades [aria-pressed=true]")).to_have_attribute("data-grade", grade)
        assert rows_of(page) == [grade]
        assert page.evaluate(PLACES) == page.evaluate("window.stood")
    Nurse(page).look(f"grade-{width}")

    page.locator("[name=verbatim]").fill("wound infection")
    page.locator("#terms button:has-text('Wound infection')").first.click()
    expect(page.locator("#grades")).to_contain_text("antibiotics", ignore_case=True)
    expect(page.locator("#grades [aria-pressed=true]")).to_have_attribute("data-grade", "4")
    page.locator("#grades [data-grade='2']").click()
    assert rows_of(page) == ["2"]

    page.get_by_role("button", name="It got worse").click()
    page.locator("#grades [data-grade='3']").click()
    assert rows_of(page) == ["2", "3"]
    page.locator("#grades [data-grade='4']").click()
    assert rows_of(page) == ["2", "4"]
    page.locator("[data-rows=grades] .row:not([hidden]) [data-drop-row]").last.click()
    page.locator("#grades [data-grade='3']").click()
    assert rows_of(page) == ["3"]
