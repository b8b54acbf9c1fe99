"""Imports only go down: walked in every file, at any depth."""

import ast
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
CRF_APPS = ("enrollment", "procedures", "assessments", "adverse_events")


def imported(path: Path) -> set[str]:
    """The first word of every import in a file, wherever it stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


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
