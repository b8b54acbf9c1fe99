"""read.sps: SPSS (and PSPP) syntax, one file after the other, each saved as .sav."""

from exports.data.columns import Column
from exports.data.export_tables import Table
from exports.reading import codebook
from exports.reading.names import short
from exports.reading.widths import cut, most_bytes

FILE = "read.sps"
_HEAD = """* Reads this export into SPSS files. Run it in the folder of the CSV files (CD '/folder').
* SPSS does not read a line break inside a cell. Where there are such texts, first write copies without:
*   python read_sbrtspine.py . flat
* and run this syntax in the folder "flat".
* An instant is text as written; <name>_t beside it is its date and time on the site's own clock.
"""
_FORMATS = {"integer": "F11.0", "decimal": "F12.3", "date": "SDATE10"}


def script(tables: list[Table]) -> str:
    return _HEAD + "".join(_table(table) for table in tables)


def _table(table: Table) -> str:
    names = short([column.name for column in table.columns], 60, ("_t",))
    listed = "\n".join(
        f"    {names[column.name]} {_FORMATS.get(column.kind) or f'A{most_bytes(column)}'}" for column in table.columns
    )
    labels = "\n".join(f"  {names[column.name]} {_text(cut(codebook.label(column), 250))}" for column in table.columns)
    values = "".join(_values(column, names[column.name]) for column in table.columns)
    clocks = "".join(_clock(names[column.name]) for column in table.columns if column.kind == "instant")
    return (
        f"\nGET DATA /TYPE=TXT /FILE={_text(table.name + '.csv')} /ENCODING='UTF-8'\n"
        f"  /ARRANGEMENT=DELIMITED /DELIMITERS=',' /QUALIFIER='\"' /FIRSTCASE=2\n  /VARIABLES=\n{listed}.\n"
        f"VARIABLE LABELS\n{labels}.\n{values}{clocks}SAVE OUTFILE={_text(table.name + '.sav')}.\n"
    )


def _values(column: Column, name: str) -> str:
    codes = codebook.codes_of(column)
    if column.kind == "codes" or not codes:
        return ""
    listed = "".join(f"\n  {_text(code)} {_text(cut(words, 120))}" for code, words in codes.items())
    return f"VALUE LABELS {name}{listed}.\n"


def _clock(name: str) -> str:
    day, time = f"NUMBER(SUBSTR({name},1,10),SDATE10)", f"NUMBER(SUBSTR({name},12,8),TIME8)"
    return (
        f"DO IF LENGTH(RTRIM({name})) > 10.\nCOMPUTE {name}_t = {day} + {time}.\nEND IF.\n"
        f"FORMATS {name}_t (DATETIME20).\n"
    )


def _text(text: str) -> str:
    return "'" + " ".join(text.replace("'", "''").splitlines()) + "'"
