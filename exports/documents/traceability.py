"""docs/traceability.md: each line of the dossier -> the field or function -> the test; nothing is only promised."""

import importlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.eligibility import CRITERIA
from protocol.study import STUDY
from records.model import registry

SOURCE = Path(__file__).with_name("traceability.toml")
EVERY_FIELD = "tests/test_every_field.py::test_each_field_alone"
EACH_CRITERION = "tests/protocol/test_eligibility.py::test_each_criterion_alone_flips_the_verdict"
EACH_VISIT = "tests/test_every_url.py::test_every_form_of_the_schedule_opens_at_its_visit"


AUDITOR = {"A": 10, "B": 9, "C": 9, "D": 9, "E": 8, "F": 6}  # chapters of the auditor's list, and the lines of each


@dataclass(frozen=True)
class Line:
    """One thing that the study asks for, the places where it is, and the test that holds it."""

    section: str
    what: str
    places: tuple[str, ...]
    test: str


def lines() -> list[Line]:
    """All of them, in the order of the dossier; criteria and visit × form cells come from the protocol itself."""
    with SOURCE.open("rb") as file:
        document = tomllib.load(file)
    requirements = [
        Line("1.3", f"{criterion.id} {criterion.text}", ("protocol.eligibility.CRITERIA",), EACH_CRITERION)
        for criterion in CRITERIA
    ]
    for section, rows in document["rules"].items():
        requirements += [Line(section, what, tuple(places.split()), test) for what, places, test in rows]
    for section, rows in document["fields"].items():
        requirements += [Line(section, what, tuple(places.split()), EVERY_FIELD) for what, places in rows]
    requirements += [
        Line("4.3", f"{visit.name} × {form}", (form,), EACH_VISIT) for visit in STUDY.visits for form in visit.forms
    ]
    return sorted(requirements, key=lambda line: [int(part) for part in line.section.split(".")])


def audited() -> dict[str, tuple[str, Line]]:
    """The auditor's list: id -> (source, line), in its order; what is not there yet is in `not_yet`."""
    with SOURCE.open("rb") as file:
        entries = tomllib.load(file)["auditor"]
    ordered = sorted(entries, key=lambda id_: (id_[0], int(id_[1:])))
    return {
        id_: (entries[id_][1], Line(id_, entries[id_][0], tuple(entries[id_][2].split()), entries[id_][3]))
        for id_ in ordered
    }


def not_yet() -> dict[str, str]:
    """What an auditor asks and does not find, and why."""
    with SOURCE.open("rb") as file:
        return dict(tomllib.load(file)["auditor_not_yet"])


def left_out() -> dict[str, str]:
    """What is not there, and why."""
    with SOURCE.open("rb") as file:
        return dict(tomllib.load(file)["left_out"])


def missing_place(place: str) -> bool:
    """Whether a place does not exist: form, form.field, or the dotted name of something in the code."""
    models = {model.slug: model for model in registry.clinical_models()}
    slug, _, name = place.partition(".")
    if slug in models and (not name or name in {field.name for field in models[slug]._meta.local_fields}):
        return False
    parts = place.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            target: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            target = getattr(target, part, None)
        return target is None
    return True


def as_markdown() -> str:
    """docs/traceability.md."""
    markdown = [
        "# From the study to the code to the tests",
        "",
        "Generated from `exports/traceability.toml`; do not edit.",
    ]
    section = ""
    for line in lines():
        if line.section != section:
            section = line.section
            markdown += ["", f"## study.md {section}", "", "| what | where | test |", "| --- | --- | --- |"]
        places = " ".join(f"`{place}`" for place in line.places)
        markdown.append(f"| {line.what} | {places} | `{line.test}` |")
    markdown += [
        "",
        "## study.md 8",
        "",
        "The 28 situations: `tests/situations/test_situations.py`, one test each by number.",
    ]
    markdown += [
        "",
        "## What an auditor asks",
        "",
        "| id | what | source | where | test |",
        "| --- | --- | --- | --- | --- |",
    ]
    for id_, (source, line) in audited().items():
        places = " ".join(f"`{place}`" for place in line.places)
        markdown.append(f"| {id_} | {line.what} | {source} | {places} | `{line.test}` |")
    markdown += ["", "Not yet:", "", *(f"- **{id_}**: {why}." for id_, why in sorted(not_yet().items()))]
    markdown += ["", "## Left out, and why", "", *(f"- **{what}**: {why}." for what, why in left_out().items())]
    return "\n".join(markdown) + "\n"
