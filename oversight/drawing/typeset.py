"""Text that can be set: a character that none of the typefaces has is shown as its code, such as U+F0B7."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import typst

_ONE = b"""#set document(title: "x")
#set text(font: ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"))
#sys.inputs.it"""
_REFUSED = (RuntimeError, typst.TypstError)


def settable(text: str) -> str:
    """The same text with the codes of what no typeface has; tagged PDF refuses such a character as a whole."""
    for character in {letter for letter in text if letter > "~"}:
        if not _has(character):
            text = text.replace(character, code(character))
    return text


def in_plain_letters(text: str) -> str:
    """Every character beyond ASCII as its code: for what cannot be set together although it can be alone."""
    return re.sub(r"[^\x00-\x7e]", lambda match: code(match[0]), text)


def compiled(program: bytes, texts: Mapping[str, str], **options: Any) -> bytes:
    """Set a document that reads these texts as its inputs; whatever they hold, there is a document."""
    for version in (settable, in_plain_letters):
        inputs = {name: version(text) for name, text in texts.items()}
        try:
            return bytes(typst.compile(program, ignore_system_fonts=True, sys_inputs=inputs, **options))
        except _REFUSED as error:
            refused = error
    raise refused


@lru_cache(maxsize=10_000)
def _has(character: str) -> bool:
    try:
        typst.compile(
            _ONE, format="pdf", ignore_system_fonts=True, sys_inputs={"it": character}, pdf_standards=["ua-1"]
        )
    except _REFUSED:
        return False
    return True


def code(character: str) -> str:
    """How a character is shown that cannot be, such as U+F0B7."""
    return f"U+{ord(character):04X}"
