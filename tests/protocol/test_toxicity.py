"""Grades, seriousness, relatedness: every answer beside every other, also the one that nobody has given yet."""

import pytest

from protocol import toxicity
from protocol.facts import EventFacts


@pytest.mark.parametrize(
    ("answers", "serious"),
    [
        ([False, False], False),
        ([False, True], True),
        ([None, True], True),
        ([False, None], None),
        ([None, None], None),
    ],
)
def test_one_criterion_is_enough_and_an_open_one_keeps_it_open(answers, serious):
    assert toxicity.is_serious(answers) is serious


@pytest.mark.parametrize(
    ("grade", "baseline", "new"),
    [
        (3, None, True),
        (None, None, True),
        (3, 2, True),
        (3, 3, False),
        (2, 3, False),
        (None, 4, None),  # grade 5 would be worse
        (None, 5, False),  # nothing is
    ],
)
def test_new_is_worse_than_before_treatment(grade, baseline, new):
    assert toxicity.emergent(grade, baseline) is new


@pytest.mark.parametrize(
    ("opinions", "disagree"),
    [
        (["unlikely", "possible"], True),
        (["possible", "definite"], False),
        (["none", "unlikely"], False),
        (["possible", None], False),
        ([], False),
    ],
)
def test_specialists_disagree_across_the_border_of_possible(opinions, disagree):
    assert toxicity.disagree(opinions) is disagree


@pytest.mark.parametrize(
    ("opinions", "decided", "counts"),
    [
        (["unlikely", "probable", None], None, "probable"),
        (["unlikely", "probable"], "unlikely", "unlikely"),
        ([None], None, None),
    ],
)
def test_the_highest_opinion_counts_until_somebody_decides(opinions, decided, counts):
    assert toxicity.counting(opinions, decided) == counts


@pytest.mark.parametrize(
    ("opinions", "related"),
    [
        (("none", "none", "unlikely"), False),
        (("none", "none", "possible"), True),
        (("none", None, "possible"), True),
        (("none", None, "unlikely"), None),
    ],
)
def test_related_from_possible_on(opinions, related):
    sbrt, surgery, combination = opinions
    assert toxicity.related(EventFacts("Wound", sbrt=sbrt, surgery=surgery, combination=combination)) is related


@pytest.mark.parametrize(
    ("grades", "died_of_it", "fatal", "sentences"),
    [
        ([3, 5], True, True, 0),
        ([3], False, False, 0),
        ([3], True, True, 1),
        ([5], False, False, 1),
        ([5], None, None, 0),
        ([5], True, False, 1),
        ([5], True, None, 0),
        ([3], True, False, 2),
    ],
)
def test_one_fact_said_three_times_agrees(grades, died_of_it, fatal, sentences):
    assert len(toxicity.contradictions(grades, died_of_it, fatal)) == sentences
