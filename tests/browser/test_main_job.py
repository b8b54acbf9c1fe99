"""The nurse's job, from screening to day 60 and export, typed as a person types (must-show 4)."""

import re
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from tests.builders import AMSTERDAM

pytestmark = pytest.mark.browser

# At one hour of the day whenever the test runs: half an hour before an incision must not be on the day before.
BEAM_OFF = datetime.now(AMSTERDAM).replace(hour=14, minute=5, second=0, microsecond=0) - timedelta(days=65)
INCISION = BEAM_OFF + timedelta(hours=21)
DAY_60 = (INCISION + timedelta(days=61)).date()

ELIGIBLE = dict(
    assessed_on="-66d",
    painful="yes",
    worst_pain="7",
    solid_tumour="yes",
    levels=["T12"],
    surgery_needed="yes",
    sins_total="13",
    histology="yes",
    histology_on="2015",
    imaging=["mri"],
    imaging_on="-70d",
    kps="70",
    age="61",
    consent="yes",
    bridged_upper="T11",
    bridged_lower="L1",
    earlier_surgery="no",
    earlier_radiotherapy="no",
    bilsky="1b",
    ais="E",
    prior_deficit="no",
    can_lie_flat="yes",
    ambulation="independent",
    hospice="no",
    life_expectancy=">12",
    operable="yes",
    refuses_surgery="no",
)


def fill(page: Page, **answers: Any) -> None:
    """Type answers into the open form: radios are clicked, boxes ticked, lists chosen, the rest typed."""
    for name, value in answers.items():
        if isinstance(value, datetime):
            page.locator(f"[name={name}_0]").fill(value.strftime("%-d-%-m-%Y"))
            page.locator(f"[name={name}_1]").fill(value.strftime("%H%M"))
            continue
        for one in value if isinstance(value, list) else [value]:
            choice = page.locator(f"input[name={name}][value='{one}']")
            if choice.count():
                choice.check()
            elif page.locator(f"select[name={name}]").count():
                page.locator(f"select[name={name}]").select_option(one)
            else:
                page.locator(f"[name={name}]").fill(str(one))


def answer_the_rest(page: Page) -> None:
    """Every other open question: "unknown", by the list beside it."""
    for box in page.locator("select[name$=_missing]").all():
        name = box.get_attribute("name").removesuffix("_missing")
        if box.is_visible() and not is_answered(page, name):
            box.select_option("UNK")


def is_answered(page: Page, name: str) -> bool:
    checked = page.locator(f"[name={name}]:checked, [name={name}_0]")
    for box in page.locator(f"[name={name}], [name={name}_0]").all():
        kind = box.get_attribute("type")
        if kind in ("radio", "checkbox"):
            if box.is_checked():
                return True
        elif box.input_value():
            return True
    return checked.count() > 0 and bool(page.locator(f"[name={name}]:checked").count())


def _of_the_form(answer: Response) -> bool:
    """The answer to the form itself, not to a verdict asked while typing."""
    return answer.request.method == "POST" and answer.request.is_navigation_request()


def press(page: Page, action: str) -> int:
    """Save or complete; the status that came back. Waits for the page behind it: `page.url` is where it led."""
    with page.expect_navigation(), page.expect_response(_of_the_form) as caught:
        page.locator(f"button[name=action][value={action}]").first.click()
    return caught.value.status


def complete(page: Page) -> None:
    answer_the_rest(page)
    status = press(page, "complete")
    problems = page.locator("[role=alert]").all_inner_texts() if status != 302 else []
    assert status == 302, problems


def test_from_screening_to_day_60_and_export(page: Page, tmp_path) -> None:
    page.goto("/participants/new/")
    page.get_by_role("button", name="Register").click()
    page.wait_for_url(re.compile(r"/participants/BLEND-\d+/screening/"))
    code = re.search(r"BLEND-\d+", page.url)[0]
    at = f"/participants/{code}"

    fill(page, screened_on="-70d", birth_year="1955", sex="female", index_levels=["T12"], outcome="eligible")
    complete(page)

    page.goto(f"{at}/consent/")
    fill(page, given="yes", consented_at=BEAM_OFF - timedelta(days=2), form_version="2.0", copy_given="yes")
    fill(page, withdrawn="no", information_on="-68d")
    complete(page)

    page.goto(f"{at}/eligibility/")
    fill(page, **ELIGIBLE)
    expect(page.locator("#verdict")).to_contain_text("eligible", ignore_case=True)
    complete(page)

    page.goto(f"{at}/baseline/")
    complete(page)
    measurements(page, at)

    page.goto(f"{at}/sbrt/")
    refusals_on_sbrt(page)

    page.goto(f"{at}/surgery/new/")
    refusals_on_surgery(page)

    page.goto(f"{at}/")
    expect(page.locator("body")).to_contain_text("compliant", ignore_case=True)

    adverse_event(page, at)

    page.goto(f"{at}/d60/visit/")
    fill(page, done="yes", visited_on=DAY_60.isoformat(), mode="clinic", informant="patient", any_adverse_event="no")
    complete(page)

    page.goto("/exports/")
    with page.expect_download() as caught:
        page.locator("button[formaction$='all.zip']").first.click()
    bundle = tmp_path / "all.zip"
    caught.value.save_as(bundle)
    with zipfile.ZipFile(bundle) as files:
        [name] = [name for name in files.namelist() if name.endswith("surgery.csv")]
        assert code in files.read(name).decode()


