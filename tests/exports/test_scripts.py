"""The scripts that ship with the data, as strict programs read them: every file, every column, every code."""

import csv
import io
import re
import subprocess
import zipfile
from datetime import UTC, datetime

import pytest

from exports.bundle import Bundle
from exports.data import export_tables
from exports.data.columns import Column
from exports.data.export_tables import Table
from exports.reading import codebook, r, read_sbrtspine, sas, spss, stata
from exports.reading.names import short
from exports.reading.widths import cut, most_bytes
from exports.selection import Selection
from procedures.models import Surgery
from records.audit import context
from records.model.fields import crf_fields
from tests import builders
from tests.builders import amsterdam
from tests.exports.test_datasets import fill

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
_QUOTED = r"'((?:[^']|'')*)'"
_VALUE = r"\n  value \$(\w+) ((?:'(?:[^']|'')*' = '(?:[^']|'')*' ?)+);"
# Of SAS: a character format beside its $ at most 31 letters, no digit at the end; any other name at most 32.
_FORMAT_NAME = re.compile(r"[a-z_](?:[a-z0-9_]{0,29}[a-z_])?", re.IGNORECASE)
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,31}", re.IGNORECASE)
_RESERVED = {"all", "and", "by", "eq", "ge", "gt", "if", "in", "le", "lt", "ne", "not", "or", "to", "using", "with"}


def plain(text):
    return text.replace("''", "'")


class Sas:
    """The end of a run of read.sas: one catalogue of formats for all data sets, read when a value is shown."""

    def __init__(self, script):
        self.formats, self.shown, self.lengths, self.data_sets = {}, {}, {}, []
        for name, body in re.findall(_VALUE, script):
            assert _FORMAT_NAME.fullmatch(name), name
            self.formats[name.lower()] = {plain(a): plain(b) for a, b in re.findall(rf"{_QUOTED} = {_QUOTED}", body)}
        for name, step in re.findall(r"\ndata (\S+);\n(.*?)\nrun;", script.partition("%mend;")[2], re.DOTALL):
            assert _NAME.fullmatch(name), name
            self.data_sets.append(name)
            bare = re.sub(_QUOTED, "''", step)
            assert not re.search(r"[\"&%]", bare), name
            self.shown[name] = {a: b.lower() for a, b in re.findall(r"format (\w+) \$(\w+)\.;", bare)}
            self.lengths[name] = {a: int(b) for a, b in re.findall(r"length (\w+) \$ (\d+);", bare)}
            names = re.findall(r"input (\w+) @;", bare) + re.findall(r"(\w+) = input\(", bare)
            assert all(_NAME.fullmatch(word) and word.lower() not in _RESERVED for word in names)
            assert len({word.lower() for word in names}) == len(names), name


@pytest.fixture
def tables(people, site):
    return export_tables.tables(Selection(people["pi"]))


def labelled(table):
    return [column for column in table.columns if column.kind in ("code", "missing") and codebook.codes_of(column)]


def test_sas_shows_every_code_of_every_file_by_its_own_label(tables):
    script = sas.script(tables)
    run = Sas(script)
    data_sets = short([table.name for table in tables])
    wrong, seen = [], 0
    for table in tables:
        names = short([column.name for column in table.columns], 30, ("_t", "_w"))
        for column in labelled(table):
            shown = run.formats[run.shown[data_sets[table.name]][names[column.name]]]
            seen += len(shown)
            wrong += [] if shown == codebook.codes_of(column) else [(table.name, column.name)]

    assert wrong == []
    assert seen > 500
    assert sorted(run.data_sets) == sorted(data_sets.values())
    assert len(run.formats) == sum(len(labelled(table)) for table in tables)


