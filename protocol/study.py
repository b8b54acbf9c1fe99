"""This study's numbers, read once from blend.toml into frozen objects; no rule types one of its own."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("blend.toml")
AMENDMENTS = FILE.with_name("amendments")
AMENDABLE = ("eligibility", "endpoint", "visits")
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
class Order:
    """`first` does not lie after `then` (and before it where `strict`), which `why` says in words.

    Both name kinds of fact, form.field; "*" is every kind, "form.*" every one of a form, apart from those named.
    `within` names a sort of group ("adverse-event"): only facts that share one of that sort are compared. A `law` holds
    in truth, so it tightens other dates; any other order can be broken. A `deviation` is drafted as one, not asked
    about.
    """

    code: str
    first: tuple[str, ...]
    then: tuple[str, ...]
    why: str
    strict: bool = False
    law: bool = False
    within: str = ""
    apart_from: tuple[str, ...] = ()
    deviation: bool = False


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
    accrual_months: float
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
    monitoring: dict[str, Any]
    visits: tuple[Visit, ...]
    orders: tuple[Order, ...]
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
    """Read the first version of the protocol."""
    return _study(_read(file))


def _read(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        return tomllib.load(opened)


def _study(tables: dict[str, Any]) -> Study:
    about = tables["protocol"]
    return Study(
        name=about["study"],
        registration=about["registration"],
        version=about["version"],
        effective_on=about["effective_on"],
        zone=about["zone"],
        participants=about["participants"],
        accrual_months=about["accrual_months"],
        window=tables["window"],
        eligibility=tables["eligibility"],
        endpoint=tables["endpoint"],
        relatedness=tuple(tables["relatedness"]["order"]),
        reporting=tables["reporting"],
        stopping=tables["stopping"],
        pain=tables["pain"],
        opioids=tables["opioids"],
        sins=tables["sins"],
        eq5d=tables["eq5d"],
        eortc=tables["eortc"],
        labs=tables["labs"],
        monitoring=tables["monitoring"],
        visits=tuple(Visit(**{**visit, "forms": tuple(visit["forms"])}) for visit in tables["visits"]),
        orders=tuple(Order(**_with_tuples(order)) for order in tables["orders"]),
        questions=tuple(
            Question(**{**question, "readings": tuple(question["readings"])}) for question in tables["questions"]
        ),
    )


def _with_tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def amended(before: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The whole of a version from the one before it and what an amendment changes.

    Only eligibility, the endpoint and the visits (by code) can change so far; anything else raises ValueError, so that
    no number is thought to be in force that no rule reads.
    """
    if unknown := set(change) - {"protocol", *AMENDABLE}:
        raise ValueError(f"An amendment cannot change {', '.join(sorted(unknown))}: only {', '.join(AMENDABLE)}.")
    after = {**before, "protocol": {**before["protocol"], **change["protocol"]}}
    for table in ("eligibility", "endpoint"):
        if extra := set(change.get(table, {})) - set(before[table]):
            raise ValueError(f"{table} has no {', '.join(sorted(extra))}.")
        after[table] = {**before[table], **change.get(table, {})}
    by_code = {visit["code"]: visit for visit in change.get("visits", [])}
    if extra := set(by_code) - {visit["code"] for visit in before["visits"]}:
        raise ValueError(f"There is no visit {', '.join(sorted(extra))}.")
    after["visits"] = [{**visit, **by_code.get(visit["code"], {})} for visit in before["visits"]]
    return after


def versions(files: Iterable[Path]) -> dict[str, Study]:
    """Version -> study, the first and then each amendment in the order of its file's name."""
    tables = _read(FILE)
    studies = {tables["protocol"]["version"]: _study(tables)}
    for file in files:
        tables = amended(tables, _read(file))
        study = _study(tables)
        if study.version in studies:
            raise ValueError(f"{file.name} has the version of another one: {study.version}.")
        studies[study.version] = study
    return studies


def difference(before: Study, after: Study) -> list[tuple[str, str, str]]:
    """What an amendment changed: (what, before, after)."""
    changes = []
    for table in ("eligibility", "endpoint"):
        old, new = getattr(before, table), getattr(after, table)
        changes += [(f"{table}.{name}", str(old[name]), str(new[name])) for name in old if old[name] != new[name]]
    for old_visit, new_visit in zip(before.visits, after.visits, strict=True):
        for name in ("name", "anchor", "day", "opens", "closes", "forms"):
            was, now = getattr(old_visit, name), getattr(new_visit, name)
            if was != now:
                changes.append((f"{old_visit.code}.{name}", _in_words(was), _in_words(now)))
    return changes


def _in_words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


STUDY = load()
VERSIONS = versions(sorted(AMENDMENTS.glob("*.toml")))
