"""A person without a mouse: keys only; at every stop the focus is somewhere, can be seen, and lies under nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playwright.sync_api import Page, Response

# What a person sees of the thing that has the focus. The name is what stands on it or beside it; a radio also says
# which answers its group has, because the arrows go through them.
_STOP = r"""
() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const words = (each) => (each ? each.textContent.trim().replace(/\s+/g, " ") : "");
  const style = getComputedStyle(at);
  const [box] = at.getClientRects();
  const inside = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return top && (at.contains(top) || top.contains(at) || [...(at.labels || [])].some((each) => each.contains(top)));
  };
  const across = [0.1, 0.5, 0.9];
  const question = at.closest(".question");
  const answered = [...(question ? question.querySelectorAll(".answer :is(input, select, textarea)") : [])];
  const group = at.type === "radio" ? [...at.form.querySelectorAll(`[name="${at.name}"]`)] : [];
  return {
    tag: at.localName, kind: at.type || "", id: at.id, field: at.name || "", value: at.value || "",
    checked: Boolean(at.checked), codes: group.map((each) => each.value),
    chosen: at.localName === "select" ? words(at.selectedOptions[0]) : "",
    name: at.getAttribute("aria-label") || [...(at.labels || [])].map(words).join(" ") || words(at),
    group: words(at.closest("fieldset")?.querySelector("legend")),
    answered: answered.some((each) => (/radio|checkbox/.test(each.type) ? each.checked : each.value)),
    ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none",
    bare: Boolean(box) && across.some((x) => across.some((y) =>
      inside(box.left + x * box.width, Math.min(Math.max(box.top + y * box.height, 1), innerHeight - 1)))),
  };
}
"""


@dataclass(frozen=True)
class Stop:
    """Where the focus is."""

    tag: str
    kind: str
    id: str
    field: str
    value: str
    checked: bool
    codes: list[str]
    chosen: str
    name: str
    group: str
    answered: bool
    ring: bool
    bare: bool

    def __str__(self) -> str:
        return f"{self.tag} {' · '.join(filter(None, (self.group, self.name, self.field)))[:90]!r}"

    @property
    def ends_the_form(self) -> bool:
        return self.tag == "button" and self.field == "action"


class Keyboard:
    """Presses keys. It has no other way to the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def stop(self) -> Stop:
        """Where the focus is; it must be somewhere, ringed, and not under the header or the buttons."""
        state = self.page.evaluate(_STOP)
        assert state, f"The focus is lost on {self.page.url}"
        stop = Stop(**state)
        assert stop.ring, f"One does not see that the focus is on {stop}, {self.page.url}"
        assert stop.bare, f"Something lies over {stop}, which has the focus, {self.page.url}"
        return stop

    def press(self, key: str, times: int = 1) -> Stop:
        for _ in range(times):
            self.page.keyboard.press(key)
        return self.stop()

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, wanted: str, most: int = 40, key: str = "Tab") -> Stop:
        """Press Tab until something of this name, field or id has the focus."""
        passed = []
        for _ in range(most):
            stop = self.press(key)
            if wanted in (stop.field, stop.id) or re.search(wanted, stop.name):
                return stop
            passed.append(str(stop))
        raise AssertionError(f"{most} times {key} did not reach {wanted}, but:\n" + "\n".join(passed))

    def along(self, arrow: str, wanted: str) -> Stop:
        """Press an arrow until something that begins with these words has the focus; twice the same is the end."""
        passed: list[str] = []
        while not (stop := self.press(arrow)).name.startswith(wanted):
            assert str(stop) not in passed[-1:], f"{arrow} did not reach {wanted}, but:\n" + "\n".join(passed)
            passed.append(str(stop))
        return stop

    def skip_to(self, what: str = "content") -> Stop:
        """From the top of a page, past the bar: its first stops are the skip links."""
        self.tab_to(f"Skip to the {what}", most=2)
        return self.press("Enter")

    def leave(self, key: str = "Enter") -> None:
        """A key that leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def find(self, words: str, leads_to: str) -> None:
        """By the search box, from wherever one is: what is found is walked with the arrows."""
        self.press("Alt+/")
        assert self.stop().id == "search"
        self.type(words)
        self.page.locator("#found-below a", has_text=leads_to).first.wait_for()
        self.along("ArrowDown", leads_to)
        self.leave()

    # A form

    def walk(self, answers: dict[str, Any], until: Callable[[Stop], bool] = lambda _stop: False) -> Stop:
        """From question to question as on paper; who has no answer for one that must have one says “unknown”."""
        left_to_type = dict(answers)
        stop = self.stop()
        for _ in range(300):
            if stop.ends_the_form or until(stop):
                left = sorted(set(left_to_type) - {stop.field})
                assert not left or until(stop), f"Tab never came to {left}"
                return stop
            self.answer(stop, left_to_type)
            stop = self.press("Tab")
        raise AssertionError(f"300 times Tab did not come to the end of the form, but to {stop}")

    def answer(self, stop: Stop, answers: dict[str, Any]) -> None:
        """Give what is to be told at this stop, and take it off the list."""
        name, part = re.fullmatch(r"(.*?)(?:(?<=_at)_([01]))?", stop.field).groups()
        if name not in answers:
            if stop.field.endswith("_missing") and not stop.answered:
                self.choose("Unknown")
            return
        value = answers[name] if stop.kind == "checkbox" or part == "0" else answers.pop(name)
        if stop.kind == "radio":
            self.pick(stop, value)
        elif stop.kind == "checkbox":
            self.tick(stop, value, answers)
        elif stop.tag == "select":
            self.choose(value)
        elif isinstance(value, datetime):
            self.type(value.strftime("%H%M" if part == "1" else "%-d-%-m-%Y"))
        else:
            self.type(str(value))

    def pick(self, stop: Stop, code: str) -> None:
        """Of radios: Space takes the one that has the focus, the arrows go on to the next."""
        away = stop.codes.index(code) - stop.codes.index(stop.value)
        here = self.press("ArrowDown" if away > 0 else "ArrowUp", abs(away)) if away else stop
        if not here.checked:
            here = self.press("Space")
        assert (here.value, here.checked) == (code, True), here

    def tick(self, stop: Stop, wanted: list[str], answers: dict[str, Any]) -> None:
        if stop.value not in wanted:
            return
        assert self.press("Space").checked, stop
        answers[stop.field] = [code for code in wanted if code != stop.value]
        if not answers[stop.field]:
            del answers[stop.field]

    def choose(self, words: str) -> None:
        """Of a list: its words are typed while it is closed."""
        self.type(words)
        assert self.stop().chosen.startswith(words), self.stop()

    def retype(self, text: str) -> None:
        """Over what stands in the box."""
        self.page.keyboard.press("Control+a")
        self.type(text)

    def save(self, key: str = "Control+s") -> int:
        """Save or complete; the status that came back."""
        with self.page.expect_navigation(), self.page.expect_response(_of_the_form) as caught:
            self.page.keyboard.press(key)
        self.stop()
        return caught.value.status

    def complete(self) -> None:
        status = self.save("Control+Enter")
        assert status == 302, self.page.locator("[role=alert]").all_inner_texts()


def _of_the_form(answer: Response) -> bool:
    """The answer to the form itself, not to what is asked or kept while typing."""
    return answer.request.method == "POST" and answer.request.is_navigation_request()
