"""This study's numbers, read once from blend.toml into frozen objects; no rule types one of its own."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("blend.toml")
UNSCHEDULED = r"u[1-9][0-9]?"  # u1, u2 …: a visit that no schedule asked for


@dataclass(frozen=True)
class Visit:
    """A visit of the schedule: days from the anchor's local date at which it is due, opens and closes; its forms."""

    code: str
    name: str
    anchor: str
    day: int
    opens: int
    closes: int
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """Where the sources contradict each other, and what is assumed until the sponsor decides."""

    id: str
    topic: str
    readings: tuple[str, ...]
    default: str
    governs: str


@dataclass(frozen=True)
class Study:
    """One version of the protocol."""

    name: str
    registration: str
    version: str
    effective_on: date
    zone: str
    participants: int
    window: dict[str, int]
    eligibility: dict[str, Any]
    endpoint: dict[str, Any]
    relatedness: tuple[str, ...]
    reporting: dict[str, int]
    stopping: dict[str, float]
    pain: dict[str, float]
    opioids: dict[str, Any]
    sins: dict[str, Any]
    eq5d: dict[str, Any]
    eortc: dict[str, Any]
    labs: dict[str, Any]
    visits: tuple[Visit, ...]
    questions: tuple[Question, ...]

    @property
    def visit_codes(self) -> list[str]:
        """The visits in the order of the schedule."""
        return [visit.code for visit in self.visits]

    def visit(self, code: str) -> Visit:
        """One visit; KeyError for a code that is not in the schedule."""
        for visit in self.visits:
            if visit.code == code:
                return visit
        raise KeyError(code)

    def visit_name(self, code: str) -> str:
        """Its name, also of an unscheduled one; KeyError for a code that is neither."""
        unscheduled = re.fullmatch(UNSCHEDULED, code)
        return f"Unscheduled {code[1:]}" if unscheduled else self.visit(code).name

    def visits_with(self, form: str) -> tuple[str, ...]:
        """The visits at which a form is expected."""
        return tuple(visit.code for visit in self.visits if form in visit.forms)


def load(file: Path = FILE) -> Study:
    """Read a version of the protocol."""
    with file.open("rb") as opened:
        told = tomllib.load(opened)
    about = told["protocol"]
    return Study(
        name=about["study"],
        registration=about["registration"],
        version=about["version"],
        effective_on=about["effective_on"],
        zone=about["zone"],
        participants=about["participants"],
        window=told["window"],
        eligibility=told["eligibility"],
        endpoint=told["endpoint"],
        relatedness=tuple(told["relatedness"]["order"]),
        reporting=told["reporting"],
        stopping=told["stopping"],
        pain=told["pain"],
        opioids=told["opioids"],
        sins=told["sins"],
        eq5d=told["eq5d"],
        eortc=told["eortc"],
        labs=told["labs"],
        visits=tuple(Visit(**{**visit, "forms": tuple(visit["forms"])}) for visit in told["visits"]),
        questions=tuple(
            Question(**{**question, "readings": tuple(question["readings"])}) for question in told["questions"]
        ),
    )


STUDY = load()
