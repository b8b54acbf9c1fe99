"""The one door of free text, whoever types it and wherever it is kept (docs/adr/0061).

Line breaks become LF, letters are composed (NFC), a tab is a blank, outer blanks go. What cannot be seen or would show
a text in another order than it is kept is refused, with its place; so is what is too long. Nothing is cut or dropped.
Passwords never come through here.
"""

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

REASON = 1000  # characters of a reason, and of what is said in a query
_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
# Seen as nothing, and harmless at either end: no-break and zero-width blanks, joiners, direction marks, fillers.
_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2800\u3164\ufeff\uffa0"
_BLANK = " \n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000" + _UNSEEN
_VARIANTS = "".join(map(chr, range(0xFE00, 0xFE10)))  # say how the letter before them looks: an emoji may end in one
# Inside a text: control characters; embeddings, overrides and isolates of direction (Arabic and Hebrew need none, the
# letters carry their direction); blanks of no width; tags; half characters; and what is no character at all.
_REFUSED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e007f"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)


def clean(text: str, *, limit: int | None = None, lines: bool = True) -> str:
    """The text as it is kept; ValidationError with a sentence that names the place. Twice is as once."""
    broken = _BREAKS.sub("\n", text).replace("\t", " ")
    start = len(broken) - len(broken.lstrip(_BLANK + _VARIANTS))
    end = max(start, len(broken.rstrip(_BLANK)))
    if (wrong := _REFUSED.search(broken, start, end)) is not None:
        raise ValidationError(_unseen(broken, wrong.start()))
    kept = unicodedata.normalize("NFC", broken[start:end])
    if not lines and "\n" in kept:
        place = broken.index("\n", start) + 1
        sentence = _("There is a line break at place %(place)s; this is a text of one line.")
        raise ValidationError(sentence % {"place": place})
    if limit is not None and len(kept) > limit:
        params = {"n": len(kept), "limit": limit}
        raise ValidationError(_("This has %(n)s characters; at most %(limit)s can be kept. Say it shorter.") % params)
    return kept


def _unseen(text: str, at: int) -> str:
    """What cannot be kept, and where: people cannot see it."""
    line = text.count("\n", 0, at) + 1
    params = {
        "line": line,
        "place": at - text.rfind("\n", 0, at),
        "code": f"U+{ord(text[at]):04X}",
        "name": unicodedata.name(text[at], "control character").lower(),
    }
    return (
        _(
            "Line %(line)s, place %(place)s holds a character that cannot be seen (%(code)s, %(name)s). "
            "Take it out, or type the words around it again."
        )
        % params
    )


def reason(text: str, *, name: str = "reason", empty: Any = None, limit: int = REASON) -> str:
    """Why something is done, which is never nothing; ValidationError under the name of its field."""
    try:
        kept = clean(text, limit=limit)
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error
    if not kept:
        raise ValidationError({name: str(empty or _("Say why."))})
    return kept


def line(text: str, *, name: str, limit: int | None = None) -> str:
    """A text of one line, such as a name; ValidationError under the name of its field."""
    try:
        return clean(text, limit=limit, lines=False)
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error


def sought(text: str) -> str:
    """What is looked for, as texts are kept: composed, with single blanks, without what cannot be seen."""
    seen = re.sub(_REFUSED.pattern + f"|[{_UNSEEN}]", "", _BREAKS.sub(" ", text).replace("\t", " "))
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def quoted(sentence: str, limit: int = REASON) -> str:
    """A sentence of the software's own, with answers in it that may be older than the door: refused signs as codes."""
    shown = _REFUSED.sub(lambda match: f"[U+{ord(match[0]):04X}]", _BREAKS.sub("\n", sentence).replace("\t", " "))
    kept = clean(shown)
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


class FreeText(forms.CharField):
    """A text of one line."""

    lines = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "strip": False})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text is None or text in self.empty_values:
            return text
        return clean(text, lines=self.lines) or self.empty_value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """What was kept before there was this door, and reads the same, has not been changed by showing it."""
        try:
            return super().has_changed(self.to_python(initial), data)
        except ValidationError:
            return super().has_changed(initial, data)


class FreeLines(FreeText):
    """A text of several lines."""

    lines = True
    widget = forms.Textarea(attrs={"rows": 3})
