"""How a form is laid out, in crispy's own objects: sections, tables of alike questions, rows of short ones.

`Layout(Section(title, "question", Row("short", "short"), Table("alike", "alike")))`, drawn by `templates/crf/layout/`.
A section has a title, to which the index beside the form leads; in a row of a form it has none.
"""

from functools import partial
from typing import Any

from crispy_forms.layout import Div, Layout, Row
from crispy_forms.layout import Fieldset as Section

__all__ = ["Layout", "Row", "Section", "Table", "sections_of"]

Table = partial(Div, template="%s/layout/table.html")  # one question a line, the answers under each other


def sections_of(layout: Layout) -> list[tuple[Any, list[str]]]:
    """Title and questions of each section, in order."""
    return [(section.legend, [pointer.name for pointer in section.get_field_names()]) for section in layout]
