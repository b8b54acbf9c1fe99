"""Grades that CTCAE 4.03 puts on laboratory values: offered to a person, never forced (study.md 5.2, 5.3)."""

from dataclasses import dataclass
from decimal import Decimal

from protocol.numbers import exact, written
from protocol.study import STUDY


@dataclass(frozen=True)
class Suggestion:
    """A CTCAE term by MedDRA code, the grade that a value would have, and why."""

    code: str
    grade: int
    because: str


def haemoglobin_mmol_l(value: Decimal, unit: str) -> Decimal:
    """Haemoglobin in mmol/l, to two decimals: to be shown beside the other unit, never compared with a bound.

    `unit` is mmol/l or g/dl, anything else raises ValueError.
    """
    if unit == "mmol/l":
        return exact(value)
    if unit == "g/dl":
        return round(exact(value) / exact(STUDY.labs["hb_g_dl_per_mmol_l"]), 2)
    raise ValueError(f"Haemoglobin is given in mmol/l or g/dl, not in “{unit[:20]}”.")


def too_low(test: str, value: Decimal, unit: str, lower_limit: Decimal | None = None) -> Suggestion | None:
    """The grade of a value that is too low, by the bounds published in its unit; grade 1 only with the local limit.

    `test` is a key of labs.below in blend.toml, `unit` one of its bounds; an unknown one raises KeyError.
    """
    table = STUDY.labs["below"][test]
    bounds = [exact(bound) for bound in table["bounds"][unit]]
    value, phrase = exact(value), f"{written(exact(value))} {unit} is below"
    passed = [bound for bound in bounds if value < bound]
    if passed:
        return Suggestion(table["code"], 1 + len(passed), f"{phrase} {written(passed[-1])}")
    if lower_limit is not None and value < exact(lower_limit):
        return Suggestion(table["code"], 1, f"{phrase} the local limit of {written(exact(lower_limit))}")
    return None


def too_high(test: str, value: Decimal, upper_limit: Decimal | None) -> Suggestion | None:
    """The grade of a value as a multiple of the local upper limit; None while that limit is unknown.

    `test` is a key of labs.above in blend.toml; an unknown one raises KeyError.
    """
    if not upper_limit:
        return None
    table = STUDY.labs["above"][test]
    value, limit = exact(value), exact(upper_limit)
    passed = [bound for bound in map(exact, table["bounds"]) if value > bound * limit]
    if not passed:
        return None
    because = (
        f"{written(value)} is more than {written(passed[-1])} times the local upper limit of {written(limit)}"
        if passed[-1] != 1
        else f"{written(value)} is above the local upper limit of {written(limit)}"
    )
    return Suggestion(table["code"], len(passed), because)
