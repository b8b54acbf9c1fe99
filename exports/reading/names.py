"""Names for programs that take at most 32 characters: as they are where they fit, else cut and made distinct."""

import re
from collections.abc import Iterable

# Words of SPSS, SAS and Stata.
_TAKEN = re.compile(
    "all|and|by|eq|ge|gt|if|in|le|lt|ne|not|or|to|using|with|byte|int|long|float|double|strl|str[0-9]+|v[0-9]+"
    "|_n|_b|_pi|_rc|_se|_skip|_cons|_coef|_pred|_all|_error_|_n_|_numeric_|_character_|_char_|_all_"
)
_ENDS = ("_missing", "_label", "_earliest", "_latest")
_SHORT = {"_missing": "_miss", "_label": "_lab", "_earliest": "_first", "_latest": "_last"}


def short(names: Iterable[str], most: int = 32, beside: tuple[str, ...] = ()) -> dict[str, str]:
    """Name -> name of at most so many characters, each once, whatever the case of its letters.

    `beside`: ends with which a program makes further names of each; none of these is the name of another.
    """
    short_names: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        end = next((ending for ending in _ENDS if name.endswith(ending)), "")
        tail = _SHORT[end] if end and len(name) > most else end
        stem = name.removesuffix(end).replace("-", "_")
        candidate, number = stem[: most - len(tail)] + tail, 1
        if _TAKEN.fullmatch(candidate.lower()):
            candidate += "_"
        while taken & {candidate.lower() + end for end in ("", *beside)}:
            number += 1
            candidate = f"{stem[: most - len(tail) - len(str(number))]}{number}{tail}"
        taken |= {candidate.lower() + end for end in ("", *beside)}
        short_names[name] = candidate
    return short_names
