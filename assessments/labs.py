"""Blood values with their units, and the CTCAE grades they suggest (study.md 3.0, 4.3, 5.2)."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.measurement import Measurement
from protocol import labs
from protocol.numbers import written
from records.model import fields
from records.model.base import Score

_HB_LIMITS = {"mmol/l": (1.0, 15.0), "g/dl": (1.6, 24.2)}
_HB_USUAL = {"mmol/l": (5.0, 11.5), "g/dl": (8.0, 18.5)}
_TERMS = {
    "hb": _("Anemia"), "white_cells": _("White blood cell decreased"), "neutrophils": _("Neutrophil count decreased"),
    "platelets": _("Platelet count decreased"), "creatinine": _("Creatinine increased"),
}  # fmt: skip


def _lab(
    question: Any,
    unit: Any,
    low: float,
    high: float,
    usual: tuple[float, float],
    help_text: Any,
    required: bool = False,
) -> fields.Decimal:
    return fields.Decimal(
        question, unit=unit, min_value=low, max_value=high, warn_range=usual, places=2, required=required,
        standard="LBORRES", help_text=help_text,
    )  # fmt: skip


class Labs(Measurement):
    """One blood sample."""

    slug = "labs"
    domain = "LB"
    measured = "sampled_at_date"

    sampled_at = fields.Instant(
        _("Sample taken"), standard="LBDTC", help_text=_("Leave the time empty if only the day is known.")
    )
    sampled_at_date: date | None
    hb = _lab(_("Haemoglobin"), _("in the unit below"), 1, 24.2, (5, 18.5), _("As the laboratory reported it."), True)
    hb_unit = fields.Choice(
        _("Unit of the haemoglobin"),
        choices=[("mmol/l", "mmol/l"), ("g/dl", "g/dl")],
        standard="LBORRESU",
        help_text=_("Dutch laboratories report mmol/l; 8 g/dl is 4.96 mmol/l."),
    )
    hb_lower_limit = _lab(
        _("Lower limit of haemoglobin"),
        _("in the same unit"),
        1,
        24.2,
        (7, 15),
        _("The laboratory's own, for grade 1."),
    )
    white_cells = _lab(_("White cells"), "10⁹/l", 0, 500, (3, 15), _("Leucocytes."))
    neutrophils = _lab(_("Neutrophils"), "10⁹/l", 0, 400, (1.5, 10), _("If differentiated."))
    platelets = _lab(_("Platelets"), "10⁹/l", 0, 3000, (100, 500), _("Thrombocytes."))
    crp = _lab(_("CRP"), "mg/l", 0, 800, (0, 150), _("C-reactive protein."))
    creatinine = _lab(_("Creatinine"), "µmol/l", 5, 3000, (40, 150), _("In µmol/l: 1 mg/dl is 88.4."))
    creatinine_upper_limit = _lab(
        _("Upper limit of creatinine"),
        "µmol/l",
        30,
        200,
        (60, 120),
        _("The laboratory's own; the grade counts from it."),
    )
    albumin = _lab(_("Albumin"), "g/l", 5, 80, (25, 55), _("For wound healing."))
    inr = _lab(_("INR"), "INR", 0.5, 20, (0.8, 1.5), _("International normalised ratio."))

    class Meta(Measurement.Meta):
        verbose_name = _("Blood values")
        verbose_name_plural = _("Blood values")

    def cross_checks(self) -> dict[str, Any]:
        if self.hb is None or self.hb_unit is None:
            return super().cross_checks()
        low, high = _HB_LIMITS[self.hb_unit]
        if low <= self.hb <= high:
            return super().cross_checks()
        other = "g/dl" if self.hb_unit == "mmol/l" else "mmol/l"
        return {"hb": _("%(hb)s %(unit)s cannot be. Was it %(other)s?") % {
            "hb": self.hb, "unit": self.hb_unit, "other": other,
        }}  # fmt: skip

    def notices(self) -> dict[str, Any]:
        notices = super().notices()
        notices.pop("hb", None)
        if self.hb is not None and self.hb_unit:
            low, high = _HB_USUAL[self.hb_unit]
            if not low <= self.hb <= high:
                params = {"hb": self.hb, "unit": self.hb_unit, "low": low, "high": high}
                question = _("%(hb)s %(unit)s is outside what is usual (%(low)s to %(high)s). Is the unit right?")
                notices["hb"] = question % params
        return notices

    @property
    def hb_mmol_l(self) -> Decimal | None:
        """Haemoglobin in mmol/l, whatever unit it came in; to be shown."""
        return labs.haemoglobin_mmol_l(self.hb, self.hb_unit) if self.hb is not None and self.hb_unit else None

    def suggestions(self) -> dict[str, labs.Suggestion]:
        """Value -> the grade that CTCAE puts on it, in the unit it was given in: its bounds are published in that."""
        asked: dict[str, labs.Suggestion | None] = {}
        if self.hb is not None and self.hb_unit:
            asked["hb"] = labs.too_low("anemia", self.hb, self.hb_unit, self.hb_lower_limit)
        for name in ("white_cells", "neutrophils", "platelets"):
            if (value := getattr(self, name)) is not None:
                asked[name] = labs.too_low(name, value, str(self.question(name).unit))
        if self.creatinine is not None and self.creatinine_upper_limit is not None:
            asked["creatinine"] = labs.too_high("creatinine", self.creatinine, self.creatinine_upper_limit)
        return {name: suggestion for name, suggestion in asked.items() if suggestion}

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """Haemoglobin in one unit, and each grade that a value suggests, with a way to record it."""
        scores = []
        if self.hb_mmol_l is not None:
            scores.append(Score(_("Haemoglobin"), f"{written(self.hb_mmol_l)} mmol/l", _("1 mmol/l is 1.6114 g/dl")))
        new = reverse("new-form", args=[self.participant.code, "adverse-event"])
        for name, suggestion in self.suggestions().items():
            prefill = {
                "ctcae_code": suggestion.code,
                "verbatim": str(_TERMS[name]),
                "onset_on": self.sampled_at_date or "",
            }
            value = _("would be grade %(grade)s") % {"grade": suggestion.grade}
            offer = _("Record it as an adverse event")
            scores.append(
                Score(_TERMS[name], value, suggestion.because, "CTCAE 4.03", f"{new}?{urlencode(prefill)}", offer)
            )
        return scores
