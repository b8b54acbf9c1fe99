"""The safety boundary and its operating characteristics (study.md 5.9). It alerts; a person decides."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache

from scipy.special import bdtrc, betainc, betaincinv

from protocol.study import STUDY

_RULE = STUDY.stopping


@dataclass(frozen=True)
class Stopping:
    """stop or continue; the boundary is the number of events at which it says stop, None where nothing would."""

    verdict: str
    because: str
    posterior: float
    boundary: int | None


def posterior(events: int, evaluable: int) -> float:
    """P(rate > unacceptable | data) with the Beta prior of the protocol."""
    a, b = _RULE["prior_a"] + events, _RULE["prior_b"] + evaluable - events
    return float(1 - betainc(a, b, _RULE["unacceptable"]))


@cache
def boundary(evaluable: int) -> int | None:
    """The fewest events among so many evaluable participants that say stop; None before the first look."""
    if evaluable < _RULE["look_from"]:
        return None
    counts = range(evaluable + 1)  # more events never make the posterior smaller
    first = bisect_left(counts, True, key=lambda k: posterior(k, evaluable) > _RULE["stop_above"])
    return first if first in counts else None


def judge(events: int, evaluable: int) -> Stopping:
    """stop or continue after `events` among `evaluable`; ValueError for counts that cannot be."""
    _check(events, evaluable)
    limit, probability = boundary(evaluable), posterior(events, evaluable)
    if limit is None:
        look = f"the first look is after {_RULE['look_from']:g} evaluable participants"
        return Stopping("continue", look, probability, None)
    verdict = "stop" if events >= limit else "continue"
    because = f"{events} of {evaluable} evaluable had an event; the boundary is {limit}"
    return Stopping(verdict, because, probability, limit)


def interval(events: int, evaluable: int) -> tuple[float, float]:
    """Exact (Clopper–Pearson) 95 % limits as proportions."""
    _check(events, evaluable)
    if evaluable == 0:
        return 0.0, 1.0
    low = 0.0 if events == 0 else float(betaincinv(events, evaluable - events + 1, 0.025))
    high = 1.0 if events == evaluable else float(betaincinv(events + 1, evaluable - events, 0.975))
    return low, high


def upper_one_sided(events: int, evaluable: int) -> float:
    """The exact one-sided 95 % upper limit."""
    return 1.0 if events == evaluable else float(betaincinv(events + 1, evaluable - events, 0.95))


def _check(events: int, evaluable: int) -> None:
    if not 0 <= events <= evaluable <= 1_000_000:
        raise ValueError("Events must be between 0 and the number of evaluable participants (at most 1000000).")


def ever_stopped(rate: float, boundaries: dict[int, int | None], patients: int) -> list[float]:
    """P(stopped by n) for n = 1 … patients, at a true event rate: exact, by walking the paths that go on."""
    alive, stopped, by_n = {0: 1.0}, 0.0, []
    for n in range(1, patients + 1):
        grown: dict[int, float] = {}
        for k, p in alive.items():
            grown[k] = grown.get(k, 0.0) + p * (1 - rate)
            grown[k + 1] = grown.get(k + 1, 0.0) + p * rate
        limit = boundaries.get(n)
        if limit is not None:
            stopped += sum(p for k, p in grown.items() if k >= limit)
            grown = {k: p for k, p in grown.items() if k < limit}
        alive = grown
        by_n.append(stopped)
    return by_n


def expected_used(rate: float, boundaries: dict[int, int | None], patients: int) -> float:
    """The expected number of participants until the rule stops or all are in."""
    by_n = ever_stopped(rate, boundaries, patients)
    return patients - sum(by_n[:-1])


def bayes_boundaries(patients: int = STUDY.participants) -> dict[int, int | None]:
    """The protocol's boundary at every look."""
    return {n: boundary(n) for n in range(1, patients + 1)}


@cache
def pocock_boundaries(patients: int = STUDY.participants) -> tuple[tuple[int, int | None], ...]:
    """Stop when the tail probability at the acceptable rate is at most one constant; false stops at most alpha."""
    best: dict[int, int | None] = {}
    tails = sorted(
        {float(bdtrc(k - 1, n, _RULE["acceptable"])) for n in range(1, patients + 1) for k in range(1, n + 1)}
    )
    for level in tails:
        boundaries = {n: _pocock(n, level) for n in range(int(_RULE["look_from"]), patients + 1)}
        if ever_stopped(_RULE["acceptable"], boundaries, patients)[-1] > _RULE["pocock_alpha"]:
            break
        best = boundaries
    return tuple(best.items())


def _pocock(n: int, level: float) -> int | None:
    return next((k for k in range(1, n + 1) if float(bdtrc(k - 1, n, _RULE["acceptable"])) <= level), None)


def reaches(events: int, rate: float, patients: int = STUDY.participants) -> float:
    """P(ever reaching so many events) at a true rate: the binomial tail."""
    return float(bdtrc(events - 1, patients, rate))
