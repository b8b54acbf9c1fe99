"""The protocol as a page: every number with its key, the criteria, the visits, the open questions."""

import tomllib
from typing import Any

from protocol.eligibility import CRITERIA
from protocol.study import FILE, STUDY

_TABLES = ("visits", "orders", "questions")


def describe() -> str:
    """Markdown for docs/protocol.md, from blend.toml and the criteria."""
    parts = [
        f"# {STUDY.name} ({STUDY.registration}), protocol version {STUDY.version}",
        "Generated from `protocol/blend.toml` and `protocol/eligibility.py`; do not edit. Days are local dates, "
        "hours are elapsed hours. The tags in brackets are the sources of the study dossier.",
        "## Open questions and what is assumed\n\n" + _questions(),
        "## Eligibility\n\n" + _table(["id", "criterion"], [[c.id, c.text] for c in CRITERIA]),
        "## Visits\n\n" + _visits(),
        "## The order of facts\n\n" + _orders(),
        "## Numbers\n\n" + _table(["key", "value"], _numbers()),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _questions() -> str:
    rows = [[q.id, q.topic, "; ".join(q.readings), q.default, f"`{q.governs}`"] for q in STUDY.questions]
    return _table(["", "topic", "the sources say", "assumed here", "key"], rows)


def _visits() -> str:
    rows = [[f"`{v.code}`", v.name, v.anchor, str(v.day), f"{v.opens} to {v.closes}"] for v in STUDY.visits]
    return _table(["code", "visit", "counted from", "day", "window (days)"], rows)


def _orders() -> str:
    rows = [
        [f"`{o.code}`", ", ".join(o.first), ", ".join(o.then), o.within, "yes" if o.law else "", o.why]
        for o in STUDY.orders
    ]
    return _table(["code", "first", "then", "of the same", "law", "because"], rows)


def _numbers() -> list[list[str]]:
    with FILE.open("rb") as file:
        tables = tomllib.load(file)
    rows: list[list[str]] = []
    for section, values in tables.items():
        if section not in _TABLES:
            rows += _flat(section, values)
    return rows


def _flat(prefix: str, values: dict[str, Any]) -> list[list[str]]:
    rows: list[list[str]] = []
    for key, value in values.items():
        name = f"{prefix}.{key}"
        rows += _flat(name, value) if isinstance(value, dict) else [[f"`{name}`", str(value)]]
    return rows
