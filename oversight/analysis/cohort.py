"""The participants as figures see them: in case order, which is the order of treatment, then who was not treated."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import site_scope
from oversight.analysis.figure import Ref
from oversight.casebook import facts, loading, visit_matrix
from oversight.casebook.book import Casebook
from oversight.casebook.loading import Forms
from oversight.endpoint import history
from protocol.endpoint import Endpoint
from protocol.facts import Ended, TreatmentFacts, local_day
from protocol.schedule import last_day
from protocol.window import Window, bounds, treatment_window
from records.model.base import ParticipantRecord, VisitRecord
from records.model.fields import Text, crf_fields
from records.models import Participant, Query, Verification

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Case:
    """One participant at an instant. `number` is the place in the order of treatment; None while untreated."""

    book: Casebook
    now: datetime
    visible: bool = True
    number: int | None = None

    @property
    def code(self) -> str:
        """The code, where this person may know it."""
        return self.book.participant.code if self.visible else _("another site")

    @property
    def key(self) -> str:
        """What names this participant's row in an address."""
        return self.book.participant.code if self.visible else f"other-{self.number or 0}"

    @cached_property
    def treatment(self) -> TreatmentFacts:
        return facts.treatment(self.book)

    @cached_property
    def window(self) -> Window:
        return treatment_window(self.treatment, self.now)

    @property
    def treated(self) -> bool:
        return self.treatment.sbrt_start is not None or self.treatment.incision is not None

    @cached_property
    def irradiated_on(self) -> date | None:
        return local_day(self.treatment.sbrt_start or self.treatment.sbrt_end, self.treatment.zone)

    @cached_property
    def operated_on(self) -> date | None:
        return local_day(self.treatment.incision, self.treatment.zone)

    @property
    def anchor_on(self) -> date | None:
        """The day from which safety counts: surgery, or SBRT where it never happened."""
        return self.operated_on or self.irradiated_on

    @property
    def began_on(self) -> date | None:
        """The day of the first treatment."""
        return self.irradiated_on or self.operated_on

    @cached_property
    def ended(self) -> Ended | None:
        return facts.ended(self.book)

    @property
    def died_on(self) -> date | None:
        return self.ended.on if self.ended and self.ended.why == "died" else None

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.book.participant.site.tz).date()

    @cached_property
    def judged(self) -> dict[str, Endpoint]:
        """Reading -> verdict: primary, secondary, sensitivity."""
        return {variant.code: endpoint for variant, endpoint in history.judged(self.book)}

    @cached_property
    def seen_until(self) -> date | None:
        """The last day on which somebody of the trial knew how the participant was, treatment included."""
        known = [facts.seen_until(self.book), self.irradiated_on, self.operated_on, self.died_on]
        return max((day for day in known if day), default=None)

    def window_ends(self, days: int) -> date | None:
        """The last day of "within so many days after the surgery"."""
        return last_day(self.anchor_on, days) if self.anchor_on else None

    def ref(self, record: ParticipantRecord | None = None, label: str = "", path: str = "") -> Ref:
        """The record behind a number, or the casebook."""
        if record is not None:
            path, label = address(record), label or str(record._meta.verbose_name)
        shown = f"{self.code} · {label}" if label else self.code
        return Ref(self.book.participant.code if self.visible else "", path, shown, self.visible)

    @property
    def endpoint_ref(self) -> Ref:
        return self.ref(label=_("endpoint"), path="endpoint/")


def address(record: ParticipantRecord) -> str:
    """Where a form is, below its casebook."""
    where = [record.visit] if isinstance(record, VisitRecord) else []
    where.append(record.slug)
    if record.repeats:
        where.append(str(record.number))
    return "/".join(where) + "/"


@dataclass(frozen=True)
class Cohort:
    """Everybody a figure is about."""

    cases: list[Case]
    now: datetime
    queries: list[Query] = field(default_factory=list)
    verifications: list[Verification] = field(default_factory=list)

    @property
    def treated(self) -> list[Case]:
        """In the order of treatment."""
        return [case for case in self.cases if case.number is not None]

    @cached_property
    def matrix(self) -> dict[int, list[visit_matrix.VisitRow]]:
        """Participant -> visits × forms, worked out once for a page."""
        return {case.book.participant.pk: visit_matrix.rows(case.book, case.now) for case in self.cases}

    @property
    def operated(self) -> list[Case]:
        return [case for case in self.treated if case.operated_on is not None]


def build_cohort(books: Iterable[Casebook], now: datetime, visible: set[int] | None = None) -> Cohort:
    """Number the treated in the order of their first beam (or knife, where no beam is recorded); the others by code."""
    cases = [Case(book, now, visible is None or book.participant.pk in visible) for book in books]
    cases.sort(key=_order)
    for number, case in enumerate((case for case in cases if case.treated), start=1):
        case.number = number
    return Cohort(cases, now)


def _order(case: Case) -> tuple[datetime, int, str]:
    first = case.treatment.sbrt_start or case.treatment.incision
    began = bounds(first, case.treatment.zone)[0] if first else _NEVER
    code = case.book.participant.code
    return began, len(code), code


@dataclass(frozen=True)
class Cut:
    """These participants, whatever became of them since, as of an instant and what had been committed by then."""

    participants: tuple[int, ...]
    at: datetime
    horizon: str


def cut(wanted: Cut) -> Cohort:
    """The participants of a snapshot; whether this person may have it is asked before."""
    participants = Participant._base_manager.filter(pk__in=wanted.participants).select_related("site").order_by("pk")
    return build_cohort(loading.load(participants, None, wanted.at, wanted.horizon).values(), wanted.at)


def load(
    sites: Iterable[int] | None,
    forms: Forms | None,
    now: datetime,
    at: datetime | None = None,
    whole: bool = False,
) -> Cohort:
    """The participants of some sites (None: of all), or the whole trial with those of other sites unnamed.

    As of an instant, if one is given.
    """
    everybody = Participant.objects.filter(voided_at__isnull=True)
    seen = everybody if sites is None else everybody.filter(site__in=sites)
    if not whole:
        return build_cohort(_books(seen, forms, at).values(), at or now)
    visible = set(seen.values_list("pk", flat=True))
    with site_scope.all_sites():  # the trial's numbers; who is of another site stays unnamed
        books = _books(everybody, forms, at)
    for pk, book in books.items():
        if pk not in visible:
            _wordless(book)
    return build_cohort(books.values(), at or now, visible)


def _wordless(book: Casebook) -> None:
    """Take out what somebody typed in words: codes and numbers are the trial's, sentences are the site's."""
    for record in book.everything():
        for question in crf_fields(type(record)):
            if isinstance(question, Text) and question.editable and question.name != "ctcae_code":
                setattr(record, question.attname, None)


def _books(participants: QuerySet[Participant], forms: Forms | None, at: datetime | None) -> dict[int, Casebook]:
    participants = participants.select_related("site").order_by("pk")
    return loading.load(participants.filter(created_at__lte=at) if at else participants, forms, at)
