"""The case as it was reported beside the adverse event as it stands, field by field (study.md 5.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from adverse_events.adverse_event import TREATMENTS
from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent, SeriousReport
from protocol.toxicity import counting
from records.model.relatedness import RELATEDNESS

_SAID = ["said_term", "said_onset", "said_grade", "said_related", "said_outcome"]


@dataclass(frozen=True)
class Line:
    """One thing both must agree on."""

    what: str
    reported: str
    now: str
    agrees: bool


@dataclass(frozen=True)
class Version:
    """A report as sent, and what is different from the one sent before to the same."""

    report: SeriousReport
    changes: list[tuple[str, str, str]]


def reconcile(
    case: SeriousEvent, event: AdverseEvent, grades: Sequence[AdverseEventGrade], reports: Sequence[SeriousReport]
) -> list[Line]:
    """The last report against the event now; without a report, the case's kind alone."""
    lines = [_kind(case, event)]
    if not reports:
        return lines
    last = reports[-1]
    worst = max((row.grade for row in grades if row.grade), default=None)
    related = counting([event.counting(treatment) for treatment in TREATMENTS])
    stands = {
        "said_term": event.ctcae_term, "said_onset": event.onset_on, "said_grade": worst, "said_related": related,
        "said_outcome": event.outcome,
    }  # fmt: skip
    for name in _SAID:
        field = last.question(name)
        reported, now = getattr(last, name), stands[name]
        lines.append(Line(str(field.verbose_name), field.shown(reported), field.shown(now), _same(reported, now)))
    return lines


def _same(reported: Any, now: Any) -> bool:
    return str(reported or "").strip().casefold() == str(now or "").strip().casefold()


def _kind(case: SeriousEvent, event: AdverseEvent) -> Line:
    kind = "fatal" if event.death == "yes" else "life-threatening" if event.life_threatening == "yes" else "other"
    field = case.question("kind")
    return Line(str(field.verbose_name), field.shown(case.kind), field.shown(kind), case.kind == kind)


def versions(reports: Sequence[SeriousReport]) -> list[Version]:
    """Each report sent, with what it changed in what was said before."""
    history = []
    before: SeriousReport | None = None
    for report in reports:
        changes = []
        for name in _SAID if before else []:
            field = report.question(name)
            old, new = getattr(before, name), getattr(report, name)
            if not _same(old, new):
                changes.append((str(field.verbose_name), field.shown(old), field.shown(new)))
        history.append(Version(report, changes))
        before = report
    return history


def relatedness_in_words(event: AdverseEvent) -> list[tuple[str, str]]:
    """(treatment, what counts) for the report."""
    words = dict(RELATEDNESS)
    names = {"sbrt": _("SBRT"), "surgery": _("surgery"), "combination": _("the two so close together")}
    return [
        (names[treatment], str(words.get(event.counting(treatment) or "", _("not judged yet"))))
        for treatment in TREATMENTS
    ]
