"""The CTCAE dictionary: which grades exist, and that a nurse finds the term in her own words."""

from collections import Counter

import pytest

from adverse_events import ctcae
from adverse_events.ctcae.terms import FACTS, read_terms

# study.md 5.2, the table "Terms this trial will actually meet".
EXPECTED_HERE = {
    "10053692": (1, 5),
    "10048031": (1, 5),
    "10048038": (2, 5),
    "10064687": (3, 5),
    "10061017": (3, 5),
    "10040102": (1, 3),
    "10055322": (1, 5),
    "10055298": (3, 5),
    "10002272": (1, 5),
    "10041569": (1, 5),
    "10033371": (1, 3),
    "10003988": (1, 3),
    "10006002": (1, 3),
    "10045158": (1, 3),
    "10028524": (1, 5),
    "10061928": (1, 5),
    "10034580": (1, 5),
    "10034620": (1, 5),
    "10033987": (1, 3),
    "10065830": (1, 5),
    "10008164": (1, 5),
    "10043565": (1, 5),
    "10061229": (2, 5),
    "10046571": (2, 5),
    "10040047": (4, 5),
    "10038695": (4, 5),
    "10046555": (1, 5),
    "10012218": (1, 5),
    "10021328": (2, 5),
    "10010774": (1, 5),
    "10028813": (1, 3),
    "10015461": (1, 5),
    "10013950": (1, 5),
    "10061103": (1, 5),
    "10016256": (1, 3),
    "10016558": (1, 5),
    "10011914": (5, 5),
    "10042435": (5, 5),
}


def names(text: str, limit: int = 12) -> list[str]:
    return [match.term.term for match in ctcae.search(text, limit)]


def test_the_dictionary_is_whole():
    assert len(ctcae.TERMS) == 790
    assert len(ctcae.CODES) == 790
    assert len({term.soc for term in ctcae.TERMS}) == 26


def test_which_grades_exist_as_in_the_nci_table():
    """Counted from the published v4.03 table; see test_figures_of_study_md for where study.md 5.2 counts otherwise."""
    counted = Counter(term.grades for term in ctcae.TERMS)
    named = {
        (1, 2, 3, 4, 5): 322,
        (1, 2, 3): 196,
        (2, 3, 4, 5): 93,
        (3, 4, 5): 49,
        (1, 2): 36,
        (1, 2, 3, 4): 32,
        (4, 5): 12,
        (5,): 4,
    }

    assert {grades: counted[grades] for grades in named} == named
    assert 790 - sum(named.values()) == 46


def test_figures_of_study_md():
    """322, 49, 36, 32 and 4 agree; 195, 94, 13 and 45 are each one term away from the published table."""
    counted = Counter(term.grades for term in ctcae.TERMS)
    published = {(1, 2, 3, 4, 5): 322, (3, 4, 5): 49, (1, 2): 36, (1, 2, 3, 4): 32, (5,): 4}
    nearly = {(1, 2, 3): 195, (2, 3, 4, 5): 94, (4, 5): 13}

    assert {grades: counted[grades] for grades in published} == published
    assert all(abs(counted[grades] - figure) == 1 for grades, figure in nearly.items())


@pytest.mark.parametrize(("code", "bounds"), EXPECTED_HERE.items())
def test_the_terms_this_trial_expects(code, bounds):
    term = ctcae.by_code(code)

    assert term.expected
    assert term.grades == tuple(range(bounds[0], bounds[1] + 1))
    assert not set(term.hints) - set(term.grades)
    assert 3 in term.hints or 3 not in term.grades


def test_hints_are_for_the_expected_terms_only():
    assert {term.code for term in ctcae.TERMS if term.expected} == set(EXPECTED_HERE)


def test_every_class_has_one_other_specify_term():
    assert Counter(t.soc for t in ctcae.TERMS if t.other_specify) == Counter({t.soc for t in ctcae.TERMS})


def test_a_grade_that_does_not_exist_is_not_allowed():
    sepsis = ctcae.by_name("sepsis")

    assert [grade for grade in ctcae.GRADES if sepsis.allows(grade)] == [4, 5]
    assert not sepsis.allows(0)


def test_unknown_codes_are_none():
    assert ctcae.by_code("10000000") is None
    assert ctcae.by_code("") is None
    assert ctcae.by_name("Bad hair day") is None


@pytest.mark.parametrize("own", ['["Pain"]\ngrade4 = "no such grade"', '["Paine"]\ngrade1 = "no such term"'])
def test_hints_for_what_does_not_exist_are_refused(tmp_path, own):
    hints = tmp_path / "hints.toml"
    hints.write_text(own)

    with pytest.raises(ValueError):
        read_terms(FACTS, hints)


