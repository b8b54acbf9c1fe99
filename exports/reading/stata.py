"""read.do: Stata 14 or newer, one .dta a file."""

from exports.data.columns import Column
from exports.data.export_tables import Table
from exports.reading import codebook
from exports.reading.names import short

FILE = "read.do"
_HEAD = """* Reads this export into Stata files. Run it in the folder of the CSV files: do read.do
* Codes stay text, their words are in the variable beside. An instant is text as written; <name>_t beside it is
* its date and time on the site's own clock (%tc), and <name>_u the same in UTC.
version 14
clear all
set more off
"""


def script(tables: list[Table]) -> str:
    return _HEAD + "".join(_table(table) for table in tables)


def _table(table: Table) -> str:
    names = short([column.name for column in table.columns], 30, ("_t", "_u", "_d"))
    steps = [step for place, c in enumerate(table.columns, 1) for step in _column(c, f"v{place}", names[c.name])]
    return (
        f'\nimport delimited using "{table.name}.csv", clear varnames(nonames) rowrange(2) stringcols(_all) ///\n'
        '    delimiters(",") bindquote(strict) maxquotedrows(unlimited) encoding("utf-8")\n'
        + "".join(f"{step}\n" for step in steps)
        + f'save "{table.name}.dta", replace\n'
    )


def _column(column: Column, read: str, name: str) -> list[str]:
    steps = [f"rename {read} {name}", f"label variable {name} {_text(codebook.label(column)[:80])}"]
    if column.kind in ("integer", "decimal"):
        steps.append(f"destring {name}, replace")
    elif column.kind == "date":
        steps += [f'generate {name}_d = date({name}, "YMD")', f"format {name}_d %td", f"drop {name}"]
        steps += [f"rename {name}_d {name}", f"label variable {name} {_text(codebook.label(column)[:80])}"]
    elif column.kind == "instant":
        offset, minutes = f"substr({name}, -6, 3)", f"real(substr({name}, -2, 2)) / 60"
        hours = f'real({offset}) + cond(substr({name}, -6, 1) == "-", -1, 1) * {minutes}'
        local = f'clock(substr({name}, 1, 10) + " " + substr({name}, 12, 8), "YMDhms")'
        steps += [f"generate double {name}_t = {local} if strlen({name}) > 10", f"format {name}_t %tc"]
        steps += [f"generate double {name}_u = {name}_t - 3600000 * ({hours})", f"format {name}_u %tc"]
    return steps


def _text(text: str) -> str:
    """A compound quote, in which a quote means nothing but before an apostrophe."""
    plain = " ".join(text.replace("`", "'").replace("\"'", "''").splitlines())
    return '`"' + plain.replace("\\", "/").replace("$", "\\$") + "\"'"