def test_formats_whose_names_agree_in_their_first_letters_stay_apart(tables):
    coded = next(column for table in tables for column in labelled(table) if column.kind == "code")
    long = "answer_to_the_same_question_asked_once_more"
    made_up = [
        Table(name, [Column(f"{long}{end}", "code", "", coded.about) for end in ("", "_1", "_2")], None, None)
        for name in ("a-form-with-a-very-long-name-1", "a-form-with-a-very-long-name-2", "a", "A_b", "a-b")
    ]
    run = Sas(sas.script(made_up))

    assert len(run.formats) == 15
    assert len({name.lower() for name in run.data_sets}) == len(made_up)


@pytest.mark.parametrize(
    "words", ["it's", "50 % & more; 'quoted'", "%macro(x)", "&folder", "a\nb", "é 中 🦴", "a `x' $y \"' b"]
)
def test_a_label_with_what_a_program_would_take_for_its_own(words, tables, monkeypatch):
    table = next(table for table in tables if labelled(table))
    column = labelled(table)[0]
    monkeypatch.setattr(codebook, "codes_of", lambda _column: {"yes": words})
    monkeypatch.setattr(codebook, "label", lambda _column: words)
    run = Sas(sas.script([Table("one", [column], None, None)]))
    [shown] = run.formats.values()

    assert shown == {"yes": words.replace("\n", " ")}
    assert r.script([table]).split("study <- list()")[1].isascii()
    do = stata.script([table])
    assert do.count('`"') == do.count("\"'")
    assert "\n" not in re.findall(_QUOTED, spss.script([table]))[0]


@pytest.mark.parametrize(
    ("text", "most", "left"), [("abc", 2, "ab"), ("éé", 3, "é"), ("中中", 5, "中"), ("🦴", 3, ""), ("", 5, "")]
)
def test_labels_are_cut_by_bytes_and_no_letter_in_two(text, most, left):
    assert cut(text, most) == left


def test_every_length_holds_the_longest_value_in_bytes(tables):
    run = Sas(sas.script(tables))
    for table in tables:
        names = short([column.name for column in table.columns], 30, ("_t", "_w"))
        lengths = run.lengths[short([listed.name for listed in tables])[table.name]]
        for column in table.columns:
            if column.kind in ("integer", "decimal", "date"):
                continue
            length = lengths[f"{names[column.name]}_w" if column.kind == "instant" else names[column.name]]
            codes = codebook.codes_of(column)
            longest = max([*(len(f"{a}") for a in codes), *(len(b.encode()) for b in codes.values())], default=0)
            if column.kind == "text" and column.about is not None:
                longest = 4 * column.about.max_length
            assert length == most_bytes(column) <= 32767
            assert length >= longest, (table.name, column.name)
            assert re.search(rf" {column.name}_? A{length}\b", spss.script([table])), (table.name, column.name)


def test_values_in_every_alphabet_fit_their_lengths(people, site):
    """The longest text that each field takes, all of it in letters of four bytes."""
    selection = Selection(people["pi"])
    table = next(table for table in export_tables.tables(selection) if table.name == "surgery")
    fill(Surgery, people, site)
    texts = [field for field in crf_fields(Surgery) if field.crf_type == "text"]
    with context.audit_context(people["nurse"], "typed"):
        Surgery.objects.update(**{field.name: "🦴" * field.max_length for field in texts})
    header, *rows = read_sbrtspine.split(b"".join(table.blocks(selection)).decode())
    columns = [column for column in table.columns if column.kind not in ("integer", "decimal", "date")]
    longest = {name: max(len((row[place] or "").encode()) for row in rows) for place, name in enumerate(header)}

    assert [column.name for column in columns if longest[column.name] > most_bytes(column)] == []
    assert all(longest[field.name] == 4 * field.max_length for field in texts)


def test_a_text_that_is_a_dot_stays_one_in_sas(tables):
    steps = re.findall(r"length (\w+) \$ (\d+); informat (\w+) \$char(\d+)\.; input (\w+) @;", sas.script(tables))

    assert len(steps) > 200
    assert all(a == b == c and n == m for a, n, b, m, c in steps)


