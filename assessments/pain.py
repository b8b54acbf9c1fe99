"""Pain at the treated site and the drugs taken for it, at one visit (study.md 2.4, 2.9, 2.10)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise
from assessments.measurement import Measurement
from assessments.opioids import OpioidDose, converted, daily_omed
from assessments.responses import EARLY, Course, Response
from assessments.visit import INFORMANTS
from protocol import scores as scoring
from protocol.numbers import exact, written
from protocol.study import STUDY
from records.model import fields
from records.model.base import Score

INTERFERENCE = ("activity", "mood", "walking", "work", "relations", "sleep", "enjoyment")
SEVERITY = ("worst_pain", "least_pain", "average_pain", "pain_now")


def _pain(question: Any, required: bool = False) -> fields.Integer:
    return fields.Integer(
        question, unit="/ 10", min_value=0, max_value=10, standard="QSORRES", required=required,
        help_text=_("0 none, 10 worst imaginable; at the treated site."),
    )  # fmt: skip


def _interference(item: str, domain: Any) -> fields.Integer:
    return fields.Integer(
        _("BPI %(item)s · %(domain)s") % {"item": item, "domain": domain}, unit="/ 10", min_value=0, max_value=10,
        required=False, standard="QSORRES", help_text=_("0 does not interfere, 10 interferes completely."),
    )  # fmt: skip


class Pain(Measurement):
    """Pain and analgesics of the same day, so that a response can be judged."""

    slug = "pain"
    domain = "QS"

    assessed_on = fields.LocalDate(
        _("Date"), standard="QSDTC", help_text=_("Pain and opioids of one and the same day.")
    )
    informant = fields.Choice(_("Who told"), choices=INFORMANTS, help_text=_("A proxy is labelled as such."))
    worst_pain = _pain(_("Worst pain in the last 24 hours"), required=True)
    least_pain = _pain(_("Least pain in the last 24 hours"))
    average_pain = _pain(_("Pain on average"))
    pain_now = _pain(_("Pain right now"))
    relief_pct = fields.Integer(
        _("Relief by treatment"), unit="%", min_value=0, max_value=100, required=False, standard="QSORRES",
        help_text=_("In steps of 10; 100 is complete relief."),
    )  # fmt: skip
    mechanical = fields.YesNo(
        _("Is the pain mechanical?"), required=False, help_text=_("On movement or loading, easing when lying.")
    )
    worst_elsewhere = fields.Integer(
        _("Worst pain elsewhere"), unit="/ 10", min_value=0, max_value=10, required=False, standard="QSORRES",
        help_text=_("Kept apart: the response is judged at the treated site."),
    )  # fmt: skip
    interferes_activity = _interference("9A", _("general activity"))
    interferes_mood = _interference("9B", _("mood"))
    interferes_walking = _interference("9C", _("walking"))
    interferes_work = _interference("9D", _("work"))
    interferes_relations = _interference("9E", _("relations with others"))
    interferes_sleep = _interference("9F", _("sleep"))
    interferes_enjoyment = _interference("9G", _("enjoyment of life"))
    takes_opioids = fields.YesNo(
        _("Any opioid in the last 24 hours?"), standard="CMOCCUR", help_text=_("If yes, one row each, below.")
    )
    other_analgesics = fields.MultiChoice(
        _("Other analgesics"),
        choices=[
            ("paracetamol", _("Paracetamol")),
            ("nsaid", _("NSAID")),
            ("neuropathic", _("Gabapentin, pregabalin, antidepressant")),
            ("steroid", _("Steroid")),
            ("none", _("None")),
        ],
        required=False,
        standard="CMTRT",
        help_text=_("All that apply."),
    )

    class Meta(Measurement.Meta):
        verbose_name = _("Pain and analgesics")
        verbose_name_plural = _("Pain and analgesics")

    def cross_checks(self) -> dict[str, Any]:
        errors = super().cross_checks()
        if self.relief_pct is not None and self.relief_pct % 10:
            errors["relief_pct"] = _("Relief goes in steps of 10 %.")
        if self.worst_pain is not None and self.least_pain is not None and self.least_pain > self.worst_pain:
            errors["least_pain"] = _("The least pain is worse than the worst one. Check both.")
        return errors

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """BPI means, OMED by the study's one table, and the response since the last assessment before SBRT."""
        severity = scoring.bpi_severity([getattr(self, name) for name in SEVERITY])
        interference = scoring.bpi_interference([getattr(self, f"interferes_{name}") for name in INTERFERENCE])
        doses = rows.get("opioid-dose", [])
        omed = daily_omed(self, doses)
        course = Course(self, omed)
        return [
            Score(
                _("BPI severity"), _number(severity), _("mean of worst, least, average and now; all four are needed")
            ),
            Score(_("BPI interference"), _number(interference), _("mean of 9A to 9G; at least four are needed")),
            Score(
                _("Opioids (OMED)"),
                "" if omed is None else f"{written(omed)} mg",
                _sum(self, doses) if omed is not None else _("an opioid that is not converted, or a dose, is missing"),
                STUDY.opioids["table"],
            ),
            _judged(course.response(self)),
            *_relief(course),
        ]


def _sum(pain: Pain, doses: list[OpioidDose]) -> StrOrPromise:
    """40 × 1.5 + 25 × 2.4; rows that were left beside the answer that nothing is taken do not count."""
    if pain.takes_opioids == "no":
        return _("no opioid")
    factors: dict[str, float] = STUDY.opioids["factors"]
    return " + ".join(f"{written(exact(dose))} × {factors[drug]:g}" for drug, dose in converted(doses))


def _judged(judged: Response) -> Score:
    return Score(_("Pain response"), judged.verdict, judged.because, judged.flag)


def _relief(course: Course) -> list[Score]:
    """Days of pain relief over all visits; nothing before SBRT."""
    relief = course.relief()
    if relief is None:
        return []
    label = _("Duration of pain relief")
    if relief.began is None:
        return [Score(label, relief.verdict, relief.because)]
    days = str(relief.days) if relief.days == relief.days_at_most else f"{relief.days}–{relief.days_at_most}"
    value = (_("%(days)s days") if relief.verdict == "ended" else _("%(days)s days or more")) % {"days": days}
    because = _("from %(began)s to %(until)s: %(because)s") % vars(relief)
    early = EARLY % {"day": int(STUDY.pain["early_before_day"])} if course.is_early(relief.began) else ""
    return [Score(label, value, because, early)]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
