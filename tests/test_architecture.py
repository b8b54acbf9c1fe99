"""Imports only go down: walked in every file, at any depth."""

import ast
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from tests.environment import ROOT

FLOORS = {
    "protocol": 0,
    "accounts": 1,
    "records": 2,
    "enrollment": 3,
    "procedures": 4,
    "assessments": 5,
    "adverse_events": 6,
    "oversight": 7,
    "exports": 7,
    "sbrtspine": 8,
}
FILES = sorted(path for app in FLOORS for path in (ROOT / app).rglob("*.py"))
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
MAX_LINE_LENGTH = 160  # of a template: one element a line
CRF_APPS = ("enrollment", "procedures", "assessments", "adverse_events")


def imported(path: Path) -> set[str]:
    """The first word of every import in a file, wherever it stands."""
    apps = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            apps |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            apps.add(node.module.split(".")[0])
    return apps


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_go_down(path):
    app = path.relative_to(ROOT).parts[0]
    ours = imported(path) & set(FLOORS) - {app}

    assert {other for other in ours if FLOORS[other] >= FLOORS[app]} == set()


def test_the_protocol_knows_no_framework():
    outside = set().union(*(imported(path) for path in (ROOT / "protocol").rglob("*.py")))

    assert outside & {"django", "celery", "redis", "psycopg", "time"} == set()


def test_records_names_no_case_report_form():
    """`records` finds the forms; a form that it named could not be added without changing it."""
    from records.model import registry

    classes = {model.__name__ for model in registry.clinical_models() if model._meta.app_label in CRF_APPS}
    for path in (ROOT / "records").rglob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        assert names & classes == set(), path


def modules() -> dict[str, Path]:
    """Every module of the apps by its dotted name; migrations are history."""
    places = {}
    for path in FILES:
        if "migrations" not in path.parts:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            places[name.removesuffix(".__init__")] = path
    return places


def neighbours(path: Path, known: set[str]) -> set[str]:
    """The modules that a file imports, wherever in it the import stands."""
    imports = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imports |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inside = {f"{node.module}.{name.name}" for name in node.names}
            imports |= inside & known or {node.module}
    return imports & known


def test_no_module_leads_back_to_itself():
    """Also inside an app, and also by an import that stands in a function."""
    places = modules()
    left = {name: neighbours(path, set(places)) - {name} for name, path in places.items()}
    while free := {name for name, others in left.items() if not others & set(left)}:
        left = {name: others for name, others in left.items() if name not in free}

    assert left == {}


def test_no_folder_holds_more_than_25_files():
    folders = {path.parent for path in FILES + TEMPLATES}
    crowded = {folder: sum(file.is_file() for file in folder.iterdir()) for folder in folders}

    assert {str(folder.relative_to(ROOT)) for folder, files in crowded.items() if files > 25} == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_of_a_template_is_too_long_to_read(path):
    lines = enumerate(path.read_text().splitlines(), start=1)

    assert [number for number, line in lines if len(line) > MAX_LINE_LENGTH] == []


MAX_IGNORED = 20
WITH_REASON = re.compile(r"# type: ignore\[[a-z-]+\] # .+")
TYPES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]


def ignored_types() -> list[tuple[str, bool]]:
    """Each line of which a type is ignored, and whether it says why: behind it, or in the comment above."""
    ignored = []
    for path in FILES:
        for above, line in pairwise(["", *path.read_text().splitlines()]):
            if "# type: ignore" in line and path.relative_to(ROOT).parts[0] in TYPES["files"]:
                has_reason = bool(WITH_REASON.search(line)) or above.strip().startswith("#")
                ignored.append((f"{path.relative_to(ROOT)}: {line.strip()}", has_reason))
    return ignored


def test_a_type_is_ignored_seldom_and_with_a_reason():
    ignored = ignored_types()

    assert [line for line, has_reason in ignored if not has_reason] == []
    assert len(ignored) <= MAX_IGNORED


def test_no_kind_of_error_is_switched_off_as_a_whole():
    assert [part for part in (TYPES, *TYPES["overrides"]) if {"disable_error_code", "ignore_errors"} & set(part)] == []
