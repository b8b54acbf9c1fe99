"""Any text that the door takes can be set and drawn; what stood there before the door is shown by its codes."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import text_input
from oversight.analysis.figure import Column, Figure, Table, row
from oversight.drawing import files, typeset
from oversight.drawing.shapes import Drawing
from records.formula_injection import defused


def accepted(text):
    try:
        return text_input.clean(text)
    except ValidationError:
        return ""


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=20).map(accepted).filter(bool))
def test_any_text_that_the_door_takes_is_set_and_drawn(text):
    drawing = Drawing(100, 40)
    drawing.text("", 5, 20, text)
    figure = Figure("any", text, text, Table((Column("text", text),), (row("1", text),)), drawing=drawing)

    ET.fromstring(files.svg(figure))  # noqa: S314 - our own
    assert files.png(figure, ppi=20).startswith(b"\x89PNG")
    document = typeset.compiled(
        b"#set document(title: sys.inputs.it)\n#sys.inputs.it", {"it": text}, format="pdf", pdf_standards=["ua-1"]
    )
    assert document.startswith(b"%PDF")
    [_header, line] = csv.reader(io.StringIO(files.csv_of(figure), newline=""))
    assert line == [defused(text)]


@pytest.mark.parametrize("text", ["a\x01b", "a\ufffeb", "a\x0bb"])
def test_what_stood_there_before_the_door_is_drawn_with_its_code(text):
    drawing = Drawing(100, 40)
    drawing.text("", 5, 20, text)
    figure = Figure("old", text, text, Table(()), drawing=drawing)

    assert f"aU+{ord(text[1]):04X}b" in "".join(ET.fromstring(files.svg(figure)).itertext())  # noqa: S314 - our own
    assert files.png(figure, ppi=20).startswith(b"\x89PNG")
