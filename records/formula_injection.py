r"""Text that a spreadsheet would run as a formula, and how it is made harmless (ADR 45).

A spreadsheet may split a file at another separator than the one it was written with (a Dutch one at `;`), trim what
stands around a cell, and read signs of other widths as their plain ones. So an apostrophe goes in front of each sign
that begins the text, or a piece of it, after any blanks and quotes. The pattern means the same to Python and to
PostgreSQL; a test computes its letters from Unicode's own tables.
"""

import re

# = + - @, and what NFKC makes one of them.
_SIGN = (
    r"[\u002b\u002d\u003d\u0040\u207a\u207c\u208a\u208c\u2212\ufb29\ufe62-\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]"
)
# , ; | and what NFKC makes one of them; tabs and whatever ends a line.
_BETWEEN = (
    r"[\u0009-\u000d\u001c-\u001e\u002c\u003b\u007c\u0085\u037e\u2028-\u2029\ufe10\ufe14\ufe50\ufe54"
    r"\uff0c\uff1b\uff5c]"
)
# Blanks and what is not seen at all, controls, quotes of every kind.
_AROUND = (
    r"[\u0001-\u0020\u0022\u0027\u0060\u007f-\u00a0\u00ab\u00ad\u00b4\u00bb\u034f\u0600-\u0605\u061c\u06dd\u070f"
    r"\u0890-\u0891\u08e2\u115f-\u1160\u1680\u17b4-\u17b5\u180e\u2000-\u206f\u2e00-\u2e7f\u3000\u3164\ufe00-\ufe0f"
    r"\ufeff\uff02\uff07\uffa0\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)
# Each finds what an apostrophe is put behind: first in front of a tab or a line break that begins the text, then in
# front of the signs. Apostrophes that are there already count too, so that taking one away wherever one is put gives
# the text again.
PATTERNS = (r"^('*)(?=[\t\r\n])", rf"((?:^|{_BETWEEN}){_AROUND}*)(?={_SIGN})")
REPLACEMENT = r"\1'"
_COMPILED = [re.compile(pattern) for pattern in PATTERNS]


def defused(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin a formula."""
    for pattern in _COMPILED:
        text = pattern.sub(REPLACEMENT, text)
    return text
