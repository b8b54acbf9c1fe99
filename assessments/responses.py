"""Pain response at a visit, since the last assessment before SBRT, and how long relief lasted (study.md 2.10)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.opioids import OpioidDose, daily_omed
from assessments.visit import Visit
from enrollment.models import Contact, Death, EndOfStudy, Therapy
from procedures.models import SbrtFraction, Surgery
from protocol import scores as scoring
from protocol.numbers import written
from protocol.partial_dates import PartialDate
from protocol.study import STUDY
from records import selectors
from records.models import Participant

EARLY = gettext_lazy("peri-operative opioids: before day %(day)s")


@dataclass(frozen=True)
class Response:
    """CR, PR, PP, IR, or an empty verdict where this assessment is not a response; why; and what to beware of."""

    verdict: str
    because: str
    flag: str = ""


class Course:
    """One participant's pain before and after SBRT; `typed` is the assessment on the page, saved or not."""

    def __init__(self, typed: Any, omed: Decimal | None) -> None:
        self.typed, self.participant = typed, typed.participant
        self.first_beam = _first_beam(self.participant)
        self.omeds: dict[int, Decimal | None] = {}
        self.assessed = [typed] if typed.assessed_on else []
        if self.first_beam is not None:
            self.assessed += (
                selectors.records_of(type(typed), self.participant).exclude(pk=typed.pk).exclude(assessed_on=None)
            )
            self.omeds = self._omeds()
        self.omeds[id(typed)] = omed
        self.assessed.sort(key=lambda pain: (pain.assessed_on, pain.pk or 0))
        before = [pain for pain in self.assessed if self.first_beam and pain.assessed_on <= self.first_beam]
        self.baseline = before[-1] if before else None
        self.operations = list(selectors.records_of(Surgery, self.participant))
        self.treated_again = _treated_again(self.participant, self.operations, self.first_beam)

    def _omeds(self) -> dict[int, Decimal | None]:
        doses: dict[int, list[OpioidDose]] = {}
        for row in OpioidDose.objects.filter(pain__in=[pain.pk for pain in self.assessed if pain.pk]):
            if not row.is_void:
                doses.setdefault(row.pain_id, []).append(row)
        return {id(pain): daily_omed(pain, doses.get(pain.pk, [])) for pain in self.assessed}

    def response(self, pain: Any) -> Response:
        """Judge one assessment against the last one before the first beam."""
        if self.first_beam is None or pain.assessed_on is None or pain.assessed_on <= self.first_beam:
            return Response("", _("judged after SBRT"))
        if self.baseline is None:
            return Response("not evaluable", _("there is no assessment before SBRT"))
        before = self.omeds[id(self.baseline)]
        judged = scoring.pain_response((self.baseline.worst_pain, before), (pain.worst_pain, self.omeds[id(pain)]))
        then = _("baseline %(on)s: pain %(pain)s, OMED %(omed)s") % {
            "on": self.baseline.assessed_on,
            "pain": "–" if self.baseline.worst_pain is None else self.baseline.worst_pain,
            "omed": "–" if before is None else f"{written(before)} mg",
        }
        return Response(judged.verdict, f"{judged.because}; {then}", self._flag(pain))

    def relief(self) -> scoring.Relief | None:
        """How long pain relief lasted, as far as is recorded; None before SBRT."""
        after = [pain for pain in self.assessed if self.first_beam and pain.assessed_on > self.first_beam]
        if not after:
            return None
        death = selectors.records_of(Death, self.participant).first()
        died = (death.died_on or (PartialDate.of(death.learned_on) if death.learned_on else None)) if death else None
        return scoring.pain_relief(
            [(pain.assessed_on, self.response(pain).verdict) for pain in after],
            treated_again=self.treated_again,
            died=died,
            last_contact=_last_contact(self.participant),
        )

    def is_early(self, on: date) -> bool:
        """Whether opioids given around the operation still blur what is seen."""
        index = next((operation.incision_at_date for operation in self.operations if operation.index == "yes"), None)
        return index is not None and (on - index).days < STUDY.pain["early_before_day"]

    def _flag(self, pain: Any) -> str:
        """Early after surgery opioids mean little; after the level was treated again the response is censored."""
        if self.treated_again and pain.assessed_on >= self.treated_again.earliest:
            return _("censored: the index level was treated again on %(on)s") % {"on": self.treated_again}
        return EARLY % {"day": int(STUDY.pain["early_before_day"])} if self.is_early(pain.assessed_on) else ""


def _first_beam(participant: Participant) -> date | None:
    """The local day of the first beam."""
    rows = SbrtFraction.objects.filter(participant=participant, voided_at__isnull=True)
    days = [row.beam_on_at_date or row.beam_off_at_date for row in rows.filter(sbrt__voided_at__isnull=True)]
    return min((day for day in days if day), default=None)


def _treated_again(participant: Participant, operations: list[Surgery], first_beam: date | None) -> PartialDate | None:
    """The first operation or radiotherapy of the index level after the trial's own; what came before is history."""
    again = [
        PartialDate.of(operation.incision_at_date)
        for operation in operations
        if operation.index == "no" and operation.at_index_level == "yes" and operation.incision_at_date
    ]
    again += [
        therapy.started_on
        for therapy in selectors.records_of(Therapy, participant)
        if therapy.kind == "radiotherapy" and therapy.at_index_level == "yes" and therapy.started_on
    ]
    later = [on for on in again if first_beam is None or on.latest > first_beam]
    return min(later, key=lambda on: (on.earliest, on.latest), default=None)


def _last_contact(participant: Participant) -> date | None:
    """The last day on which somebody knew that the participant was alive."""
    days = [visit.visited_on for visit in selectors.records_of(Visit, participant) if visit.done == "yes"]
    days += [contact.known_alive_on for contact in selectors.records_of(Contact, participant)]
    days += [end.last_seen_on for end in selectors.records_of(EndOfStudy, participant)]
    return max((day for day in days if day), default=None)
