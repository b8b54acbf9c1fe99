"""Grades, seriousness, relatedness (study.md 5.1 to 5.3). Severity is not seriousness."""

from collections.abc import Iterable

from protocol.facts import EventFacts
from protocol.study import STUDY

MEANING = {
    1: "mild; no intervention",
    2: "moderate; limits instrumental activities of daily living; minimal intervention",
    3: "severe; hospital, disabling, limits self-care",
    4: "life-threatening; urgent intervention",
    5: "death",
}
SERIOUSNESS = ("death", "life_threatening", "hospitalisation", "disability", "congenital", "medically_important")


def rank(word: str | None) -> int | None:
    """The place of a relatedness word in the order none … definite; None where nobody has judged."""
    return None if word is None else STUDY.relatedness.index(word)


def counting(opinions: Iterable[str | None], decided: str | None = None) -> str | None:
    """The adjudicated word, or the highest opinion until there is one; None where nobody has judged (5.6)."""
    if decided is not None:
        return decided
    words = [word for word in opinions if word is not None]
    return max(words, key=STUDY.relatedness.index) if words else None


def disagree(opinions: Iterable[str | None]) -> bool:
    """Whether two opinions lie on both sides of the border between related and not: somebody must adjudicate (5.6)."""
    from_rank = STUDY.relatedness.index(STUDY.endpoint["related_from"])
    sides = {STUDY.relatedness.index(word) >= from_rank for word in opinions if word is not None}
    return len(sides) == 2


def related(event: EventFacts) -> bool | None:
    """The highest of the three opinions is "possible" or more; None while one that is open could make it so."""
    ranks = [rank(word) for word in (event.sbrt, event.surgery, event.combination)]
    from_rank = STUDY.relatedness.index(STUDY.endpoint["related_from"])
    if any(place is not None and place >= from_rank for place in ranks):
        return True
    return None if None in ranks else False


def emergent(grade: int | None, baseline: int | None) -> bool | None:
    """Worse than before treatment; without a baseline grade it counts as new."""
    if baseline is None:
        return True
    if grade is None:
        return None if baseline < max(MEANING) else False
    return grade > baseline


def is_serious(criteria: Iterable[bool | None]) -> bool | None:
    """Any criterion is enough; None while none is met and one is open."""
    answers = list(criteria)
    if any(answers):
        return True
    return None if None in answers else False


def contradictions(grades: Iterable[int | None], died_of_it: bool | None, outcome_fatal: bool | None) -> list[str]:
    """Grade 5, death as a criterion and a fatal outcome are one fact said three times."""
    sentences = []
    grade_five = 5 in grades
    if died_of_it is not None and grade_five != died_of_it:
        sentences.append("Grade 5 and “the patient died of it” go together.")
    if outcome_fatal is not None and died_of_it is not None and outcome_fatal != died_of_it:
        sentences.append("A fatal outcome and “the patient died of it” go together.")
    return sentences
