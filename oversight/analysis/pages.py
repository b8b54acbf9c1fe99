"""Which figures stand on which page, who may see the page, and which forms it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent
from assessments.models import Neurology, OpioidDose, Pain, Quality, Visit, Wound
from enrollment.models import Consent, Death, EndOfStudy, Therapy
from oversight.analysis import conduct, course, endings, events, flow, outcomes, safety
from oversight.analysis.cohort import Cohort
from oversight.analysis.figure import Figure
from oversight.casebook.loading import Forms
from procedures.models import Sbrt, SbrtFraction, Stay, Surgery, TechniqueChange
from records.audit import time_travel
from records.models import Query
from records.workflow.source_verification import Verification


@dataclass(frozen=True)
class Entry:
    """One figure; `options` are the readings that may be asked for, the first being the usual one."""

    slug: str
    draw: Callable[..., Figure]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page; `whole`: it is about the whole trial, and participants of other sites stay unnamed.

    `forms`: those that it reads, None for all; `also` loads what is no form."""

    name: str
    title: Any
    may: Permission
    whole: bool
    forms: Forms | None
    figures: tuple[Entry, ...]
    also: Callable[[Cohort, datetime | None], None] = lambda cohort, at: None


TREATMENT = (Consent, Sbrt, SbrtFraction, Surgery, Visit, Death, EndOfStudy)


def _queries_and_verifications(cohort: Cohort, at: datetime | None) -> None:
    """What was asked and compared about these participants, as it stands or stood."""
    ids = [case.book.participant.pk for case in cohort.cases]
    if at is None:
        cohort.queries.extend(Query.objects.filter(participant__in=ids))
        cohort.verifications.extend(Verification.objects.filter(participant__in=ids, lost_at__isnull=True))
        return
    cohort.queries.extend(sorted(time_travel.rows(Query, at, ids), key=lambda query: query.pk))
    compared = time_travel.rows(Verification, at, ids)
    cohort.verifications.extend(row for row in compared if row.lost_at is None)


PAGES: dict[str, Page] = {
    "safety": Page(
        "safety", _("Safety"), Permission.SAFETY, True,
        (*TREATMENT, AdverseEvent, AdverseEventGrade, SeriousEvent, Stay, Wound),
        (
            Entry("boundary", safety.boundary_plot),
            Entry("endpoint", safety.endpoint_strip),
            Entry("events", events.table_of_events, {"related": events.RELATED, "days": events.DAYS}),
            Entry("serious", events.serious),
            Entry("deaths", events.deaths),
            Entry("swimmer", course.swimmer),
            Entry("first-severe", course.first_severe),
            Entry("wounds", course.wounds),
        ),
    ),
    "progress": Page(
        "progress", _("Progress"), Permission.SEE, False, None,
        (
            Entry("flow", flow.flow),
            Entry("accrual", flow.accrual),
            Entry("interval", flow.interval),
            Entry("overdue", conduct.overdue),
            Entry("completeness", conduct.completeness),
            Entry("queries", conduct.queries),
            Entry("verification", conduct.verification),
        ),
        _queries_and_verifications,
    ),
    "outcomes": Page(
        "outcomes", _("Outcomes"), Permission.EXPORT, False,
        (*TREATMENT, Pain, OpioidDose, Neurology, Quality, Therapy, TechniqueChange),
        (
            Entry("pain", outcomes.pain),
            Entry("omed", outcomes.omed),
            Entry("response", outcomes.response),
            Entry("neurology", endings.neurology),
            Entry("quality", outcomes.quality),
            Entry("survival", endings.survival),
            Entry("learning", endings.learning),
        ),
    ),
}  # fmt: skip

FIGURES: dict[str, tuple[Page, Entry]] = {
    entry.slug: (page, entry) for page in PAGES.values() for entry in page.figures
}
