"""read.sas: one data set a file, with formats for the codes."""

from exports.columns import Column
from exports.contents import Table
from exports.reading import codebook
from exports.reading.names import short

FILE = "read.sas"
_HEAD = """/* Reads this export into SAS data sets, in a session with UTF-8 encoding. Set the folder of the files.
   A data step cannot read a line break inside a cell: `whole` writes a copy in which it is a space.
   An instant is a datetime in UTC; <name>_t beside it is the text as written, also where only the day is known. */
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
LENGTHS = {"key": 80, "code": 40, "codes": 1000, "label": 1000, "missing": 4, "partial date": 10, "text": 4000}
_NUMBERS = {"integer": "best32.", "decimal": "best32.", "date": "yymmdd10."}


def script(tables: list[Table]) -> str:
    data_sets = short([table.name for table in tables])
    return _HEAD + "".join(_table(table, data_sets[table.name]) for table in tables)


def _table(table: Table, data_set: str) -> str:
    names = short([column.name for column in table.columns], 30)  # two are left for what is beside an instant
    steps = [step for column in table.columns for step in _column(column, names[column.name])]
    formats = [each for column in table.columns for each in _format(column, names[column.name])]
    shown = [f"  format {names[c.name]} ${_format_name(names[c.name])}.;\n" for c in table.columns if _has_format(c)]
    lines = "".join(f"  {step}\n" for step in steps)
    values = "proc format;\n" + "".join(formats) + "run;\n" if formats else ""
    return (
        f"\n%whole({table.name})\n{values}data {data_set};\n"
        "  infile whole dsd dlm=',' lrecl=1048576 firstobs=2 termstr=crlf truncover encoding='utf-8';\n"
        f"{lines}{''.join(shown)}run;\n"
    )


def _column(column: Column, name: str) -> list[str]:
    label = f"label {name} = {_text(codebook.label(column)[:250])};"
    if column.kind in _NUMBERS:
        shown = f" format {name} yymmdd10.;" if column.kind == "date" else ""
        return [f"informat {name} {_NUMBERS[column.kind]};{shown} input {name} @; {label}"]
    if column.kind == "instant":
        read = f"if length({name}_t) > 10 then {name} = input({name}_t, e8601dz32.);"
        return [f"length {name}_t $ 40; input {name}_t @; {read} format {name} e8601dt.; {label}"]
    return [f"length {name} $ {LENGTHS[column.kind]}; input {name} @; {label}"]


def _has_format(column: Column) -> bool:
    return column.kind in ("code", "missing") and bool(codebook.codes_of(column))


def _format_name(name: str) -> str:
    """A format's name has at most 31 characters and does not end in a digit."""
    return f"{name[:29]}_"


def _format(column: Column, name: str) -> list[str]:
    if not _has_format(column):
        return []
    codes = " ".join(f"{_text(code)} = {_text(words)}" for code, words in codebook.codes_of(column).items())
    return [f"  value ${_format_name(name)} {codes};\n"]


def _text(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\n", " ") + "'"
