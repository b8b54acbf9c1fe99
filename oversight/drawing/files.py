"""A figure as a file: SVG that stands alone, PNG made of it, CSV of the table behind it."""

import csv
import io
import re
from functools import cache

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from oversight.analysis.figure import Figure
from oversight.drawing import typeset
from records.formula_injection import defused

_PAGE = """
#set page(width: auto, height: auto, margin: 6pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg", width: 570pt, alt: sys.inputs.alt)
"""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg(figure: Figure) -> str:
    """SVG with its style inside, in the colours of paper; what XML cannot hold is shown as its code."""
    drawn = render_to_string("oversight/figures/figure.svg", {"figure": figure, "alone": True, "sheet": style()})
    return _NOT_XML.sub(lambda match: typeset.code(match[0]), drawn)


def png(figure: Figure, ppi: int = 192) -> bytes:
    """The same picture in dots; the same bytes on every machine, because the typefaces come with the library."""
    inputs = {"svg": svg(figure), "alt": figure.sentence}
    return typeset.compiled(_PAGE.encode(), inputs, format="png", ppi=ppi)


def csv_of(figure: Figure) -> str:
    """The table behind a figure, RFC 4180; text that a spreadsheet would run gets an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in figure.table.columns])
    for row in figure.table.rows:
        writer.writerow([_safe(cell.value) for cell in row.cells])
    return text.getvalue()


def _safe(value: object) -> object:
    if value is None:
        return ""
    return defused(value) if isinstance(value, str) else value


@cache
def style() -> SafeString:
    """The style sheet of the figures with its variables replaced by the colours of the light theme."""
    texts = [read(name) for name in ("css/app.css", "css/figures.css")]
    named = {name: value for text in texts for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", _first(text))}
    rules = texts[1].split("/* drawn */")[1].split("/* page */")[0]
    return mark_safe(re.sub(r"var\((--[\w-]+)\)", lambda match: named[match[1]], rules))  # noqa: S308 - our own file


def read(name: str) -> str:
    """One of our static files."""
    with open(str(finders.find(name)), encoding="utf-8") as file:
        return file.read()


def _first(text: str) -> str:
    """The first :root block, which is the light theme's."""
    match = re.search(r":root\s*\{(.*?)\}", text, re.DOTALL)
    return match[1] if match else ""
