"""Names say what they hold, and whoever looks for one finds it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.test_architecture import FLOORS, modules

GIVEN_BY_DJANGO = {"urlpatterns", "register", "Command", "log"}
NO_NOUNS = {"found", "each", "told", "said", "held", "given", "made"}
COLUMNS = {("enrollment/consent.py", "given")}  # a column with data is not renamed


def public_names(path: Path) -> set[str]:
    """What a module offers: functions, classes and constants without an underscore."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_a_public_name_stands_in_at_most_four_modules_of_an_app():
    """Whoever looks for a name finds it; and none is called `of`, which says nothing without its module."""
    crowded, nameless = {}, set()
    for app in FLOORS:
        where = defaultdict(set)
        for name, path in modules().items():
            if name.split(".")[0] == app:
                for public in public_names(path) - GIVEN_BY_DJANGO:
                    where[public].add(name)
        crowded |= {f"{app}: {name}": places for name, places in where.items() if len(places) > 4}
        nameless |= where["of"]

    assert (crowded, nameless) == ({}, set())


def bound(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that something gives to a value, with its line: variables, parameters, attributes, functions."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.alias(asname=str(name)):
                yield name, node.lineno


@pytest.mark.parametrize("folder", [*FLOORS, "tests", "benchmarks"])
def test_a_name_is_a_noun_of_what_it_holds(folder):
    """`found` says that something was looked for, not what it is."""
    poor = {
        f"{place}:{line} {name}"
        for place, path in ((str(path.relative_to(ROOT)), path) for path in (ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
        for name, line in bound(ast.parse(path.read_text()))
        if name in NO_NOUNS and (place, name) not in COLUMNS
    }

    assert poor == set()
