"""read.sas: one data set a file, with formats for the codes."""

from exports.data.columns import Column
from exports.data.export_tables import Table
from exports.reading import codebook
from exports.reading.names import short
from exports.reading.widths import cut, most_bytes

FILE = "read.sas"
_HEAD = """/* Reads this export into SAS data sets, in a session with UTF-8 encoding. Set the folder of the files.
   A data step cannot read a line break inside a cell: `whole` writes a copy in which it is a space.
   An instant is a datetime in UTC; <name>_t beside it is the date and time on the site's own clock, and <name>_w the
   text as written, also where only the day is known. */
options compress=char;
%let folder = .;

%macro whole(file);
filename whole temp;
data _null_;
  infile "&folder./&file..csv" recfm=n;
  file whole recfm=n;
  retain quoted 0;
  input a $char1.;
  if a = '22'x then quoted = 1 - quoted;
  if quoted and a in ('0D'x, '0A'x) then put ' ';
  else put a $char1.;
run;
%mend;
"""
_NUMBERS = {"integer": "best32.", "decimal": "best32.", "date": "yymmdd10."}


_BESIDE = ("_t", "_w")  # what is beside an instant


def script(tables: list[Table]) -> str:
    data_sets, formats = short([table.name for table in tables]), _formats(tables)
    return _HEAD + "".join(_table(table, data_sets[table.name], formats) for table in tables)


def _formats(tables: list[Table]) -> dict[str, str]:
    """The name of each column's format: of all files one catalogue is made, so the file is in the name.

    It has at most 31 characters beside its $ and does not end in a digit. No table has a `-` where a column begins.
    """
    names = [_key(table, column) for table in tables for column in table.columns if _has_format(column)]
    return {name: f"{short_name}_" for name, short_name in short(names, 30).items()}


def _key(table: Table, column: Column) -> str:
    return f"{table.name}-{column.name}"


def _table(table: Table, data_set: str, formats: dict[str, str]) -> str:
    names = short([column.name for column in table.columns], 30, _BESIDE)
    steps = [step for column in table.columns for step in _column(column, names[column.name])]
    coded = [(column, formats[_key(table, column)]) for column in table.columns if _has_format(column)]
    values = "".join(_format(column, name) for column, name in coded)
    shown = "".join(f"  format {names[column.name]} ${name}.;\n" for column, name in coded)
    lines = "".join(f"  {step}\n" for step in steps)
    catalogue = f"proc format;\n{values}run;\n" if values else ""
    return (
        f"\n%whole({table.name})\n{catalogue}data {data_set};\n"
        "  infile whole dsd dlm=',' lrecl=1048576 firstobs=2 termstr=crlf truncover encoding='utf-8';\n"
        f"{lines}{shown}run;\n"
    )


def _column(column: Column, name: str) -> list[str]:
    label = f"label {name} = {_text(cut(codebook.label(column), 250))};"
    if column.kind in _NUMBERS:
        shown = f" format {name} yymmdd10.;" if column.kind == "date" else ""
        return [f"informat {name} {_NUMBERS[column.kind]};{shown} input {name} @; {label}"]
    if column.kind == "instant":
        return [
            f"length {name}_w $ {most_bytes(column)}; input {name}_w @;",
            f"if length({name}_w) > 10 then {name} = input({name}_w, e8601dz32.); format {name} e8601dt.; {label}",
            f"if length({name}_w) > 10 then {name}_t = input(substr({name}_w, 1, 19), e8601dt19.);"
            f" format {name}_t e8601dt.;",
        ]
    return [_characters(name, most_bytes(column), label)]


def _characters(name: str, length: int, label: str) -> str:
    """Of the informat $w. a text that is a dot would be nothing, and blanks in front would be gone; of $char not."""
    return f"length {name} $ {length}; informat {name} $char{length}.; input {name} @; {label}"


def _has_format(column: Column) -> bool:
    return column.kind in ("code", "missing") and bool(codebook.codes_of(column))


def _format(column: Column, name: str) -> str:
    codes = " ".join(f"{_text(code)} = {_text(words)}" for code, words in codebook.codes_of(column).items())
    return f"  value ${name} {codes};\n"


def _text(text: str) -> str:
    return "'" + " ".join(text.replace("'", "''").splitlines()) + "'"
