"""Who may take part (study.md 1.3): the criteria as a table, judged one by one in three values."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.study import STUDY, Study


@dataclass(frozen=True)
class EligibilityFacts:
    """The evidence, one value a question; None is not answered. Age in completed years, KPS 0 to 100."""

    painful: bool | None = None
    solid_tumour: bool | None = None
    levels: tuple[str, ...] | None = None
    surgery_needed: bool | None = None
    histology: bool | None = None
    imaging: bool | None = None
    kps: int | None = None
    age: int | None = None
    consent: bool | None = None
    bridged_levels: int | None = None
    earlier_treatment: bool | None = None
    bilsky: str | None = None
    ais: str | None = None
    ais_progressing: bool | None = None
    can_lie_flat: bool | None = None
    ambulatory: bool | None = None
    hospice: bool | None = None
    life_expectancy_under_3_months: bool | None = None
    operable: bool | None = None
    refuses_surgery: bool | None = None


@dataclass(frozen=True)
class Criterion:
    """One criterion: met (True), failed (False) or not to be judged yet (None)."""

    id: str
    text: str
    judge: Callable[[EligibilityFacts], bool | None]


@dataclass(frozen=True)
class Judged:
    """A criterion with its judgement."""

    id: str
    text: str
    met: bool | None


@dataclass(frozen=True)
class Eligibility:
    """The verdict: eligible, not eligible or undetermined."""

    verdict: str
    because: str
    failed: tuple[str, ...]
    unanswered: tuple[str, ...]
    criteria: tuple[Judged, ...]
    version: str = STUDY.version


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _neither(one: bool | None, other: bool | None) -> bool | None:
    """True when both are no; one yes is enough to fail, whatever the other."""
    if one or other:
        return False
    return None if one is None or other is None else True


def _in(answer: str | None, allowed: list[str]) -> bool | None:
    return None if answer is None else answer in allowed


def _levels(facts: EligibilityFacts, allowed: list[str]) -> bool | None:
    return None if not facts.levels else all(level in allowed for level in facts.levels)


def _not_progressing(facts: EligibilityFacts) -> bool | None:
    """Only an ASIA D can fail here; before the grade is known nothing can be said."""
    if facts.ais is None:
        return None
    return True if facts.ais != "D" else _not(facts.ais_progressing)


def criteria(study: Study = STUDY) -> tuple[Criterion, ...]:
    """The criteria of one version of the protocol."""
    rules = study.eligibility
    return (
        Criterion("I1a", "painful metastasis", lambda f: f.painful),
        Criterion("I1b", "from a solid tumour", lambda f: f.solid_tumour),
        Criterion("I1c", "in the thoracic or lumbar spine", lambda f: _levels(f, rules["levels"])),
        Criterion("I1d", "needing surgical stabilisation", lambda f: f.surgery_needed),
        Criterion("I2", "histologic proof of malignancy", lambda f: f.histology),
        Criterion("I3", "radiographic evidence of spinal metastasis", lambda f: f.imaging),
        Criterion(
            "I4",
            f"Karnofsky above {rules['karnofsky_above']}",
            lambda f: None if f.kps is None else f.kps > rules["karnofsky_above"],
        ),
        Criterion(
            "I5",
            f"at least {rules['age_at_least']} years old",
            lambda f: None if f.age is None else f.age >= rules["age_at_least"],
        ),
        Criterion("I6", "written informed consent", lambda f: f.consent),
        Criterion(
            "E1",
            f"no more than {rules['bridged_at_most']} vertebrae bridged",
            lambda f: None if f.bridged_levels is None else f.bridged_levels <= rules["bridged_at_most"],
        ),
        Criterion("E2", "no earlier surgery or radiotherapy at the index level", lambda f: _not(f.earlier_treatment)),
        Criterion("E3", "Bilsky 0, 1a, 1b or 1c", lambda f: _in(f.bilsky, rules["bilsky_allowed"])),
        Criterion("E4", "ASIA D or E", lambda f: _in(f.ais, rules["ais_allowed"])),
        Criterion("E5", "no ASIA D that gets worse within hours or days", _not_progressing),
        Criterion("E6", "able to lie flat", lambda f: f.can_lie_flat),
        Criterion("E7", "able to walk, with or without an aid", lambda f: f.ambulatory),
        Criterion(
            "E8",
            "not in a hospice, life expectancy 3 months or more",
            lambda f: _neither(f.hospice, f.life_expectancy_under_3_months),
        ),
        Criterion("E9", "operable, and not refusing surgery", lambda f: _neither(_not(f.operable), f.refuses_surgery)),
    )


CRITERIA = criteria()


def assess(facts: EligibilityFacts, study: Study = STUDY) -> Eligibility:
    """Judge every criterion of a version; one that failed is enough for "not eligible", whatever is unanswered."""
    judged = tuple(Judged(criterion.id, criterion.text, criterion.judge(facts)) for criterion in criteria(study))
    failed = tuple(criterion.id for criterion in judged if criterion.met is False)
    unanswered = tuple(criterion.id for criterion in judged if criterion.met is None)
    if failed:
        names = ", ".join(f"{criterion.id} ({criterion.text})" for criterion in judged if criterion.met is False)
        return Eligibility("not eligible", f"not met: {names}", failed, unanswered, judged, study.version)
    if unanswered:
        because = f"not answered: {', '.join(unanswered)}"
        return Eligibility("undetermined", because, failed, unanswered, judged, study.version)
    return Eligibility("eligible", "every criterion is met", failed, unanswered, judged, study.version)
