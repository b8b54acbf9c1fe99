"""Pain response at a visit, since the last assessment before SBRT (study.md 2.10)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from assessments.opioids import OpioidDose, daily_omed
from enrollment.models import Therapy
from procedures.models import SbrtFraction, Surgery
from protocol import scores as scoring
from protocol.study import STUDY
from records import selectors


@dataclass(frozen=True)
class Response:
    """CR, PR, PP, IR, or an empty verdict where this assessment is not a response; why; and what to beware of."""

    verdict: str
    because: str
    flag: str = ""


def response(pain: Any, omed: float | None) -> Response:
    """Judge one assessment, typed or saved, against the participant's last one before the first beam."""
    first_beam = _first_beam(pain)
    if first_beam is None or pain.assessed_on is None or pain.assessed_on <= first_beam:
        return Response("", _("judged after SBRT"))
    found = selectors.of(type(pain), pain.participant).filter(assessed_on__lte=first_beam).exclude(pk=pain.pk)
    baseline = found.order_by("-assessed_on", "-pk").first()
    if baseline is None:
        return Response("not evaluable", _("there is no assessment before SBRT"))
    before = daily_omed(baseline, selectors.rows(OpioidDose, baseline))
    judged = scoring.pain_response((baseline.worst_pain, before), (pain.worst_pain, omed))
    then = _("baseline %(on)s: pain %(pain)s, OMED %(omed)s") % {
        "on": baseline.assessed_on,
        "pain": "–" if baseline.worst_pain is None else baseline.worst_pain,
        "omed": "–" if before is None else f"{before:g} mg",
    }
    return Response(judged.verdict, f"{judged.because}; {then}", _flag(pain))


def _first_beam(pain: Any) -> date | None:
    """The local day of the first beam."""
    rows = SbrtFraction.objects.filter(participant=pain.participant, voided_at__isnull=True)
    days = [row.beam_on_at_date or row.beam_off_at_date for row in rows.filter(sbrt__voided_at__isnull=True)]
    return min((day for day in days if day), default=None)


def _flag(pain: Any) -> str:
    """Early after surgery opioids mean little; after the level was treated again the response is censored."""
    operations = selectors.of(Surgery, pain.participant)
    index = next((each.incision_at_date for each in operations if each.index == "yes"), None)
    again = [each.incision_at_date for each in operations if each.index == "no" and each.at_index_level == "yes"]
    again += [
        each.started_on.earliest
        for each in selectors.of(Therapy, pain.participant)
        if each.kind == "radiotherapy" and each.at_index_level == "yes" and each.started_on
    ]
    censored = min((on for on in again if on), default=None)
    if censored and pain.assessed_on >= censored:
        return _("censored: the index level was treated again on %(on)s") % {"on": censored}
    if index and (pain.assessed_on - index).days < STUDY.pain["early_before_day"]:
        return _("peri-operative opioids: before day %(day)s") % {"day": int(STUDY.pain["early_before_day"])}
    return ""
