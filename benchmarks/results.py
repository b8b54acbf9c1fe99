"""What was measured: pairs of times taken in turns in one run, their ratio, and whether it keeps its bar."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Result:
    """One workload beside its baseline, in seconds. `most`: the bar on ours ÷ baseline; None: only told."""

    name: str
    ours: list[float]
    baseline: list[float]
    most: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.baseline)

    @property
    def holds(self) -> bool:
        return self.most is None or self.ratio <= self.most

    def line(self) -> list[str]:
        bar = "" if self.most is None else f"≤ {self.most:.2f}"
        verdict = "" if self.most is None else "holds" if self.holds else "DOES NOT HOLD"
        return [self.name, f"{self.ratio:.2f}", bar, verdict, _spread(self.ours), _spread(self.baseline), self.note]


def _spread(times: list[float]) -> str:
    """Minimum, median, maximum."""
    return " / ".join(_time(seconds) for seconds in (min(times), statistics.median(times), max(times)))


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def in_turns(rounds: int, *works: Work, warm: int = 1) -> list[list[float]]:
    """The times of each, taken in turns so that a slow moment hits all of them; the first rounds only warm up."""
    times: list[list[float]] = [[] for _ in works]
    for number in range(rounds + warm):
        for kept, work in zip(times, works, strict=True):
            started = time.perf_counter()
            work()
            if number >= warm:
                kept.append(time.perf_counter() - started)
    return times


def of_pairs(measured: dict[str, dict[str, dict[str, float]]]) -> list[Result]:
    """What site_policies measured: medians alone, told without a bar."""
    return [
        Result(f"page {page}, {where}: policies to none", [pair["kept_ms"] / 1000], [pair["bare_ms"] / 1000])
        for where, pages in measured.items()
        for page, pair in pages.items()
    ]


HEADER = ["workload", "ratio", "bar", "", "ours (min / median / max)", "baseline (min / median / max)", "note"]


def table(results: list[Result]) -> str:
    """One table for a terminal."""
    lines = [HEADER, *(result.line() for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
