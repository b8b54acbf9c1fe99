"""The JSON document that `python -m protocol endpoint` reads (contract: architecture, section 3)."""

import json
from datetime import date, datetime
from typing import Any, cast

from protocol.cli_args import Malformed, day, field, instant, moment, one_of, partial, zone
from protocol.facts import Ended, EndpointFacts, EndReason, EventFacts, GradeRow, Relatedness
from protocol.partial_dates import PartialDate
from protocol.study import STUDY

_KEYS = {"sbrt_start", "surgery_on", "zone", "seen_until", "ended", "events", "days", "grades"}
_EVENT_KEYS = {"term", "baseline_grade", "sbrt", "surgery", "combination", "ended", "grades", "seen_well_on"}
_ROW_KEYS = {"grade", "from", "not_before", "not_after"}


def read_endpoint(text: str) -> tuple[EndpointFacts, int, tuple[int, ...]]:
    """Facts, days and grades; what is malformed raises Malformed with one sentence."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Malformed("Standard input is not one JSON document.") from error
    _only(document, _KEYS, "The document")
    place = zone("zone", _text(document.get("zone", STUDY.zone), "zone"))
    events = [] if document.get("events") is None else document["events"]
    if not isinstance(events, list):
        raise Malformed("events must be a list.")
    begun = _text(document.get("sbrt_start"), "sbrt_start")
    facts = EndpointFacts(
        sbrt_start=moment("sbrt_start", begun, place) if begun else None,
        surgery_on=_day(document, "surgery_on"),
        seen_until=_day(document, "seen_until"),
        events=tuple(_event(event, place) for event in events),
        ended=_ended(document.get("ended")),
        zone=place,
    )
    days = _number(document.get("days", STUDY.endpoint["days"]), "days", 0, 3650)
    grades = document.get("grades", STUDY.endpoint["grades"])
    if not isinstance(grades, list) or not grades:
        raise Malformed("grades must be a list of grades, such as [3, 4, 5].")
    return facts, days, tuple(_number(grade, "grades", 1, 5) for grade in grades)


def _only(table: Any, keys: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise Malformed(f"{where} must be a JSON object.")
    if unknown := sorted(set(table) - keys):
        raise Malformed(f"{where} has no key “{unknown[0][:40]}”; it has {', '.join(sorted(keys))}.")


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{name} must be text in quotes.")
    return value


def _day(table: dict[str, Any], name: str) -> date | None:
    text = _text(table.get(name), name)
    return day(name, text) if text else None


def _number(value: Any, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Malformed(f"{name} must be a whole number from {low} to {high}.")
    return value


def _ended(table: Any) -> Ended | None:
    if table is None:
        return None
    _only(table, {"on", "why"}, "ended")
    why = one_of("ended.why", _text(field("ended", table, "why"), "ended.why"), ["died", "withdrew", "lost"])
    return Ended(day("ended.on", _text(table.get("on"), "ended.on")), cast(EndReason, why))


def _event(table: Any, place: str) -> EventFacts:
    _only(table, _EVENT_KEYS, "An event")
    term = _text(table.get("term"), "term") or "event"
    rows = [] if table.get("grades") is None else table["grades"]
    if not isinstance(rows, list):
        raise Malformed(f"{term}: grades must be a list.")
    baseline = table.get("baseline_grade")
    ended = _text(table.get("ended"), f"{term}: ended")
    return EventFacts(
        term=term,
        baseline_grade=None if baseline is None else _number(baseline, f"{term}: baseline_grade", 0, 5),
        sbrt=_related(table, "sbrt"),
        surgery=_related(table, "surgery"),
        combination=_related(table, "combination"),
        ended=partial(f"{term}: ended", ended) if ended else None,
        grades=tuple(_row(row, term, place) for row in rows),
        seen_well_on=_day(table, "seen_well_on"),
    )


def _related(table: dict[str, Any], name: str) -> Relatedness | None:
    text = _text(table.get(name), name)
    return cast(Relatedness, one_of(name, text, list(STUDY.relatedness))) if text else None


def _row(table: Any, term: str, place: str) -> GradeRow:
    _only(table, _ROW_KEYS, f"{term}: a grade row")
    grade = table.get("grade")
    began = _text(table.get("from"), f"{term}: from")
    return GradeRow(
        grade=None if grade is None else _number(grade, f"{term}: grade", 1, 5),
        began=_began(began, term, place) if began else None,
        not_before=_day(table, "not_before"),
        not_after=_day(table, "not_after"),
    )


def _began(text: str, term: str, place: str) -> datetime | PartialDate:
    return instant(f"{term}: from", text, place) if "T" in text else partial(f"{term}: from", text)
