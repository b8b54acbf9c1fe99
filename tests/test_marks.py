"""What is known of a view or an answer is in types and sets of ours: nothing is hung onto Django's objects."""

import ast
from functools import wraps

import pytest

from accounts.marks import Mark
from tests.environment import ROOT

_OURS = ["accounts", "adverse_events", "assessments", "enrollment", "exports", "oversight", "procedures", "records",
         "sbrtspine"]  # fmt: skip
_NAMES = {"answer", "response", "view", "sent"}
_DJANGOS = {"status_code", "streaming_content", "content"}


def test_a_mark_is_seen_through_what_wraps_the_view():
    mark = Mark("says so")

    @wraps(lambda: None)
    def other():
        return None

    @mark
    def view():
        return None

    @wraps(view)
    def wrapped():
        return view()

    assert wrapped in mark
    assert view in mark
    assert other not in mark
    assert None not in mark
    assert vars(view) == {}


@pytest.mark.parametrize("app", _OURS)
def test_nothing_is_put_on_a_response_or_a_view(app):
    put = [
        f"{path.relative_to(ROOT)}:{target.lineno} {ast.unparse(target)}"
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for outer in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in (outer.elts if isinstance(outer, ast.Tuple) else [outer])
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
        if target.value.id in _NAMES and target.attr not in _DJANGOS
    ]

    assert put == []
