"""The whole job without a mouse, from the login to the signature and the export: nothing here but keys."""

import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.keyboard import Keyboard
from tests.browser.test_main_job import BEAM_OFF, DAY_60, ELIGIBLE, INCISION
from tests.stack.running import PASSWORD, Running

pytestmark = pytest.mark.browser


@pytest.fixture
def keys(browser: Browser, running: Running) -> Iterator[Keyboard]:
    """Somebody without a mouse, before the login page."""
    context = browser.new_context(base_url=running.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto("/login/")
    yield Keyboard(page)
    context.close()


def log_in(keys: Keyboard, username: str) -> None:
    assert keys.stop().id == "id_username"
    keys.type(username)
    keys.tab_to("Password", most=1)
    keys.type(PASSWORD)
    keys.leave()


def start(keys: Keyboard) -> None:
    """Into the first question of a form that was just opened."""
    keys.press("Alt+PageDown")


def test_the_whole_job_by_keyboard(keys: Keyboard, tmp_path) -> None:
    log_in(keys, "nurse")
    code = register(keys)
    before_treatment(keys, code)
    sbrt(keys, code)
    surgery(keys, code)
    adverse_event(keys, code)

    keys.find(code, code)
    keys.skip_to()
    keys.tab_to("Screening")
    keys.along("ArrowDown", "Day 60")
    keys.leave()
    start(keys)
    keys.walk({"done": "yes", "visited_on": DAY_60.isoformat(), "mode": "clinic", "informant": "patient",
               "any_adverse_event": "no"})  # fmt: skip
    keys.complete()

    keys.press("Alt+/")
    keys.tab_to("Log out", most=5)
    keys.leave()
    log_in(keys, "pi")
    sign(keys, code)
    export(keys, code, tmp_path / "all.zip")


def register(keys: Keyboard) -> str:
    keys.skip_to()
    keys.tab_to("New participant")
    keys.leave()
    keys.skip_to()
    keys.tab_to("Register")
    keys.leave()
    start(keys)
    keys.walk({"screened_on": "-70d", "birth_year": "1955", "sex": "female", "index_levels": ["T12"],
               "outcome": "eligible"})  # fmt: skip
    keys.complete()
    return re.search(r"BLEND-\d+", keys.page.url)[0]


def before_treatment(keys: Keyboard, code: str) -> None:
    keys.find(f"{code} consent", "Consent")
    keys.skip_to("questions")
    keys.walk({"given": "yes", "information_on": "-68d", "consented_at": BEAM_OFF - timedelta(days=2),
               "form_version": "2.0", "copy_given": "yes", "withdrawn": "no"})  # fmt: skip
    keys.complete()

    keys.find(f"{code} eligibility", "Eligibility")
    start(keys)
    keys.walk(ELIGIBLE)
    expect(keys.page.locator("#verdict")).to_contain_text("eligible", ignore_case=True)
    keys.complete()

    keys.find(f"{code} baseline", "Baseline")
    start(keys)
    keys.walk({})
    keys.complete()


def sbrt(keys: Keyboard, code: str) -> None:
    """What is refused is said first, and the list leads to the question; the answer is typed over."""
    keys.find(f"{code} sbrt", "SBRT")
    start(keys)
    keys.tab_to("planned_fractions")
    keys.type("one")
    assert keys.save() == 422
    assert "needs you" in keys.stop().name
    keys.tab_to("Sessions planned", most=1)
    assert keys.press("Enter").field == "planned_fractions"
    keys.retype("1")

    keys.press("Alt+PageUp")
    row = "fractions-0-"
    keys.walk({"delivery": "completed", "delivered_fractions": "1", "interrupted": "no", "levels": ["T12"],
               "prescription_metastasis_gy": "18", "prescription_vertebra_gy": "8,0",
               f"{row}beam_on_at": BEAM_OFF - timedelta(minutes=40), f"{row}beam_off_at": BEAM_OFF,
               f"{row}dose_gy": "18,0", f"{row}time_source": "machine"})  # fmt: skip
    keys.complete()


def surgery(keys: Keyboard, code: str) -> None:
    """From the casebook; the times can wait for nobody, so they are saved first, and the focus stays."""
    keys.find(code, code)
    keys.skip_to()
    keys.tab_to("Add operation")
    keys.leave()
    start(keys)
    answers: dict[str, Any] = {"index": "yes", "performed": "yes", "completed": "yes", "incision_at": INCISION}
    keys.walk(answers, until=lambda stop: stop.field == "closed_at_0")
    assert keys.save() == 302
    assert keys.stop().field == "closed_at_0"
    keys.walk({"closed_at": INCISION + timedelta(minutes=130), "upper_level": "T11", "lower_level": "L1"})
    keys.complete()


def adverse_event(keys: Keyboard, code: str) -> None:
    """The words offer terms, the term its grades: arrows and Enter, which leaves one where one is."""
    keys.find(code, code)
    keys.skip_to()
    keys.tab_to("Add adverse event")
    keys.leave()
    start(keys)
    keys.type("wound opened a bit, antibiotics by drip")
    keys.page.locator("#terms button", has_text="Wound dehiscence").wait_for()
    keys.along("ArrowDown", "Wound dehiscence")
    assert keys.press("Escape").field == "verbatim"
    keys.along("ArrowDown", "Wound dehiscence")
    keys.press("Enter")
    expect(keys.page.locator("#grades button").first).to_be_focused()
    keys.along("ArrowDown", "Grade 3")
    assert keys.press("Enter").name.startswith("Grade 3")
    assert keys.press("Escape").field == "ctcae_code"
    assert keys.press("Alt+PageUp", times=2).field == "grades-0-grade"  # to the first section, then to the last
    keys.tab_to("grades-0-from_on", most=4)
    keys.type((INCISION + timedelta(days=9)).date().isoformat())

    assert keys.press("Alt+PageDown").field == "verbatim"
    assert keys.press("Alt+PageDown").field == "onset_on"
    keys.walk({"onset_on": (INCISION + timedelta(days=8)).date().isoformat(), "ongoing": "yes", "at_baseline": "no",
               "outcome": "recovering"})  # fmt: skip
    keys.complete()


def sign(keys: Keyboard, code: str) -> None:
    keys.find(f"{code} eligibility", "Eligibility")
    keys.tab_to("Sign …", most=200)
    keys.leave()
    keys.skip_to()
    stop = keys.tab_to("meaning")
    keys.pick(stop, "approved")
    keys.tab_to("Your password, again", most=1)
    keys.type("not the password")
    keys.leave()
    assert keys.stop().id == "id_password"  # the refusal stands there
    keys.type(PASSWORD)
    keys.leave()
    expect(keys.page.locator("#state")).to_contain_text("Signed")


def export(keys: Keyboard, code: str, bundle: Any) -> None:
    keys.tab_to("Exports", most=20)
    keys.leave()
    keys.skip_to()
    keys.tab_to("Download .* as a zip")
    with keys.page.expect_download() as caught:
        keys.page.keyboard.press("Enter")
    caught.value.save_as(bundle)
    with zipfile.ZipFile(bundle) as files:
        [name] = [name for name in files.namelist() if name.endswith("surgery.csv")]
        assert code in files.read(name).decode()
    keys.stop()


def test_the_focus_stays_through_a_refresh_of_the_board(keys: Keyboard) -> None:
    keys.page.clock.install()
    log_in(keys, "nurse")
    keys.tab_to("Board")
    keys.leave()
    keys.skip_to()
    stood = keys.tab_to("BLEND-")

    keys.page.evaluate("document.querySelector('#board table').className += ' before'")

    keys.page.clock.run_for(31_000)

    expect(keys.page.locator("#board .before")).to_have_count(0)  # the rows are new ones
    expect(keys.page.locator("#board :focus")).to_have_count(1)
    assert keys.stop() == stood


def test_after_the_pause_one_is_where_one_was(keys: Keyboard) -> None:
    """The page is covered until the password is given again; then the typing goes on in the same box."""
    keys.page.clock.install()
    log_in(keys, "nurse")
    keys.find("BLEND-03 contact", "Contact")
    start(keys)
    stood = keys.tab_to("note")
    keys.type("Half a ")

    keys.page.clock.fast_forward("21:00")
    expect(keys.page.get_by_role("dialog")).to_be_visible()
    assert keys.stop().id == "again-password"
    keys.type("not the password")
    keys.tab_to("Go on", most=2)
    keys.press("Enter")
    expect(keys.page.locator("#again-password")).to_be_focused()  # to be typed over
    keys.type(PASSWORD)
    keys.page.keyboard.press("Enter")
    expect(keys.page.get_by_role("dialog")).to_be_hidden()

    assert keys.stop().id == stood.id
    keys.type("sentence")
    assert keys.stop().value == "Half a sentence"


def test_a_row_comes_and_goes_with_the_focus(keys: Keyboard) -> None:
    log_in(keys, "nurse")
    keys.find("BLEND-03", "BLEND-03")
    keys.skip_to()
    keys.tab_to("Add adverse event")
    keys.leave()
    assert keys.press("Alt+PageUp").field == "grades-0-grade"  # the last section

    keys.tab_to("It got worse", most=8)
    assert keys.press("Enter").field == "grades-1-grade"
    keys.tab_to("Remove this row", most=8)
    assert keys.press("Enter").name.startswith("It got worse")


def test_a_monitor_asks_about_one_answer(keys: Keyboard) -> None:
    """In a form that one only reads, what stands beside an answer is what Tab stops at."""
    log_in(keys, "monitor")
    keys.find("BLEND-03 consent", "Consent")
    start(keys)
    keys.tab_to("ask: Version of the consent form")
    keys.leave()

    assert "field=form_version" in keys.page.url
