"""Official CTCAE files are read whole or refused whole, with the row and the term named."""

import pytest

from adverse_events import ctcae
from adverse_events.ctcae_loading import Refused, check, entries, read, rows
from tests import programs
from tests.adverse_events import ctcae_files as files

ALL = {(term.code, grade) for term in ctcae.TERMS for grade in term.grades}
ALL |= {(term.code, 0) for term in ctcae.TERMS if not term.other_specify}
ROW = {term.term: number for number, term in enumerate(ctcae.TERMS, start=2)}


def judged(content: bytes):
    return check(list(entries(rows(content))))


def refusal(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        judged(content)
    return str(refused.value)


def spoilt(term: str, column: str, value: str) -> bytes:
    def change(table):
        table[ROW[term] - 1][files.OURS.index(column)] = value

    return files.ours(change)


@pytest.mark.parametrize(
    "content",
    [
        files.ours(),
        b"\xef\xbb\xbf" + files.ours(),
        files.ours().replace(b"\n", b"\r\n"),
        files.as_csv(files.nci_rows()),
        files.as_xlsx(files.nci_rows()),
    ],
    ids=["ours", "with a byte order mark", "Windows line ends", "NCI as CSV", "NCI spreadsheet"],
)
def test_a_whole_file_gives_every_sentence(content):
    sentences = judged(content)

    assert {(code, grade) for code, grade, _text in sentences} == ALL
    assert len(sentences) == len(ALL)
    assert ("10002272", 3, "made-up text 3 of 10002272") in sentences
    assert ("10002272", 0, "made-up definition, of 10002272") in sentences


@pytest.mark.needs("CTCAE_FILE")
def test_the_official_table_is_read():
    sentences = read(programs.ctcae_file())

    assert {(code, grade) for code, grade, _text in sentences} == ALL


@pytest.mark.parametrize(
    ("term", "column", "value", "sentence"),
    [
        ("Fatigue", "meddra_code", "10016257", "not in CTCAE 4.03 (10016257)"),
        ("Fatigue", "meddra_code", "", "Fatigue has a code that is not in CTCAE 4.03"),
        ("Fatigue", "term", "Tiredness", "is “Fatigue”, not “Tiredness”"),
        ("Fatigue", "soc", "Vascular disorders", "not “Vascular disorders”"),
        ("Fatigue", "grade4", "Exhausted", "Fatigue has a text for grade 4"),
        ("Fatigue", "grade2", "", "Fatigue lacks the text of grade 2"),
        ("Fatigue", "grade2", " - ", "Fatigue lacks the text of grade 2"),
        ("Fever", "grade1", "38 Â°C", "Fever has unreadable letters"),
        ("Fever", "grade1", "38 \ufffdC", "Fever has unreadable letters"),
    ],
)
def test_a_wrong_row_is_named(term, column, value, sentence):
    message = refusal(spoilt(term, column, value))

    assert f"Row {ROW[term]}:" in message
    assert sentence in message


def test_all_wrong_rows_are_named_at_once():
    def change(table):
        table[4][5] = ""
        table[9][2] = "Something else"

    with pytest.raises(Refused) as refused:
        judged(files.ours(change))

    assert ["Row 5:" in fault or "Row 10:" in fault for fault in refused.value.faults] == [True, True]


def test_a_row_that_is_there_twice():
    message = refusal(files.ours(lambda table: table.append(table[1])))

    assert "Row 792: Anemia (10002272) is already in row 2" in message


def test_a_file_cut_between_rows():
    message = refusal(files.ours(lambda table: table.__delitem__(slice(500, None))))

    assert "291 of 790 terms are missing" in message
    assert ctcae.TERMS[499].term in message
    assert "the last row is 500" in message


def test_a_lost_row():
    assert "1 of 790 terms are missing, the first Anemia" in refusal(files.ours(lambda table: table.pop(1)))


@pytest.mark.parametrize("cut", [1, 2, 20, 60, 200, 30_000])
def test_a_file_cut_within_a_row(cut):
    """Every byte but the very last line end counts."""
    assert refusal(files.ours().rstrip(b"\n")[:-cut])


def test_a_quotation_that_never_ends():
    assert "cut off" in refusal(files.ours().replace(b"made-up text 1 of 10048580", b'"made-up'))


def test_a_heading_only():
    assert "790 of 790 terms are missing" in refusal(files.as_csv([files.OURS]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"Dear colleague,\nplease find attached\n", "not the CTCAE 4.03 table"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "not the CTCAE 4.03 table"),
        (files.ours().decode().encode("utf-16"), "not UTF-8"),
        (files.ours().replace(b"made-up text 1 of 10002272", b"38 \xb0C"), "Line 2 is not UTF-8"),
        (b"PK\x03\x04 not really a spreadsheet", "damaged or cut off"),
        (files.as_xlsx(files.nci_rows())[:40_000], "damaged or cut off"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls"),
        (b"MedDRA Code,MedDRA SOC,CTCAE Term,Grade 1,Grade 2,Grade 3,Grade 4,Grade 5,Definition\n", "another version"),
        (b"soc,meddra_code,term,grade1,grade2,grade3\n", "lacks the columns grade4, grade5, definition"),
    ],
)
def test_what_is_no_ctcae_table(content, sentence):
    assert sentence in refusal(content)


def test_a_row_is_counted_as_the_spreadsheet_shows_it():
    table = files.nci_rows()
    place = next(number for number, row in enumerate(table) if row[2] == "Fatigue")
    table[place][3] = ""

    assert f"Row {place + 1}: Fatigue" in refusal(files.as_xlsx(table))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Refused, match=r"nothing.csv cannot be read"):
        read(tmp_path / "nothing.csv")
    with pytest.raises(Refused, match="cannot be read"):
        read(tmp_path)
