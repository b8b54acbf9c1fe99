"""Every page in every role at three widths: nothing against WCAG 2.2 A or AA that axe can see, nothing off the screen.

A page that reads the same in two roles, but for who is logged in, is looked at once. All rules are asked at the first
width; at the others those whose answer follows from where things stand, and from what is there at that width alone.

`make test` looks at each page once, as the person to whom it shows most, and asks axe at the first width; every role,
and axe at the other two, is for `make test-long`.
"""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from sbrtspine.demo import ACCOUNTS
from tests.browser.conftest import log_in
from tests.sizes import LONG
from tests.test_every_url import GET, ROLES

pytestmark = pytest.mark.browser

WIDTHS = (1280, 768, 390)
EVERY_RULE = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
OF_THE_WIDTH = {
    "type": "rule",
    "values": [
        "aria-hidden-focus", "button-name", "color-contrast", "label", "link-in-text-block", "link-name",
        "nested-interactive", "scrollable-region-focusable", "select-name", "summary-name", "target-size",
    ],
}  # fmt: skip
RUN = "(rules) => axe.run({runOnly: rules, resultTypes: ['violations']}).then((answer) => answer.violations)"
CODE = "BLEND-03"  # of the demo study: with an operation, a serious event and visits up to day 60
NO_PAGE = {"logout", "health"}
# To whom a page shows most: who judges and signs too; of what that person may not open, the next who may.
MOST_FIRST = ("pi", "datamanager", "monitor", "admin", "nobody")
ALSO = {  # what is another page to another: with other work on it, with boxes to tick instead of boxes to type in
    "nurse": {"worklist", "casebook"},
    "monitor": {"worklist", "form", "repeating-form", "visit-form"},
}
seen: dict[str, set[str]] = {}


def address(name: str) -> str:
    """The table's address of a page, with a participant of the demo study."""
    return GET[name][0].replace("BLEND-01", CODE)


def pages_of(who: str) -> list[str]:
    """The names of the addresses that the table of roles opens for somebody."""
    column = ROLES.index({"nobody": "anonymous", "nurse-b": "nurse_b"}.get(who, who))
    return sorted(name for name, (_at, expected) in GET.items() if expected[column] == 200 and name not in NO_PAGE)


def looked_at_by(who: str) -> list[str]:
    """The names of the addresses that are looked at in this run as somebody."""
    if LONG:
        return pages_of(who)
    first = {name: next((one for one in MOST_FIRST if name in pages_of(one)), "") for name in GET}
    return sorted({name for name in GET if first[name] == who} | ALSO.get(who, set()))


LOOKERS = [who for who in ("nobody", *ACCOUNTS) if looked_at_by(who)]


def without_who(html: str) -> str:
    """A page without what differs by login alone: tokens, times of the server, the name in the frame."""
    main = html[html.find('id="content"') :]
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|\b[0-9a-f-]{36}\b|nonce="[^"]*"', "", main)


# The page has been drawn at its new width: what listens to it has been told.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


def complaints(page: Page) -> list[str]:
    """What axe sees, and what is wider than the screen, at each width."""
    faults = []
    page.evaluate(AXE_SCRIPT)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(DRAWN)
        rules = EVERY_RULE if width == WIDTHS[0] else OF_THE_WIDTH
        for fault in page.evaluate(RUN, rules) if LONG or rules is EVERY_RULE else []:
            where = "; ".join(node["html"][:160] for node in fault["nodes"][:3])
            faults.append(f"{width}px {fault['id']}: {fault['help']}: {where}")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 1:
            faults.append(f"{width}px: {wide} px wider than the screen")
    return faults


@pytest.mark.parametrize("who", LOOKERS)
def test_every_page_of_a_role(who: str, browser: Browser, running) -> None:
    context = browser.new_context(base_url=running.url)
    page = context.new_page()
    if who != "nobody":
        log_in(page, who)
    wrong = {}
    for name in looked_at_by(who):
        at = address(name)
        answer = page.request.get(at)
        if answer.status != 200:
            continue  # not in the demo study; the last test sees whether it was there for anybody
        saved = "attachment" in answer.headers.get("content-disposition", "")
        if saved or not answer.body().lstrip().lower().startswith(b"<!doctype html"):
            seen.setdefault(name, set())  # a file or a fragment: no page of its own
            continue
        looks = without_who(answer.text())
        if looks in seen.setdefault(name, set()):
            continue
        seen[name].add(looks)
        page.goto(at)
        if faults := complaints(page):
            wrong[f"{name} {at}"] = faults
    context.close()

    assert wrong == {}


def test_every_address_was_a_page_for_somebody() -> None:
    """The demo study has what the table asks for: otherwise a page would be looked at by nobody."""
    assert {name for name, (_at, expected) in GET.items() if 200 in expected} - NO_PAGE - set(seen) == set()
