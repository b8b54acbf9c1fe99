"""The forms of an audit row's link, and where in each chain the present one begins (docs/adr/0064).

Rows are never changed, so those written in the first form keep it. What that form left out, such as their participants,
is said for each chain by an audited row of the study, written when the second form began.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from records.model.base import Audited


class AuditForm(Audited):
    """From when on a form holds. `ends`: chain -> [last row in the form before, its hash, digest of the rest]."""

    form = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    ends = models.JSONField()

    class Meta(Audited.Meta):
        verbose_name = "Form of the audit trail"

    def __str__(self) -> str:
        return f"form {self.form}"


@dataclass(frozen=True)
class Chain:
    """How far the rows of a chain are in the first form (0: none), and where the second begins (None: not yet)."""

    name: str
    first_to: int
    second_from: int | None


_CHAINS = """
SELECT chain, coalesce(max(seq) FILTER (WHERE form = 1), 0), min(seq) FILTER (WHERE form = 2)
FROM records_auditrow GROUP BY chain ORDER BY chain
"""

# The first to say it counts: one that is added later cannot excuse anything.
_SAID = """
SELECT changes -> 'ends' ->> 1, records_first_forms()::text FROM records_auditrow
WHERE "table" = 'records_auditform' AND action = 'insert' AND chain = 'study' ORDER BY seq LIMIT 1
"""


def chains() -> list[Chain]:
    """Every chain, with the forms of its rows."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAINS)
        return [Chain(*row) for row in cursor.fetchall()]


def in_words(chain: Chain) -> str:
    """In which form the rows of a chain are, for a reader of the proof."""
    first = f"rows 1–{chain.first_to} in form 1"
    if chain.second_from is None:
        return first
    return f"{first}, from row {chain.second_from} form 2" if chain.first_to else "form 2 from its first row"


def findings() -> Iterator[tuple[str, str]]:
    """(chain, sentence) for each chain whose rows are in another form than they may be."""
    all_chains = chains()
    for chain in all_chains:
        if chain.second_from is not None and chain.first_to > chain.second_from:
            yield chain.name, f"row {chain.first_to} is in an older form than row {chain.second_from} before it"
    statement = _said()
    if statement is not None:
        yield from _differences(*statement)
    elif any(chain.second_from is not None for chain in all_chains):
        for chain in all_chains:
            if chain.first_to:
                yield chain.name, "rows in form 1 are there, and nothing says until when that form was written"


def _said() -> tuple[Any, Any] | None:
    """What the row of the study says of the first form, and what is there."""
    with connection.cursor() as cursor:
        cursor.execute(_SAID)
        row = cursor.fetchone()
    return tuple(json.loads(text or "null") for text in row) if row else None


def _differences(statement: Any, there: dict[str, Any]) -> Iterator[tuple[str, str]]:
    statement = statement if isinstance(statement, dict) else {}
    for chain in sorted({*statement, *there}):
        if chain not in statement:
            yield chain, "rows in form 1 are there, and the chain began after that form was given up"
        elif statement[chain] != there.get(chain):
            yield chain, "its rows in form 1, or their ids, people or participants, are not those of when it ended"