def test_every_program_has_the_sites_own_clock_beside_an_instant(tables):
    count = sum(column.kind == "instant" for table in tables for column in table.columns)
    assert count > 20
    assert len(re.findall(r"(\w+)_t = input\(substr\(\1_w, 1, 19\), e8601dt19\.\);", sas.script(tables))) == count
    assert len(re.findall(r"COMPUTE (\w+)_t = ", spss.script(tables))) == count
    assert len(re.findall(r"generate double (\w+)_t = ", stata.script(tables))) == count
    assert '_t")]] <- local_clock(' in r.script(tables)
    names = [[column.name for column in table.columns] for table in tables]
    assert all(f"{name}_t" not in line for line in names for name in line)


def test_names_beside_a_name_are_nobodys():
    short_names = short(
        ["at", "at_t", "AT_W", "byte", "str12", "_n_", "strL", "x" * 40, "x" * 39 + "_t"], 30, ("_t", "_w")
    )
    every = [short_name.lower() + end for short_name in short_names.values() for end in ("", "_t", "_w")]

    assert len(set(every)) == len(every) == 27
    assert {"byte", "str12", "_n_", "strl"}.isdisjoint(every)
    assert all(len(name) <= 32 for name in every)


NOT_MISSING = ["NA", "", ".", "NULL", "nan", "-", "None", "NaN", "#N/A", "n/a", "TRUE", "1e5", "007"]
CLOCKS = ["2016-10-30 02:30", "2016-03-27 03:00", "2016-03-08 14:05", "2016-07-01 00:00"]


@pytest.fixture
def folder(people, site, tmp_path):
    """A bundle, unpacked: texts that programs take for nothing, the missing code NA, instants at a clock change."""
    for place, text in enumerate(NOT_MISSING):
        participant = builders.register(site, people["nurse"])
        at = amsterdam(CLOCKS[place % len(CLOCKS)])
        answers = {"index": "yes", "incision_at": at, "blood_loss_ml": 2, "missing": {"screws": "NA"}}
        record = builders.record(Surgery, participant, people["nurse"], **answers)
        with context.audit_context(people["nurse"], "typed"):
            Surgery.objects.filter(pk=record.pk).update(implant_system=text)
    (tmp_path / "blend.zip").write_bytes(b"".join(Bundle(Selection(people["datamanager"]), NOW).blocks()))
    with zipfile.ZipFile(tmp_path / "blend.zip") as bundle:
        bundle.extractall(tmp_path / "out")
    return tmp_path / "out"


def test_python_takes_none_of_these_for_missing(folder):
    rows = read_sbrtspine.read(folder)["surgery"]

    assert [row["implant_system"] for row in rows] == NOT_MISSING
    assert {row["screws_missing"] for row in rows} == {"NA"}
    assert rows[0]["incision_at"].isoformat() == "2016-10-30T02:30:00+02:00"


@pytest.mark.needs("Rscript")
def test_r_takes_none_of_these_for_missing_and_has_the_local_clock(folder):
    asked = """
        source("read.R"); s <- study$surgery
        s$local <- format(s$incision_at_t, "%Y-%m-%d %H:%M"); s$utc <- format(s$incision_at, "%Y-%m-%d %H:%M")
        s$why <- as.character(s$screws_missing)
        write.csv(s[c("implant_system", "why", "local", "utc")], "told.csv", row.names = FALSE, na = "<nothing>")
    """
    subprocess.run(
        ["Rscript", "--vanilla", "-e", asked], cwd=folder, capture_output=True, text=True, check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": "America/New_York"},
    )  # fmt: skip
    lines = list(csv.DictReader(io.StringIO((folder / "told.csv").read_text())))

    assert [row["implant_system"] for row in lines] == [text or "<nothing>" for text in NOT_MISSING]
    assert {row["why"] for row in lines} == {"NA"}
    assert [row["local"] for row in lines[:4]] == CLOCKS
    assert [row["utc"] for row in lines[:4]] == [
        "2016-10-30 00:30", "2016-03-27 01:00", "2016-03-08 13:05", "2016-06-30 22:00",
    ]  # fmt: skip
