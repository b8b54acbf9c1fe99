"""Systemic and other therapy around the study treatment, each with its dates (study.md 3.0, 4.3)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import RepeatingRecord

SYSTEMIC = ["chemotherapy", "hormonal", "targeted", "anti-angiogenic", "immunotherapy"]


class Therapy(RepeatingRecord):
    """One treatment that is not the trial's."""

    slug = "therapy"
    domain = "CM"

    kind = fields.Choice(
        _("Kind"),
        choices=[
            ("chemotherapy", _("Chemotherapy")),
            ("hormonal", _("Hormonal")),
            ("targeted", _("Targeted")),
            ("anti-angiogenic", _("Bevacizumab or another anti-angiogenic")),
            ("immunotherapy", _("Immunotherapy")),
            ("radiotherapy", _("Radiotherapy")),
            ("steroid", _("Steroid")),
            ("anticoagulant", _("Anticoagulant")),
            ("bone", _("Bisphosphonate or denosumab")),
            ("other", _("Other")),
        ],
        standard="CMCAT",
        help_text=_("Anti-angiogenic drugs disturb wound healing."),
    )
    name = fields.Text(_("Drug or treatment"), standard="CMTRT", help_text=_("Generic name."))
    radiosensitising = fields.YesNo(
        _("Does it make tissue sensitive to radiation?"), visible_if=("kind", SYSTEMIC), required=False,
        help_text=_("Then say when it was paused."),
    )  # fmt: skip
    at_index_level = fields.YesNo(
        _("At the index level?"), visible_if=("kind", ["radiotherapy"]),
        help_text=_("Then the pain response is censored from that date."),
    )  # fmt: skip
    dose_gy = fields.Decimal(
        _("Dose"), unit="Gy", min_value=0, max_value=100, visible_if=("kind", ["radiotherapy"]), required=False,
        standard="CMDOSE", help_text=_("All fractions together."),
    )  # fmt: skip
    started_on = fields.PartialDateField(_("Started"), standard="CMSTDTC", help_text=_("What is known."))
    ongoing = fields.YesNo(_("Still going on?"), standard="CMENRF", help_text=_("At the last contact."))
    stopped_on = fields.PartialDateField(
        _("Last given"), visible_if=("ongoing", ["no"]), standard="CMENDTC", help_text=_("What is known.")
    )

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Therapy")
        verbose_name_plural = _("Other therapy")

    @property
    def title(self) -> str:
        return self.name or ""

    def cross_checks(self) -> dict[str, Any]:
        if self.started_on and self.stopped_on and self.stopped_on.latest < self.started_on.earliest:
            return {"stopped_on": _("It stopped before it started. Check both dates.")}
        return {}
