"""The lines of the worklist as HTML, put together here: safety has hundreds, and a template walks sixty nodes each.

Every text is escaped where it is written.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from html import escape
from uuid import uuid4

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oversight.worklist import snooze
from oversight.worklist.item import Acknowledgement, Item, at
from records.templatetags.crf import hours_left, on_clock


class Lines:
    """The lines of one page, at one instant; `typed`: what stood in a form that was refused."""

    def __init__(self, request: HttpRequest, now: datetime, typed: Mapping[str, str]) -> None:
        self.request, self.now, self.typed = request, now, typed
        self._pills: dict[tuple[datetime, str], str] = {}
        self._forms = 0  # so far: labels need ids

    def rows(self, items: list[Item]) -> SafeString:
        """The rows of a table."""
        return mark_safe("\n".join(map(self._row, items)))  # noqa: S308 -- escaped below

    def _row(self, item: Item) -> str:
        code, url = escape(item.code), escape(item.url)
        whose = f'<a href="{escape(at(item.code, ""))}">{code}</a>' if "-" in code else code
        acknowledgement = self._told(item, item.acknowledgement) if item.acknowledgement else ""
        until = self._pill(item.due_at, item.tone) if item.due_at else ""
        later = self._later(item) if item.can_wait else ""
        return (
            f'<tr class="{item.tone}"><td>{whose}</td><td><a href="{url}"><strong>{escape(str(item.what))}</strong></a>'
            f'<br><span class="why">{escape(str(item.why))}</span>{acknowledgement}</td>'
            f'<td class="left">{until}{later}</td></tr>'
        )

    def _pill(self, due_at: datetime, tone: str) -> str:
        """How long there is left; lines of one instant share it."""
        if (due_at, tone) not in self._pills:
            until = timezone.localtime(due_at).isoformat()
            self._pills[due_at, tone] = (
                f'<span class="pill {tone or "upcoming"}"><time datetime="{until}" data-until="{until}">'
                f"{escape(str(hours_left(due_at, self.now)))}</time></span>"
            )
        return self._pills[due_at, tone]

    def _told(self, item: Item, acknowledgement: Acknowledgement) -> str:
        """Who acknowledged it, or the button with which this person does."""
        if (by := acknowledgement.by) is not None:
            words = _("Acknowledged by %(who)s, %(at)s") % {
                "who": by.person,
                "at": on_clock(by.acknowledged_at, acknowledgement.zone),
            }
            return f'<br><span class="why">{escape(words)}</span>'
        if (message := acknowledgement.message) is None:
            return ""
        where, button = self._acknowledge
        return (
            f'<form method="post" action="{where.replace("/0/", f"/{message}/")}" id="m-{message}">'
            f'{self._begin}<input type="hidden" name="back" value="worklist"><button>{button}'
            f"{_unseen(item)}</button>{self._end}</form>"
        )

    def _later(self, item: Item) -> str:
        """A form to put the line aside, open and as it was typed where it was refused."""
        self._forms += 1
        mine, label = self.typed.get("url") == item.url, f"why-{self._forms}"
        words, where, why, days = self._aside
        typed = escape(self.typed.get("reason", "")) if mine else ""
        return (
            f'<details class="later"{" open" if mine else ""}><summary>{words}{_unseen(item)}</summary>'
            f'<form method="post" action="{where}">{self._begin}'
            f'<input type="hidden" name="url" value="{escape(item.url)}"><p><label for="{label}">{why}</label>'
            f'<input type="text" name="reason" id="{label}" maxlength="300" autocomplete="off" value="{typed}"></p>'
            f"<p>{days}</p>{self._end}</form></details>"
        )

    @cached_property
    def _begin(self) -> str:
        """How every form begins."""
        return (
            f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(get_token(self.request))}">'
            f'<input type="hidden" name="entry" value="{uuid4()}">'
        )

    @cached_property
    def _end(self) -> str:
        """How every form ends."""
        return render_to_string("_whole.html").strip()

    @cached_property
    def _acknowledge(self) -> tuple[str, str]:
        return escape(reverse("message-acknowledge", args=[0])), escape(_("Acknowledge"))

    @cached_property
    def _aside(self) -> tuple[str, str, str, str]:
        labels = [(n, escape(ngettext("%(n)s day", "%(n)s days", n) % {"n": n})) for n in snooze.DAYS]
        days = " ".join(f'<button name="days" value="{n}">{words}</button>' for n, words in labels)
        return escape(_("Later")), escape(reverse("put-aside")), escape(_("Why can it wait?")), days


def _unseen(item: Item) -> str:
    """For who hears the page: which line a button belongs to."""
    return f'<span class="unseen"> {escape(item.code)}, {escape(str(item.what))}</span>'
