"""The wound at a visit (study.md 2.11, 4.3): the main worry of the trial."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from assessments.measurement import Measurement
from records.model import fields

SEEN = ("seen", ["yes"])
INFECTED = ("ssi_class", ["superficial", "deep", "organ-space"])
SSI = [
    ("none", _("No infection")),
    ("superficial", _("Superficial: skin and fat, within 30 days")),
    ("deep", _("Deep: fascia and muscle, within 90 days")),
    ("organ-space", _("Organ or space, within 90 days")),
]


class Wound(Measurement):
    """The wound as it looked, or as it was described."""

    slug = "wound"
    domain = "FA"

    assessed_on = fields.LocalDate(_("Date"), standard="FADTC", help_text=_("When the wound was judged."))
    seen = fields.YesNo(_("Was the wound judged?"), help_text=_("Seen, or described by somebody who looked."))
    by_whom = fields.Choice(
        _("By whom"),
        choices=[
            ("surgeon", _("Surgeon")), ("nurse", _("Research or ward nurse")), ("gp", _("GP or home care")),
            ("patient", _("The patient, by telephone")), ("photo", _("From a photograph")),
        ],
        visible_if=SEEN, help_text=_("Role only."),
    )  # fmt: skip
    closed_dry = fields.YesNo(
        _("Closed and dry?"), visible_if=SEEN, standard="FAORRES", help_text=_("Over its length.")
    )
    open_mm = fields.Integer(
        _("Length that is open"), unit="mm", min_value=0, max_value=600, warn_range=(0, 50),
        visible_if=("closed_dry", ["no"]),
        standard="FAORRES", help_text=_("All openings together."),
    )  # fmt: skip
    wound_mm = fields.Integer(
        _("Length of the whole wound"), unit="mm", min_value=1, max_value=600, warn_range=(10, 300),
        visible_if=("closed_dry", ["no"]),
        required=False, help_text=_("More than a quarter open is grade 2 at least."),
    )  # fmt: skip
    discharge = fields.Choice(
        _("Discharge"),
        choices=[
            ("none", _("None")), ("serous", _("Clear")), ("bloody", _("Bloody")), ("purulent", _("Pus")),
            ("csf", _("Perhaps cerebrospinal fluid")),
        ],
        visible_if=SEEN, help_text=_("At rest or on pressure."),
    )  # fmt: skip
    redness = fields.YesNo(_("Redness or warmth"), visible_if=SEEN, help_text=_("Beyond the stitches."))
    ssi_class = fields.Choice(
        _("Surgical site infection"), choices=SSI, visible_if=SEEN, standard="FAORRES", help_text=_("CDC class.")
    )
    culture = fields.Choice(
        _("Culture"),
        choices=[("not-taken", _("Not taken")), ("negative", _("Negative")), ("positive", _("Positive")),
                 ("pending", _("Pending"))],
        visible_if=INFECTED, standard="MBORRES", help_text=_("Of wound or fluid."),
    )  # fmt: skip
    organism = fields.Text(
        _("Organism"), visible_if=("culture", ["positive"]), required=False, standard="MBORRES",
        help_text=_("As the laboratory wrote it."),
    )  # fmt: skip
    treatment = fields.MultiChoice(
        _("Treatment of the wound"),
        choices=[
            ("none", _("None")), ("local", _("Local care")), ("antibiotics-oral", _("Antibiotics by mouth")),
            ("antibiotics-iv", _("Antibiotics by drip")), ("drainage", _("Drained by radiology")),
            ("reoperation", _("Operated again")),
        ],
        visible_if=SEEN, help_text=_("All that apply; then also record the adverse event."),
    )  # fmt: skip
    stitches_out_on = fields.LocalDate(
        _("Stitches or staples removed on"), visible_if=SEEN, required=False, help_text=_("If they are out.")
    )

    class Meta(Measurement.Meta):
        verbose_name = _("Wound check")
        verbose_name_plural = _("Wound checks")

    def cross_checks(self) -> dict[str, Any]:
        errors = super().cross_checks()
        if self.open_mm is not None and self.wound_mm is not None and self.open_mm > self.wound_mm:
            errors["open_mm"] = _("More is open than the wound is long. Check both lengths.")
        if self.treatment and "none" in self.treatment and len(self.treatment) > 1:
            errors["treatment"] = _("“None” and a treatment contradict each other.")
        return errors

    def notices(self) -> dict[str, Any]:
        notices = super().notices()
        if self.ssi_class in INFECTED[1] or self.closed_dry == "no":
            notices["ssi_class"] = _("Record it as an adverse event too, if that has not been done.")
        return notices
