"""Scores, derived from item answers and never typed (study.md 2). Tables come from blend.toml with their name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from protocol.numbers import exact
from protocol.partial_dates import PartialDate
from protocol.study import STUDY

Amount = Decimal | float | int
AIS_ORDER = "ABCDE"
_EQ5D_DIMENSIONS = ("MO", "SC", "UA", "PD", "AD")
_KPS_TO_ECOG = {100: 0, 90: 0, 80: 1, 70: 1, 60: 2, 50: 2, 40: 3, 30: 3, 20: 4, 10: 4, 0: 5}


@dataclass(frozen=True)
class Sins:
    """Total 0 to 18, its band, and the sum as it is printed."""

    total: int
    band: str
    arithmetic: str


def sins(points: Mapping[str, int]) -> Sins:
    """Add the six components; a number that is not on a component's list raises ValueError (2.1)."""
    allowed: dict[str, list[int]] = STUDY.sins["points"]
    for component, choices in allowed.items():
        if points.get(component) not in choices:
            listed = ", ".join(str(choice) for choice in sorted(choices))
            raise ValueError(f"SINS {component} has {listed} points, not {points.get(component)}.")
    total = sum(points[component] for component in allowed)
    band = sins_band(total)
    return Sins(total, band, "+".join(str(points[component]) for component in allowed) + f" = {total}, {band}")


def sins_band(total: int) -> str:
    """stable (0 to 6), indeterminate (7 to 12) or unstable (13 to 18)."""
    bands: list[tuple[int, int, str]] = STUDY.sins["bands"]
    return next(name for low, high, name in bands if low <= total <= high)


def sins_location(level: str) -> int | None:
    """The location points that follow from the index level; None for a level without a rule (T13, L6)."""
    points: dict[str, int] = STUDY.sins["location_of"]
    return points.get(level)


@dataclass(frozen=True)
class AisChange:
    """Grades lost since baseline (negative: gained), and both readings of "more than one scale" (D9)."""

    drop: int
    one_or_more: bool
    two_or_more: bool


def ais_change(baseline: str, now: str) -> AisChange:
    """Compare two ASIA grades, A worst, E best (2.2)."""
    drop = AIS_ORDER.index(baseline) - AIS_ORDER.index(now)
    return AisChange(drop, drop >= 1, drop >= 2)


def omed(drugs: Mapping[str, Amount]) -> Decimal:
    """Oral morphine equivalent in mg a day by the study's one frozen table; ValueError for what it does not convert."""
    return omed_of(drugs.items())


def omed_of(doses: Iterable[tuple[str, Amount]]) -> Decimal:
    """The same, for (drug, dose) pairs among which a drug may come twice: scheduled and rescue. Exact, in decimals."""
    return sum((_converted(drug, exact(dose)) for drug, dose in doses), Decimal(0))


def _converted(drug: str, dose: Decimal) -> Decimal:
    factors: dict[str, float] = STUDY.opioids["factors"]
    if drug in STUDY.opioids["not_automatic"]:
        raise ValueError(f"{drug} is not converted automatically: ask the pharmacist.")
    if drug not in factors:
        raise ValueError(f"{drug} is not in the conversion table; it has {', '.join(factors)}.")
    if not dose.is_finite() or dose < 0:
        raise ValueError(f"The dose of {drug} must be zero or more.")
    return dose * exact(factors[drug])


@dataclass(frozen=True)
class PainResponse:
    """CR, PR, PP, IR or not evaluable, with the reason in words."""

    verdict: str
    because: str


def pain_response(baseline: tuple[int | None, Amount | None], now: tuple[int | None, Amount | None]) -> PainResponse:
    """Worst pain 0 to 10 and OMED, before SBRT and now: International Consensus, in the order CR, PR, PP, IR (2.10)."""
    (p0, before), (pt, after) = baseline, now
    if p0 is None or before is None or pt is None or after is None:
        return PainResponse("not evaluable", "pain or opioid dose is missing")
    if p0 == 0:
        return PainResponse("not evaluable", "there was no pain at baseline")
    rules, o0, ot = STUDY.pain, exact(before), exact(after)
    opioid_up = ot >= exact(rules["opioid_up"]) * o0 if o0 > 0 else ot > 0
    if pt == 0 and ot <= o0:
        return PainResponse("CR", "no pain, and no more opioid than before")
    if p0 - pt >= rules["points"] and ot <= o0:
        return PainResponse("PR", f"pain {p0 - pt} points lower, and no more opioid than before")
    if o0 > 0 and ot <= exact(rules["opioid_down"]) * o0 and pt <= p0:
        return PainResponse("PR", "opioid at least a quarter lower, and no more pain than before")
    if pt - p0 >= rules["points"]:
        return PainResponse("PP", f"pain {pt - p0} points higher")
    if opioid_up and p0 <= pt <= p0 + 1:
        return PainResponse("PP", "opioid at least a quarter higher, without less pain")
    return PainResponse("IR", "neither a response nor progression")


