"""Kaplan–Meier and Aalen–Johansen: twenty lines each, on whole days."""

from collections.abc import Sequence
from dataclasses import dataclass

CENSORED, EVENT, COMPETING = "censored", "event", "competing"


@dataclass(frozen=True)
class Step:
    """What happened on one day, among so many still followed at its start, and the estimate after it."""

    day: int
    at_risk: int
    events: int
    competing: int
    censored: int
    estimate: float


def _days(followed: Sequence[tuple[int, str]]) -> list[tuple[int, int, int, int, int]]:
    """(day, at risk, events, competing events, censored), day after day."""
    left, lines = len(followed), []
    for day in sorted({day for day, _what in followed}):
        here = [what for on, what in followed if on == day]
        lines.append((day, left, here.count(EVENT), here.count(COMPETING), here.count(CENSORED)))
        left -= len(here)
    return lines


def kaplan_meier(followed: Sequence[tuple[int, str]]) -> list[Step]:
    """The share still without the event after each day; who is censored on a day is at risk on it."""
    alive, steps = 1.0, []
    for day, at_risk, events, competing, censored in _days(followed):
        alive *= 1 - events / at_risk
        steps.append(Step(day, at_risk, events, competing, censored, alive))
    return steps


def cumulative_incidence(followed: Sequence[tuple[int, str]]) -> list[Step]:
    """The share that had the event by each day, where a competing event ends the risk of it (Aalen–Johansen)."""
    free, incidence, steps = 1.0, 0.0, []
    for day, at_risk, events, competing, censored in _days(followed):
        incidence += free * events / at_risk
        free *= 1 - (events + competing) / at_risk
        steps.append(Step(day, at_risk, events, competing, censored, incidence))
    return steps


def at_risk(followed: Sequence[tuple[int, str]], day: int) -> int:
    """How many are still followed at the start of a day."""
    return sum(on >= day for on, _what in followed)
