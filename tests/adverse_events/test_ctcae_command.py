"""load_ctcae puts all sentences in the database, or none; the picker then shows them beside each grade."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from adverse_events import ctcae
from adverse_events.ctcae_models import CtcaeSentence
from adverse_events.ctcae_offer import GENERAL, describe_code, offer, sentences
from tests.adverse_events import ctcae_files as files

pytestmark = pytest.mark.django_db


def load(path, content: bytes, *options: str) -> str:
    path.write_bytes(content)
    output = io.StringIO()
    call_command("load_ctcae", str(path), *options, stdout=output)
    return output.getvalue()


def texts(offered: dict) -> dict[int, tuple[str, str]]:
    return {row["grade"]: (row["text"], row["source"]) for row in offered["grades"]}


def test_a_whole_file_is_loaded(tmp_path):
    summary = json.loads(load(tmp_path / "ctcae.csv", files.ours(), "--json"))

    assert summary["verdict"] == "loaded"
    assert (summary["terms"], summary["definitions"]) == (790, 764)
    assert summary["sentences"] == sum(len(term.grades) for term in ctcae.TERMS)
    assert CtcaeSentence.objects.count() == summary["sentences"] + summary["definitions"]


def test_the_spreadsheet_is_loaded(tmp_path):
    assert "790 terms" in load(tmp_path / "ctcae.xlsx", files.as_xlsx(files.nci_rows()))
    assert sentences("10016256")[3] == "made-up text 3 of 10016256"


def test_loading_again_replaces(tmp_path):
    load(tmp_path / "ctcae.csv", files.ours())
    before = CtcaeSentence.objects.count()
    load(tmp_path / "ctcae.csv", files.ours().replace(b"made-up text", b"corrected text"))

    assert CtcaeSentence.objects.count() == before
    assert sentences("10016256")[1] == "corrected text 1 of 10016256"


def test_a_wrong_file_changes_nothing(tmp_path):
    load(tmp_path / "ctcae.csv", files.ours())
    before = set(CtcaeSentence.objects.values_list("code", "grade", "text"))

    with pytest.raises(CommandError, match="Row 2: Anemia lacks the text of grade 5"):
        load(tmp_path / "wrong.csv", files.ours(lambda table: table[1].__setitem__(7, "")))

    assert set(CtcaeSentence.objects.values_list("code", "grade", "text")) == before


def test_a_refusal_as_json_names_every_fault_and_still_fails(tmp_path):
    path, output = tmp_path / "cut.csv", io.StringIO()
    path.write_bytes(files.ours(lambda table: table.__delitem__(slice(20, None))))

    with pytest.raises(CommandError):
        call_command("load_ctcae", str(path), "--json", stdout=output)

    assert json.loads(output.getvalue())["verdict"] == "refused"
    assert "771 of 790 terms are missing" in json.loads(output.getvalue())["faults"][0]


def test_many_faults_are_counted_not_all_printed(tmp_path):
    def without_grade_one(table):
        for row in table[1:]:
            row[3] = ""

    with pytest.raises(CommandError, match=r"… and \d+ more"):
        load(tmp_path / "wrong.csv", files.ours(without_grade_one))


def test_without_sentences_the_picker_shows_our_hints():
    first = offer("infection of the screws")[0]

    assert (first["term"], first["because"]) == ("Device related infection", "infection of the screws")
    assert list(texts(first)) == [3, 4, 5]
    assert texts(first)[3][1] == "hint"
    assert texts(first)[5] == (str(GENERAL[5]), "general")


def test_with_sentences_the_picker_shows_the_nci_text(tmp_path, django_assert_num_queries):
    load(tmp_path / "ctcae.csv", files.ours())

    with django_assert_num_queries(1):
        first = offer("fatigue")[0]

    assert first["because"] == ""
    assert first["definition"] == "made-up definition, of 10016256"
    assert texts(first) == {n: (f"made-up text {n} of 10016256", "nci") for n in (1, 2, 3)}


def test_a_term_without_hints_shows_the_general_meaning():
    headache = describe_code(ctcae.by_name("Headache").code)

    assert texts(headache) == {grade: (str(GENERAL[grade]), "general") for grade in (1, 2, 3)}


def test_a_code_that_is_not_in_the_ctcae_describes_nothing():
    assert describe_code("10000000") is None


def test_nothing_is_offered_for_nonsense():
    assert offer("xyzzy qwrtp") == []
