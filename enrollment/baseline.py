"""What must be known before treatment (study.md 3.0): the endpoint and the scores start here."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import Score, SingleRecord

TUMOURS = [
    ("breast", _("Breast")),
    ("prostate", _("Prostate")),
    ("lung", _("Lung")),
    ("kidney", _("Kidney")),
    ("colorectal", _("Colon or rectum")),
    ("oesophagus", _("Oesophagus or stomach")),
    ("thyroid", _("Thyroid")),
    ("melanoma", _("Melanoma")),
    ("bladder", _("Bladder")),
    ("unknown-primary", _("Unknown primary")),
    ("other", _("Other")),
]


def _grade(question: Any, highest: int) -> fields.Integer:
    return fields.Integer(
        question, unit=_("grade"), min_value=0, max_value=highest, standard="FAORRES",
        help_text=_("CTCAE before treatment; 0 where it was absent."),
    )  # fmt: skip


class Baseline(SingleRecord):
    """Tumour, history, wound risk and symptom grades before treatment; what is measured has its own forms."""

    slug = "baseline"
    domain = "MH"

    assessed_on = fields.LocalDate(_("Assessed on"), help_text=_("In the week before SBRT."))
    primary_tumour = fields.Choice(
        _("Primary tumour"), choices=TUMOURS, standard="MHTERM", help_text=_("Where it began.")
    )
    histology = fields.Text(_("Histology"), standard="MHTERM", help_text=_("From the pathology report."))
    metastases = fields.MultiChoice(
        _("Other metastases"),
        choices=[("visceral", _("Visceral")), ("brain", _("Brain")), ("bone", _("Other bone")), ("none", _("None"))],
        help_text=_("All that apply, or none."),
    )
    spinal_metastases = fields.Integer(
        _("Metastases of the spine"),
        unit=_("lesions"),
        min_value=1,
        max_value=30,
        help_text=_("The index lesion included."),
    )
    systemic_therapy = fields.YesNo(
        _("Systemic therapy in the last 3 months?"), help_text=_("If yes, add each drug under Therapy, with its dates.")
    )
    steroids = fields.YesNo(_("Steroids"), standard="CMTRT", help_text=_("At baseline."))
    anticoagulants = fields.YesNo(_("Anticoagulants"), standard="CMTRT", help_text=_("At baseline."))
    living = fields.Choice(
        _("Lives"),
        choices=[("alone", _("Alone")), ("with-others", _("With others")), ("institution", _("In an institution"))],
        required=False,
        help_text=_("Before admission."),
    )
    asa = fields.Choice(
        _("ASA class"), choices=[(c, c) for c in ("I", "II", "III", "IV", "V")], required=False,
        help_text=_("At the anaesthesia screening."),
    )  # fmt: skip
    height_cm = fields.Integer(
        _("Height"), unit="cm", min_value=50, max_value=250, warn_range=(140, 210), required=False, standard="VSORRES",
        help_text=_("For the body-mass index."),
    )  # fmt: skip
    weight_kg = fields.Decimal(
        _("Weight"), unit="kg", min_value=20, max_value=300, warn_range=(40, 150), required=False, standard="VSORRES",
        help_text=_("For the body-mass index."),
    )  # fmt: skip
    weight_loss_pct = fields.Decimal(
        _("Weight lost in the last 6 months"), unit="%", min_value=0, max_value=80, warn_range=(0, 20), required=False,
        help_text=_("Of the earlier weight."),
    )  # fmt: skip
    diabetes = fields.YesNo(_("Diabetes"), standard="MHTERM", help_text=_("Slows wound healing."))
    smoking = fields.Choice(
        _("Smoking"),
        choices=[("never", _("Never")), ("former", _("Stopped")), ("current", _("Smokes"))],
        standard="SUTRT",
        help_text=_("Slows wound healing."),
    )
    radiotherapy_near = fields.YesNo(
        _("Earlier radiotherapy near the field"), standard="PRTRT", help_text=_("At the index level it would exclude.")
    )
    grade_pain = _grade(_("Pain"), 3)
    grade_weakness = _grade(_("Weakness"), 5)
    grade_sensory = _grade(_("Sensory loss"), 5)
    grade_constipation = _grade(_("Constipation"), 5)
    grade_nausea = _grade(_("Nausea"), 3)
    grade_urinary_retention = _grade(_("Urinary retention"), 5)
    grade_fatigue = _grade(_("Fatigue"), 3)

    class Meta(SingleRecord.Meta):
        verbose_name = _("Baseline")
        verbose_name_plural = _("Baseline")

    @property
    def bmi(self) -> float | None:
        """Body-mass index in kg/m²."""
        if self.height_cm and self.weight_kg:
            return round(float(self.weight_kg) / (self.height_cm / 100) ** 2, 1)
        return None

    def cross_checks(self) -> dict[str, Any]:
        if self.metastases and "none" in self.metastases and len(self.metastases) > 1:
            return {"metastases": _("“None” and a site contradict each other.")}
        return {}

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """Body-mass index."""
        formula = _("kg divided by the square of metres")
        return [Score(_("Body-mass index"), f"{self.bmi} kg/m²" if self.bmi else "", formula)]
