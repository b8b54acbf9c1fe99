"""The facts of CTCAE 4.03: class, code, term and which grades exist; with our own hints and everyday words beside them.

The NCI's sentences are not here: `load_ctcae` puts them in the database.
"""

import csv
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VERSION = "4.03"
GRADES = (1, 2, 3, 4, 5)
_HERE = Path(__file__).parent
FACTS = _HERE / f"ctcae_{VERSION}_facts.csv"
HINTS = _HERE / "ctcae_hints.toml"


@dataclass(frozen=True)
class Term:
    """One CTCAE term. `grades` are the ones that exist, ascending; `hints` are ours, for some of them."""

    code: str
    term: str
    soc: str
    grades: tuple[int, ...]
    other_specify: bool
    synonyms: tuple[str, ...] = ()
    hints: dict[int, str] = field(default_factory=dict, hash=False)

    @property
    def expected(self) -> bool:
        """One of the terms this trial expects to meet (study.md 5.2): those carry hints."""
        return bool(self.hints)

    def allows(self, grade: int) -> bool:
        """Does this grade exist for the term? Offer and accept no other."""
        return grade in self.grades


def read_words(path: Path = HINTS) -> dict[str, Any]:
    """Our own words: `stop_words`, `words`, and a table for each term that has any."""
    with path.open("rb") as file:
        return tomllib.load(file)


def _hints(term: str, grades: tuple[int, ...], own: dict[str, Any]) -> dict[int, str]:
    hints = {grade: own[f"grade{grade}"] for grade in GRADES if f"grade{grade}" in own}
    impossible = [grade for grade in hints if grade not in grades]
    strange = own.keys() - {"also", *(f"grade{grade}" for grade in hints)}
    if impossible or strange:
        raise ValueError(f"{HINTS.name}: {term} has no {impossible or sorted(strange)}")
    return hints


def _term(row: dict[str, str], own: dict[str, Any]) -> Term:
    grades = tuple(int(grade) for grade in row["grades"])
    return Term(
        code=row["meddra_code"],
        term=row["term"],
        soc=row["soc"],
        grades=grades,
        other_specify=row["term"].endswith("Other, specify"),
        synonyms=tuple(own.get("also", ())),
        hints=_hints(row["term"], grades, own),
    )


def read_terms(facts: Path = FACTS, hints: Path = HINTS) -> tuple[Term, ...]:
    """All terms in the NCI's order; a hint for a term or grade that does not exist is refused."""
    own = {name: table for name, table in read_words(hints).items() if name not in {"stop_words", "words"}}
    with facts.open(encoding="utf-8", newline="") as file:
        terms = tuple(_term(row, own.pop(row["term"], {})) for row in csv.DictReader(file))
    if own:
        raise ValueError(f"{hints.name}: no such term as {', '.join(own)}")
    return terms


TERMS = read_terms()
CODES = {term.code: term for term in TERMS}
_NAMES = {term.term.casefold(): term for term in TERMS}


def by_code(code: str | int) -> Term | None:
    """The term with this MedDRA code, or None."""
    return CODES.get(str(code))


def by_name(name: str) -> Term | None:
    """The term of this name, whatever its capitals; or None."""
    return _NAMES.get(" ".join(name.split()).casefold())
