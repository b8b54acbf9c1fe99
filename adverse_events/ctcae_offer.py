"""What the term picker shows: each term found, with the grades that exist and what each one means."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from adverse_events import ctcae
from adverse_events.ctcae_models import CtcaeSentence

# The general meaning of a grade (study.md 5.2), where neither the NCI's sentence nor our hint is there.
GENERAL = {
    1: _("Mild: nothing or little noticed, no treatment needed"),
    2: _("Moderate: small or local treatment, or shopping, phone or money matters limited"),
    3: _("Severe: admitted or kept longer, disabling, or washing, eating or toilet limited"),
    4: _("Life-threatening: treated at once"),
    5: _("Death from this event"),
}


def sentences_of(codes: Iterable[str]) -> dict[str, dict[int, str]]:
    """The NCI's loaded sentences, code → grade → text; grade 0 is the definition. One query."""
    texts: dict[str, dict[int, str]] = defaultdict(dict)
    rows = CtcaeSentence.objects.filter(code__in=list(codes)).values_list("code", "grade", "text")
    for code, grade, text in rows:
        texts[code][grade] = text
    return texts


def sentences(code: str) -> dict[int, str]:
    """The NCI's loaded sentences of one term, grade → text; {} where none is loaded."""
    return sentences_of([code]).get(str(code), {})


def _grade(term: ctcae.Term, grade: int, official: dict[int, str]) -> dict[str, Any]:
    if grade in official:
        return {"grade": grade, "text": official[grade], "source": "nci"}
    if grade in term.hints:
        return {"grade": grade, "text": term.hints[grade], "source": "hint"}
    return {"grade": grade, "text": str(GENERAL[grade]), "source": "general"}


def describe(term: ctcae.Term, official: dict[int, str]) -> dict[str, Any]:
    """One term for the picker: only the grades that exist; `source` is nci, hint or general."""
    return {
        "code": term.code,
        "term": term.term,
        "soc": term.soc,
        "other_specify": term.other_specify,
        "expected": term.expected,
        "definition": official.get(CtcaeSentence.DEFINITION, ""),
        "grades": [_grade(term, grade, official) for grade in term.grades],
    }


def describe_code(code: str) -> dict[str, Any] | None:
    """The same for a term already chosen; None for a code that is not in the CTCAE."""
    term = ctcae.by_code(code)
    return describe(term, sentences(term.code)) if term else None


def offer(text: str, limit: int = 12) -> list[dict[str, Any]]:
    """Terms for what was typed, best first; `because` is the everyday word it was found by, or "". One query."""
    matches = ctcae.search(text, limit)
    official = sentences_of(match.term.code for match in matches)
    return [
        {
            **describe(match.term, official.get(match.term.code, {})),
            "because": "" if match.because == match.term.term else match.because,
        }
        for match in matches
    ]
