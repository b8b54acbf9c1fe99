"""How well the patient functions at a visit (study.md 2.3)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from assessments.measurement import Measurement
from enrollment.eligibility import AMBULATION
from enrollment.models import Death
from protocol.scores import kps_ecog_agree
from records import selectors
from records.model import fields

ECOG = [
    ("0", _("0 · fully active")),
    ("1", _("1 · restricted in strenuous work")),
    ("2", _("2 · self-caring, up more than half of waking hours")),
    ("3", _("3 · limited self-care, in bed or chair more than half")),
    ("4", _("4 · completely disabled")),
    ("5", _("5 · dead")),
]


class Function(Measurement):
    """Karnofsky, ECOG and walking."""

    slug = "function"
    domain = "RS"

    assessed_on = fields.LocalDate(_("Date"), standard="RSDTC", help_text=_("When it was judged."))
    kps = fields.Integer(
        _("Karnofsky performance status"), unit="/ 100", min_value=0, max_value=100, standard="RSORRES",
        help_text=_("Steps of 10."),
    )  # fmt: skip
    ecog = fields.Choice(
        _("ECOG performance status"), choices=ECOG, required=False, standard="RSORRES",
        help_text=_("Compared with Karnofsky, never converted."),
    )  # fmt: skip
    ambulation = fields.Choice(
        _("Walking"), choices=AMBULATION, standard="FTORRES",
        help_text=_("Bed rest prescribed for instability is not “does not walk”."),
    )  # fmt: skip

    class Meta(Measurement.Meta):
        verbose_name = _("Function")
        verbose_name_plural = _("Function")

    def cross_checks(self) -> dict[str, Any]:
        if self.kps is not None and self.kps % 10:
            return {"kps": _("Karnofsky goes in steps of 10; %(kps)s is between two of them.") % {"kps": self.kps}}
        if self.kps == 0 and not selectors.records_of(Death, self.participant).exists():
            return {"kps": _("Karnofsky 0 means dead, and no death is recorded. Record the death first.")}
        return super().cross_checks()

    def notices(self) -> dict[str, Any]:
        notices = super().notices()
        if self.kps is not None and self.ecog and not kps_ecog_agree(self.kps, int(self.ecog)):
            notices["ecog"] = _("ECOG %(ecog)s is not what usually goes with Karnofsky %(kps)s.") % {
                "ecog": self.ecog,
                "kps": self.kps,
            }
        return notices