def measurements(page: Page, at: str) -> None:
    """Stability by level, and pain with its opioids: the scores stand beside the answers while they are typed."""
    page.goto(f"{at}/scr/imaging/")
    fill(page, imaged_on="-70d", modalities=["mri"], bilsky="1b")
    components = {"location": "3", "pain": "3", "bone_lesion": "2", "alignment": "2", "collapse": "2",
                  "posterolateral": "1"}  # fmt: skip
    fill(page, **{"sins-0-level": "T12"}, **{f"sins-0-{name}": points for name, points in components.items()})
    expect(page.locator("#scores")).to_contain_text("3+3+2+2+2+1 = 13, unstable")
    complete(page)

    page.goto(f"{at}/bas/pain/")
    fill(page, assessed_on=(BEAM_OFF - timedelta(days=1)).date().isoformat(), informant="patient", worst_pain="8")
    fill(page, takes_opioids="yes", **{"opioids-0-drug": "oxycodone_po_mg"})
    page.locator("[name=opioids-0-dose]").fill("40,0")
    page.locator("[name=opioids-0-dose]").blur()
    expect(page.locator("#scores")).to_contain_text("60 mg")
    complete(page)


def refusals_on_sbrt(page: Page) -> None:
    """Text in a number, 31 February, a time that does not exist, one that happens twice, an end before a start."""
    fill(page, planned_fractions="one", delivered_fractions="1", delivery="completed", interrupted="no")
    row = "fractions-0-"
    page.locator(f"[name={row}beam_on_at_0]").fill("31-2-2016")
    page.locator(f"[name={row}beam_on_at_1]").fill("1405")
    assert press(page, "save") == 422
    expect(page.locator("body")).to_contain_text("whole number")
    expect(page.locator("body")).to_contain_text("does not exist")
    expect(page.locator("[name=planned_fractions]")).to_have_value("one")

    fill(page, planned_fractions="1")
    page.locator(f"[name={row}beam_on_at_0]").fill("27-3-2016")
    page.locator(f"[name={row}beam_on_at_1]").fill("02:30")
    assert press(page, "save") == 422
    expect(page.locator("body")).to_contain_text("did not exist")

    page.locator(f"[name={row}beam_on_at_0]").fill("30-10-2016")
    assert press(page, "save") == 422
    expect(page.locator("body")).to_contain_text("happened twice")
    which = page.locator(f"[name={row}beam_on_at_2]")
    expect(which).to_be_visible()

    fill(page, **{f"{row}beam_on_at": BEAM_OFF, f"{row}beam_off_at": BEAM_OFF - timedelta(minutes=30)})
    assert press(page, "save") == 422

    fill(page, **{f"{row}beam_on_at": BEAM_OFF - timedelta(minutes=40), f"{row}beam_off_at": BEAM_OFF})
    fill(page, prescription_metastasis_gy="18", prescription_vertebra_gy="8,0", levels=["T12"])
    page.locator(f"[name={row}dose_gy]").fill("18,0")
    complete(page)


def refusals_on_surgery(page: Page) -> None:
    """An incomplete form marked complete; an end before its start; then right, and two people on one form."""
    assert press(page, "complete") == 422
    expect(page.locator("body")).to_contain_text("Answer this, or say why there is no answer")

    fill(page, index="yes", performed="yes", completed="yes")
    fill(page, incision_at=INCISION, closed_at=INCISION - timedelta(minutes=30))
    assert press(page, "save") == 422
    expect(page.locator("body")).to_contain_text("earlier than knife to skin")

    fill(page, closed_at=INCISION + timedelta(minutes=130), upper_level="T11", lower_level="L1")
    assert press(page, "save") == 302
    two_people(page)
    complete(page)


def two_people(page: Page) -> None:
    """A second window on the same form saves first; the first is shown both values and keeps its own."""
    other = page.context.new_page()
    other.goto(page.url)
    fill(other, blood_loss_ml="400")
    assert press(other, "save") == 302
    other.close()

    fill(page, blood_loss_ml="140")
    assert press(page, "save") == 409
    expect(page.locator("body")).to_contain_text("400")
    expect(page.locator("[name=blood_loss_ml]")).to_have_value("140")
    assert press(page, "save") == 302


def adverse_event(page: Page, at: str) -> None:
    """In everyday words, without knowing MedDRA."""
    page.goto(f"{at}/adverse-event/new/")
    fill(page, verbatim="wound opened a bit, antibiotics by drip")
    page.get_by_text("Wound dehiscence").first.click()
    page.locator("[name=grades-0-grade]").first.wait_for(state="attached")
    fill(page, **{"grades-0-grade": "3", "grades-0-from_on": (INCISION + timedelta(days=9)).date().isoformat()})
    fill(page, onset_on=(INCISION + timedelta(days=8)).date().isoformat(), ongoing="yes", at_baseline="no")
    assert press(page, "save") == 302


def test_an_unknown_form_is_not_there(page: Page) -> None:
    assert page.goto("/participants/BLEND-01/horoscope/").status == 404
    assert page.goto("/participants/BLEND-99/consent/").status == 404


def test_a_code_outside_its_list_is_refused_beside_the_field(page: Page) -> None:
    page.goto("/participants/BLEND-13/eligibility/")
    page.evaluate("document.querySelector('input[name=bilsky]').value = '4'")
    page.evaluate("document.querySelector('input[name=bilsky]').checked = true")

    assert press(page, "save") == 422
    expect(page.locator("body")).to_contain_text("4")
