"""The lines of the worklist as HTML, put together here: safety has hundreds, and a template walks sixty nodes a line."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oversight import snoozing
from oversight.work_item import Item, at
from records.templatetags.crf import hours_left, on_clock


@dataclass
class Lines:
    """What the lines of one page share: the instant, the sending, and what was typed into a form that was refused."""

    request: HttpRequest
    now: datetime
    typed: dict[str, Any]
    number: int = 0  # of forms so far: labels need ids
    _forms: tuple[SafeString, SafeString] | None = field(default=None, init=False)

    def rows(self, items: list[Item]) -> SafeString:
        """The rows of a table."""
        return mark_safe("\n".join(map(self._row, items)))  # noqa: S308 - every part is escaped where it is written

    def _row(self, item: Item) -> str:
        whose = _link(at(item.code, ""), item.code) if "-" in item.code else escape(item.code)
        return (
            f'<tr class="{escape(item.tone)}"><td>{whose}</td><td>{_link(item.url, item.what, "strong")}'
            f'<br><span class="why">{escape(item.why)}</span>{self._told(item)}</td>'
            f'<td class="left">{self._left(item)}{self._later(item) if item.can_wait else ""}</td></tr>'
        )

    def _left(self, item: Item) -> str:
        if item.due_at is None:
            return ""
        until = timezone.localtime(item.due_at).isoformat()
        return (
            f'<span class="pill {escape(item.tone or "upcoming")}"><time datetime="{until}" data-until="{until}">'
            f"{escape(hours_left(item.due_at, self.now))}</time></span>"
        )

    def _told(self, item: Item) -> str:
        """Who acknowledged it, or the button with which this person does."""
        if item.told is None:
            return ""
        if (by := item.told.by) is not None:
            words = {"who": by.person, "at": on_clock(by.acknowledged_at, item.told.zone)}
            return format_html('<br><span class="why">{}</span>', _("Acknowledged by %(who)s, %(at)s") % words)
        if item.told.message is None:
            return ""
        begin, end = self._form()
        return format_html(
            '<form method="post" action="{}" id="m-{}">{}<input type="hidden" name="back" value="worklist">'
            '<button>{}<span class="unseen"> {}, {}</span></button>{}</form>',
            reverse("message-acknowledge", args=[item.told.message]), item.told.message, begin,
            _("Acknowledge"), item.code, item.what, end,
        )  # fmt: skip

    def _later(self, item: Item) -> SafeString:
        """A form to put the line aside, open and as it was typed where it was refused."""
        self.number += 1
        mine = self.typed.get("url") == item.url
        begin, end = self._form()
        return format_html(
            '<details class="later"{}><summary>{}<span class="unseen"> {}, {}</span></summary>'
            '<form method="post" action="{}">{}<input type="hidden" name="url" value="{}">'
            '<p><label for="why-{}">{}</label><input type="text" name="reason" id="why-{}" maxlength="300"'
            ' autocomplete="off" value="{}"></p><p>{}</p>{}</form></details>',
            mark_safe(" open" if mine else ""), _("Later"), item.code, item.what,
            reverse("put-aside"), begin, item.url,
            self.number, _("Why can it wait?"), self.number,
            self.typed.get("reason", "") if mine else "", _days(), end,
        )  # fmt: skip

    def _form(self) -> tuple[SafeString, SafeString]:
        """How every form begins and ends."""
        if self._forms is None:
            begin = format_html(
                '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
                '<input type="hidden" name="entry" value="{}">',
                get_token(self.request), uuid4(),
            )  # fmt: skip
            self._forms = begin, render_to_string("_whole.html")
        return self._forms


def _link(url: str, words: str, tag: str = "") -> str:
    said = escape(words)
    return f'<a href="{escape(url)}">{f"<{tag}>{said}</{tag}>" if tag else said}</a>'


def _days() -> SafeString:
    said = [(n, ngettext("%(n)s day", "%(n)s days", n) % {"n": n}) for n in snoozing.DAYS]
    return mark_safe(" ".join(f'<button name="days" value="{n}">{escape(words)}</button>' for n, words in said))
