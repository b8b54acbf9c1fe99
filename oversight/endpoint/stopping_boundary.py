"""The stopping boundary on what has been judged: evaluable participants in the order of treatment (study.md 5.9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import DateTimeField, Min, QuerySet
from django.db.models.functions import Cast, Coalesce

from accounts import site_scope
from enrollment import enrolment_lock
from oversight.endpoint.history import PRIMARY
from oversight.models import EndpointVerdict
from procedures.models import SbrtFraction
from protocol import stopping
from protocol.study import STUDY
from records.models import Participant

EVALUABLE = ("yes", "no")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Look:
    """The rule after one more evaluable participant."""

    code: str
    participant_id: int
    event: bool
    evaluable: int
    events: int
    judged: stopping.Stopping


@dataclass(frozen=True)
class Summary:
    """All looks, and what is not in them."""

    looks: list[Look]
    undetermined: list[str]
    not_evaluable: list[str]
    events: int
    evaluable: int
    judged: stopping.Stopping
    low: float
    high: float
    best: tuple[int, int]
    worst: tuple[int, int]

    @property
    def low_pct(self) -> str:
        """The limits of the interval and the posterior, in per cent with one decimal."""
        return f"{100 * self.low:.1f}"

    @property
    def high_pct(self) -> str:
        return f"{100 * self.high:.1f}"

    @property
    def posterior_pct(self) -> str:
        return f"{100 * self.judged.posterior:.1f}"

    @property
    def hits(self) -> list[Look]:
        return [look for look in self.looks if look.judged.verdict == "stop"]


def latest() -> QuerySet[EndpointVerdict]:
    """The standing primary verdict of everybody treated."""
    verdicts = EndpointVerdict.objects.filter(variant=PRIMARY, participant__voided_at__isnull=True)
    return verdicts.order_by("participant_id", "-pk").distinct("participant_id").select_related("participant")


def summary() -> Summary:
    """Judge all of the trial as it was judged last, in the order of treatment, whatever its size and whoever asks."""
    with site_scope.all_sites():
        standing, began = list(latest()), _began()
    verdicts = sorted(standing, key=lambda verdict: (began.get(verdict.participant_id, _NEVER), verdict.participant_id))
    return summarise((verdict.participant.code, verdict.participant_id, verdict.verdict) for verdict in verdicts)


def _began() -> dict[int, datetime]:
    """Participant -> first beam (its day, where the hour is not known)."""
    counted = SbrtFraction.objects.filter(voided_at__isnull=True, sbrt__voided_at__isnull=True)
    day = Cast(Coalesce("beam_on_at_date", "beam_off_at_date"), DateTimeField())
    first = counted.values("participant_id").annotate(first=Min(Coalesce("beam_on_at", "beam_off_at", day)))
    return {pk: moment for pk, moment in first.values_list("participant_id", "first") if moment}


def summarise(judged_in_order: Iterable[tuple[str, int, str]]) -> Summary:
    """The looks of (code, participant, primary verdict) in the order of treatment."""
    looks: list[Look] = []
    events = 0
    open_ones: list[str] = []
    lost: list[str] = []
    for code, participant_id, verdict in judged_in_order:
        if verdict not in EVALUABLE:
            (lost if verdict == "not evaluable" else open_ones).append(code)
            continue
        events += verdict == "yes"
        judged = stopping.judge(events, len(looks) + 1)
        looks.append(Look(code, participant_id, verdict == "yes", len(looks) + 1, events, judged))
    evaluable = len(looks)
    low, high = stopping.interval(events, evaluable)
    treated = evaluable + len(lost)
    now = stopping.judge(events, evaluable)
    best, worst = (events, treated), (events + len(lost), treated)
    return Summary(looks, open_ones, lost, events, evaluable, now, low, high, best, worst)


def watch(now: datetime) -> enrolment_lock.EnrolmentLock | None:
    """Lock new enrolment where the boundary is reached and nobody has decided on it yet."""
    hits = summary().hits
    if not hits:
        return None
    last = hits[-1]
    return enrolment_lock.close(last.events, last.evaluable, last.judged.because, now)


def treated() -> int:
    """How many have had the trial's operation: the cap of the trial counts these (situation 27)."""
    done = {"surgery_records__index": "yes", "surgery_records__performed": "yes", "surgery_records__voided_at": None}
    return Participant.objects.filter(voided_at__isnull=True, **done).distinct().count()


def full() -> bool:
    """Whether as many as planned have been treated."""
    return treated() >= STUDY.participants
