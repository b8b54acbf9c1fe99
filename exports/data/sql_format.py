"""How a value is written in an export, as SQL: one place, so that data now and as of an instant are the same bytes.

Each function takes SQL and gives SQL. Texts that come from the models are literals; `%` is doubled, because every
statement is run with parameters.
"""

from collections.abc import Iterable
from typing import Any

from records import formula_injection


def literal(text: Any) -> str:
    """A text as it stands in a statement."""
    return "'" + str(text).replace("'", "''").replace("%", "%%") + "'"


def name(column: str, of: str = "r") -> str:
    return f'{of}."{column}"'


def day(date: str) -> str:
    """2016-03-08, whatever the connection's DateStyle is."""
    return f"to_char({date}, 'YYYY-MM-DD')"


def instant(at: str, zone: str, shift: str = "") -> str:
    """ISO 8601 with the zone's offset at that instant, as Python's isoformat writes it.

    `shift` is a number of days; the offset stays that of the true instant, so that elapsed hours hold.
    """
    local = f"({at} AT TIME ZONE {zone})"
    offset = f"({local} - ({at} AT TIME ZONE 'UTC'))"
    size = f"greatest({offset}, -{offset})"
    moved = f"({local} + make_interval(days => {shift}))" if shift else local
    return (
        f"to_char({moved}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
        f" || CASE WHEN date_trunc('second', {at}) = {at} THEN '' ELSE to_char({at}, '.US') END"
        f" || CASE WHEN {offset} < interval '0' THEN '-' ELSE '+' END"
        f" || to_char({size}, CASE WHEN extract(second FROM {offset}) = 0 THEN 'HH24:MI' ELSE 'HH24:MI:SS' END)"
    )


def earliest(partial: str) -> str:
    """The first day that 2016, 2016-03 or 2016-03-12 can be."""
    return f"({partial} || CASE length({partial}) WHEN 4 THEN '-01-01' WHEN 7 THEN '-01' ELSE '' END)"


def latest(partial: str) -> str:
    """The last day that it can be."""
    end = f"((({partial} || '-01')::date + interval '1 month')::date - 1)"
    return f"CASE length({partial}) WHEN 4 THEN {partial} || '-12-31' WHEN 7 THEN {day(end)} ELSE {partial} END"


def label(code: str, codes: Iterable[tuple[Any, Any]]) -> str:
    """The words of one code; a code that is not on the list any more says itself."""
    cases = " ".join(f"WHEN {literal(value)} THEN {literal(words)}" for value, words in codes)
    return f"CASE {code} {cases} ELSE {code} END" if cases else code


def joined(codes: str) -> str:
    """Several codes in one cell: T12|L1."""
    return f"array_to_string({codes}, '|')"


def labels(codes: str, known: Iterable[tuple[Any, Any]]) -> str:
    """Their words, in the order of the codes; nothing where there are none."""
    words = label("each.code", known)
    return (
        f"(SELECT string_agg({words}, ', ' ORDER BY each.place)"
        f" FROM unnest({codes}) WITH ORDINALITY AS each(code, place))"
    )


def no_formula(text: str) -> str:
    """Text with an apostrophe wherever a spreadsheet would begin a formula."""
    for pattern in formula_injection.PATTERNS:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(formula_injection.REPLACEMENT)}, 'g')"
    return text
