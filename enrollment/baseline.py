"""What must be known before treatment (study.md 3.0): the endpoint and the scores start here."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from enrollment.eligibility import AIS, AMBULATION
from protocol import scores
from records import fields
from records.base import RowRecord, SingleRecord
from records.levels import LEVELS

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
DRUGS = [
    ("morphine_po_mg", _("Morphine by mouth (mg a day)")),
    ("oxycodone_po_mg", _("Oxycodone by mouth (mg a day)")),
    ("hydromorphone_po_mg", _("Hydromorphone by mouth (mg a day)")),
    ("tapentadol_po_mg", _("Tapentadol by mouth (mg a day)")),
    ("tramadol_po_mg", _("Tramadol by mouth (mg a day)")),
    ("fentanyl_td_ug_per_h", _("Fentanyl patch (µg an hour)")),
    ("other", _("Another opioid (not converted)")),
]


SINS = {
    "location": [("3", _("3 · junctional")), ("2", _("2 · mobile")), ("1", _("1 · semirigid")), ("0", _("0 · rigid"))],
    "pain": [("3", _("3 · mechanical")), ("1", _("1 · occasional, not mechanical")), ("0", _("0 · no pain"))],
    "bone_lesion": [("2", _("2 · lytic")), ("1", _("1 · mixed")), ("0", _("0 · blastic"))],
    "alignment": [
        ("4", _("4 · subluxation or translation")),
        ("2", _("2 · new deformity")),
        ("0", _("0 · normal")),
    ],
    "collapse": [
        ("3", _("3 · more than half")),
        ("2", _("2 · less than half")),
        ("1", _("1 · none, more than half of the body involved")),
        ("0", _("0 · none of these")),
    ],
    "posterolateral": [("3", _("3 · both sides")), ("1", _("1 · one side")), ("0", _("0 · none"))],
}


def _sins(component: str, question: Any) -> fields.Choice:
    return fields.Choice(question, choices=SINS[component], standard="RSORRES", help_text=_("SINS points."))


def _grade(question: Any, highest: int) -> fields.Integer:
    return fields.Integer(
        question, unit=_("grade"), low=0, high=highest, standard="FAORRES",
        help_text=_("CTCAE before treatment; 0 where it was absent."),
    )  # fmt: skip


def _lab(question: Any, unit: str, low: float, high: float, soft: tuple[float, float]) -> fields.Decimal:
    return fields.Decimal(
        question, unit=unit, low=low, high=high, soft=soft, required=False, standard="LBORRES",
        help_text=_("Last before SBRT, in %(unit)s.") % {"unit": unit},
    )  # fmt: skip


class Baseline(SingleRecord):
    """Tumour, spine, pain, wound risk and symptom grades before treatment."""

    slug = "baseline"
    domain = "MH"

    assessed_on = fields.LocalDate(_("Assessed on"), help_text=_("In the week before SBRT."))
    primary_tumour = fields.Choice(
        _("Primary tumour"), choices=TUMOURS, standard="MHTERM", help_text=_("Where it began.")
    )
    histology = fields.Text(_("Histology"), standard="MHTERM", help_text=_("From the pathology report."))
    metastases = fields.Codes(
        _("Other metastases"),
        choices=[("visceral", _("Visceral")), ("brain", _("Brain")), ("bone", _("Other bone")), ("none", _("None"))],
        help_text=_("All that apply, or none."),
    )
    spinal_metastases = fields.Integer(
        _("Metastases of the spine"), unit=_("lesions"), low=1, high=30, help_text=_("The index lesion included.")
    )
    index_level = fields.Choice(
        _("Index level scored below"), choices=LEVELS, standard="TULOC", help_text=_("With several, the worst.")
    )
    systemic_therapy = fields.YesNo(_("Systemic therapy in the last 3 months?"), help_text=_("Any anti-cancer drug."))
    systemic_kind = fields.Codes(
        _("Which kind"),
        choices=[
            ("chemotherapy", _("Chemotherapy")),
            ("hormonal", _("Hormonal")),
            ("targeted", _("Targeted")),
            ("anti-angiogenic", _("Bevacizumab or another anti-angiogenic")),
            ("immunotherapy", _("Immunotherapy")),
        ],
        shown_if=("systemic_therapy", ["yes"]),
        standard="CMTRT",
        help_text=_("Anti-angiogenic drugs disturb wound healing."),
    )
    systemic_started_on = fields.PartialDateField(
        _("Started"), shown_if=("systemic_therapy", ["yes"]), standard="CMSTDTC", help_text=_("What is known.")
    )
    systemic_stopped_on = fields.PartialDateField(
        _("Last given"), shown_if=("systemic_therapy", ["yes"]), standard="CMENDTC", required=False,
        help_text=_("Empty where it goes on."),
    )  # fmt: skip
    steroids = fields.YesNo(_("Steroids"), standard="CMTRT", help_text=_("At baseline."))
    anticoagulants = fields.YesNo(_("Anticoagulants"), standard="CMTRT", help_text=_("At baseline."))
    sins_location = _sins("location", _("SINS · location"))
    sins_pain = _sins("pain", _("SINS · pain"))
    sins_bone_lesion = _sins("bone_lesion", _("SINS · bone lesion"))
    sins_alignment = _sins("alignment", _("SINS · alignment"))
    sins_collapse = _sins("collapse", _("SINS · collapse"))
    sins_posterolateral = _sins("posterolateral", _("SINS · posterolateral involvement"))
    worst_pain = fields.Integer(
        _("Worst pain at the index site, last 24 hours"), unit="/ 10", low=0, high=10, standard="QSORRES",
        help_text=_("0 none, 10 worst imaginable."),
    )  # fmt: skip
    kps = fields.Integer(
        _("Karnofsky performance status"), unit="/ 100", low=0, high=100, standard="RSORRES",
        help_text=_("Steps of 10."),
    )  # fmt: skip
    ais = fields.Choice(_("ASIA impairment scale"), choices=AIS, standard="RSORRES", help_text=_("At baseline."))
    prior_deficit = fields.YesNo(_("Was there ever a deficit?"), help_text=_("Tells recovered from never affected."))
    ambulation = fields.Choice(_("Walking"), choices=AMBULATION, help_text=_("At baseline."))
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
        _("Height"), unit="cm", low=50, high=250, soft=(140, 210), required=False, standard="VSORRES",
        help_text=_("For the body-mass index."),
    )  # fmt: skip
    weight_kg = fields.Decimal(
        _("Weight"), unit="kg", low=20, high=300, soft=(40, 150), required=False, standard="VSORRES",
        help_text=_("For the body-mass index."),
    )  # fmt: skip
    weight_loss_pct = fields.Decimal(
        _("Weight lost in the last 6 months"), unit="%", low=0, high=80, soft=(0, 20), required=False,
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
    albumin_g_l = _lab(_("Albumin"), "g/l", 5, 80, (25, 55))
    hb_mmol_l = _lab(_("Haemoglobin"), "mmol/l", 1, 15, (5, 11.5))
    platelets_10e9_l = _lab(_("Platelets"), "10⁹/l", 1, 2000, (100, 500))
    crp_mg_l = _lab(_("CRP"), "mg/l", 0, 700, (0, 150))
    creatinine_umol_l = _lab(_("Creatinine"), "µmol/l", 10, 2000, (40, 150))
    inr = _lab(_("INR"), "INR", 0.5, 15, (0.8, 1.5))
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

    def sins_points(self) -> dict[str, int] | None:
        """The six components, or None while one is unanswered."""
        points = {name: getattr(self, f"sins_{name}") for name in SINS}
        return {name: int(value) for name, value in points.items()} if all(points.values()) else None

    def cross_checks(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.kps is not None and self.kps % 10:
            said["kps"] = _("Karnofsky goes in steps of 10; %(kps)s is between two of them.") % {"kps": self.kps}
        if self.metastases and "none" in self.metastases and len(self.metastases) > 1:
            said["metastases"] = _("“None” and a site contradict each other.")
        return said

    def notices(self) -> dict[str, Any]:
        said = super().notices()
        expected = scores.sins_location(self.index_level) if self.index_level else None
        if expected is not None and self.sins_location and int(self.sins_location) != expected:
            said["sins_location"] = _("%(level)s counts %(points)s points for location. Please check.") % {
                "level": self.index_level,
                "points": expected,
            }
        return said


class OpioidDose(RowRecord):
    """One opioid as taken in the last 24 hours, scheduled and rescue together."""

    slug = "opioid-dose"
    domain = "CM"
    parent_field = "baseline"

    baseline = models.ForeignKey(Baseline, models.PROTECT, related_name="opioids", editable=False)
    drug = fields.Choice(_("Opioid"), choices=DRUGS, standard="CMTRT", help_text=_("Drug and route."))
    dose = fields.Decimal(
        _("Taken in 24 hours"), unit=_("as named"), low=0, high=5000, places=1, standard="CMDOSE",
        help_text=_("In the unit named with the drug; a patch per hour."),
    )  # fmt: skip
    other_drug = fields.Text(
        _("Which, and how much"), shown_if=("drug", ["other"]), help_text=_("Drug, dose, route and unit.")
    )

    class Meta(RowRecord.Meta):
        verbose_name = _("Opioid")
        verbose_name_plural = _("Opioids in the last 24 hours")
