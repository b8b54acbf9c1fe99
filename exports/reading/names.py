"""Names for programs that take at most 32 characters: as they are where they fit, else cut and made distinct."""

from collections.abc import Iterable

_TAKEN = {"all", "and", "by", "eq", "ge", "gt", "if", "in", "le", "lt", "ne", "not", "or", "to", "using", "with"}
_ENDS = ("_missing", "_label", "_earliest", "_latest")
_SHORT = {"_missing": "_miss", "_label": "_lab", "_earliest": "_first", "_latest": "_last"}


def short(names: Iterable[str], most: int = 32) -> dict[str, str]:
    """Name -> name of at most so many characters, each once, whatever the case of its letters."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        end = next((each for each in _ENDS if name.endswith(each)), "")
        tail = _SHORT[end] if end and len(name) > most else end
        stem = name.removesuffix(end).replace("-", "_")
        made, number = stem[: most - len(tail)] + tail, 1
        if made.lower() in _TAKEN:
            made += "_"
        while made.lower() in taken:
            number += 1
            made = f"{stem[: most - len(tail) - len(str(number))]}{number}{tail}"
        taken.add(made.lower())
        found[name] = made
    return found
