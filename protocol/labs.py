"""Grades that CTCAE 4.03 puts on laboratory values: offered to a person, never forced (study.md 5.2, 5.3)."""

from dataclasses import dataclass

from protocol.study import STUDY


@dataclass(frozen=True)
class Suggestion:
    """A CTCAE term by MedDRA code, the grade that a value would have, and why."""

    code: str
    grade: int
    because: str


def haemoglobin_mmol_l(value: float, unit: str) -> float:
    """Haemoglobin in mmol/l; `unit` is mmol/l or g/dl, anything else raises ValueError."""
    if unit == "mmol/l":
        return value
    if unit == "g/dl":
        return round(value / float(STUDY.labs["hb_g_dl_per_mmol_l"]), 2)
    raise ValueError(f"Haemoglobin is given in mmol/l or g/dl, not in “{unit[:20]}”.")


def too_low(test: str, value: float, lower_limit: float | None = None) -> Suggestion | None:
    """The grade of a value that is too low, in the unit of the table; grade 1 only where the local limit is known.

    `test` is a key of labs.below in blend.toml; an unknown one raises KeyError.
    """
    table = STUDY.labs["below"][test]
    passed = [bound for bound in table["bounds"] if value < bound]
    if passed:
        because = f"{value:g} {table['unit']} is below {passed[-1]:g}"
        return Suggestion(table["code"], 1 + len(passed), because)
    if lower_limit is not None and value < lower_limit:
        return Suggestion(table["code"], 1, f"{value:g} {table['unit']} is below the local limit of {lower_limit:g}")
    return None


def too_high(test: str, value: float, upper_limit: float | None) -> Suggestion | None:
    """The grade of a value as a multiple of the local upper limit; None while that limit is unknown.

    `test` is a key of labs.above in blend.toml; an unknown one raises KeyError.
    """
    if not upper_limit:
        return None
    table = STUDY.labs["above"][test]
    times = value / upper_limit
    passed = [bound for bound in table["bounds"] if times > bound]
    if not passed:
        return None
    because = f"{value:g} is {times:.2f} times the local upper limit of {upper_limit:g}"
    return Suggestion(table["code"], len(passed), because)