def test_every_term_comes_first_for_its_own_name():
    assert [term.term for term in ctcae.TERMS if names(term.term)[0] != term.term] == []
    assert [term.term for term in ctcae.TERMS if names(term.term.lower())[0] != term.term] == []


def test_every_term_is_found_by_its_code():
    assert [term.term for term in ctcae.TERMS if names(term.code) != [term.term]] == []


def test_every_synonym_finds_its_term():
    lost = [(term.term, word) for term in ctcae.TERMS for word in term.synonyms if term.term not in names(word)]

    assert lost == []


def test_every_term_is_found_with_one_letter_left_out():
    """Long words only: of a short one too little is left."""
    long = [term for term in ctcae.TERMS if " " not in term.term and len(term.term) > 6]

    assert [term.term for term in long if term.term not in names(term.term[:3] + term.term[4:])] == []


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("wound opened a bit", "Wound dehiscence"),
        ("the wound has opened after discharge", "Wound dehiscence"),
        ("drip antibiotics", "Wound infection"),
        ("clot", "Thromboembolic event"),
        ("DVT", "Thromboembolic event"),
        ("leg clot", "Thromboembolic event"),
        ("can't pee", "Urinary retention"),
        ("can’t pee", "Urinary retention"),
        ("cannot pass urine", "Urinary retention"),
        ("got confused", "Delirium"),
        ("leak spinal fluid", "Cerebrospinal fluid leakage"),
        ("numb", "Peripheral sensory neuropathy"),
        ("numbness in both feet", "Peripheral sensory neuropathy"),
        ("tingling", "Paresthesia"),
        ("weak leg", "Peripheral motor neuropathy"),
        ("weak legs since yesterday", "Peripheral motor neuropathy"),
        ("low blood", "Anemia"),
        ("temperature", "Fever"),
        ("throwing up", "Vomiting"),
        ("infection of the screws", "Device related infection"),
        ("infected implant", "Device related infection"),
        ("broken vertebra", "Spinal fracture"),
        ("heart attack", "Myocardial infarction"),
        ("pneumonia", "Lung infection"),
        ("tired", "Fatigue"),
        ("trouble swallowing", "Dysphagia"),
        ("radiation burn", "Dermatitis radiation"),
        ("dural tear", "Intraoperative neurological injury"),
        ("spinal cord compression", "Nervous system disorders - Other, specify"),
        ("screw loosening", "Injury, poisoning and procedural complications - Other, specify"),
    ],
)
def test_everyday_words(typed, term):
    assert term in names(typed, limit=5)


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("wond infection", "Wound infection"),
        ("dehisence", "Wound dehiscence"),
        ("delirum", "Delirium"),
        ("nausia", "Nausea"),
        ("urinary retetnion", "Urinary retention"),
        ("trombosis", "Thromboembolic event"),
    ],
)
def test_a_slip_of_the_pen_is_forgiven(typed, term):
    assert names(typed)[0] == term


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("anaemia", "Anemia"),
        ("postoperative haemorrhage", "Postoperative hemorrhage"),
        ("oesophagitis", "Esophagitis"),
        ("tumour pain", "Tumor pain"),
        ("diarrhoea", "Diarrhea"),
        ("paraesthesia", "Paresthesia"),
        ("dyspnoea", "Dyspnea"),
    ],
)
def test_british_spelling_finds_the_american_term(typed, term):
    assert names(typed)[0] == term


def test_words_of_several_synonyms_add_up():
    assert names("pus and redness, wound opened")[0] in {"Wound infection", "Wound dehiscence"}


def test_half_a_word_is_enough():
    assert "Wound infection" in names("wou")
    assert names("thromboemb")[0] == "Thromboembolic event"


def test_a_class_finds_its_terms():
    matches = ctcae.search("vascular disorders")

    assert "Vascular disorders - Other, specify" in names("vascular disorders", limit=3)
    assert sum(match.term.soc == "Vascular disorders" for match in matches) >= 9


def test_the_words_it_was_found_by_are_said():
    assert ctcae.search("heart attack")[0].because == "heart attack"


@pytest.mark.parametrize("typed", ["", "  ", "a bit", "xyzzy qwrtp", "?!", "0"])
def test_nothing_fits(typed):
    assert names(typed) == []


def test_at_most_as_many_as_asked():
    assert len(ctcae.search("pain", limit=4)) == 4
    assert len({match.term.code for match in ctcae.search("pain", limit=40)}) == 40