@dataclass(frozen=True)
class Relief:
    """How long pain relief lasted: ended, ongoing (censored) or no response; days from `began` to `until`.

    Where only the month of what ended it is known, `days` is the least and `days_at_most` the most it can be.
    """

    verdict: str
    because: str
    began: date | None = None
    until: date | None = None
    days: int | None = None
    days_at_most: int | None = None


def pain_relief(
    responses: Iterable[tuple[date, str]],
    *,
    treated_again: PartialDate | None = None,
    died: PartialDate | None = None,
    last_contact: date | None = None,
) -> Relief:
    """First CR or PR to the first later PP, treatment of the level again, or death; else to the last contact (2.10)."""
    judged = sorted(responses)
    again = treated_again.earliest if treated_again else date.max
    began = next((on for on, verdict in judged if verdict in ("CR", "PR") and on < again), None)
    if began is None:
        before = " before the level was treated again" if treated_again else ""
        return Relief("no response", f"no CR or PR{before}")
    progressed = [PartialDate.of(on) for on, verdict in judged if verdict == "PP" and on > began]
    ends = [(progressed[0], "pain progression")] if progressed else []
    ends += [(treated_again, "the level was treated again")] if treated_again else []
    ends += [(died, "death")] if died else []
    if not ends:
        until = max([began, *(on for on, _verdict in judged), *([last_contact] if last_contact else [])])
        days = (until - began).days
        return Relief("ongoing", "no pain progression up to the last contact", began, until, days, days)
    first, because = min(ends, key=lambda end: (end[0].earliest, end[0].latest))
    until, at_most = max(first.earliest, began), min(end.latest for end, _because in ends)
    return Relief("ended", because, began, until, (until - began).days, (max(at_most, began) - began).days)


def eq5d_index(profile: str) -> float:
    """Dutch EQ-5D-5L index of a profile such as 21232; negative is legal; ValueError for what is no profile (2.6)."""
    if len(profile) != 5 or any(level not in "12345" for level in profile):
        raise ValueError(f"“{profile[:20]}” is not an EQ-5D-5L profile: five digits from 1 to 5.")
    if profile == "11111":
        return 1.0
    table = STUDY.eq5d
    lost = sum(table[name][int(level) - 1] for name, level in zip(_EQ5D_DIMENSIONS, profile, strict=True))
    return float(round(1 + table["intercept"] + lost, 3))


def bpi_severity(items: Sequence[int | None]) -> float | None:
    """Mean of worst, least, average and now; None unless all four are answered (2.4)."""
    answered = [item for item in items if item is not None]
    return sum(answered) / 4 if len(items) == len(answered) == 4 else None


def bpi_interference(items: Sequence[int | None]) -> float | None:
    """Mean of the answered items of seven; None with fewer than four answers (2.4)."""
    answered = [item for item in items if item is not None]
    return sum(answered) / len(answered) if len(answered) >= 4 else None


def kps_ecog_agree(kps: int, ecog: int) -> bool:
    """Whether the usual mapping holds: a cross-check, never a conversion (2.3)."""
    return _KPS_TO_ECOG.get(kps) == ecog


def eortc_scale(items: Sequence[int | None], *, functional: bool, steps: int = 3) -> float | None:
    """0 to 100 by the linear formula, if at least half of the items are answered; `steps` is 6 for global QoL (2.7)."""
    answered = [item for item in items if item is not None]
    if not items or 2 * len(answered) < len(items):
        return None
    raw = (sum(answered) / len(answered) - 1) / steps
    return round((1 - raw if functional else raw) * 100, 6)
