"""Vertebrae from T1 down, with the variants T13 and L6, and counting between two of them (study.md 0.1 D10)."""

LEVELS = [(code, code) for code in [*(f"T{n}" for n in range(1, 14)), *(f"L{n}" for n in range(1, 7)), "S1"]]
_USUAL = [code for code, _label in LEVELS if code not in ("T13", "L6")]


def count_bridged(upper: str | None, lower: str | None) -> int | None:
    """Vertebrae from the upper to the lower instrumented one, both included; None where one is unknown or they cross.

    T13 and L6 count only where one of them is an end: somebody without them has no such vertebra in between.
    """
    order = list(_USUAL)
    for variant, after in (("T13", "T12"), ("L6", "L5")):
        if variant in (upper, lower):
            order.insert(order.index(after) + 1, variant)
    if upper not in order or lower not in order:
        return None
    count = order.index(lower) - order.index(upper) + 1
    return count if count > 0 else None
