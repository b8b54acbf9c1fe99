"""The forms of a visit."""

from django.utils.translation import gettext_lazy as _

from assessments.models import Function, Imaging, Labs, Neurology, OpioidDose, Pain, Quality, SinsLevel, Visit, Wound
from assessments.neurology import MUSCLES
from assessments.pain import INTERFERENCE, SEVERITY
from assessments.quality import DIMENSIONS
from records.model.forms import CrfForm, CrfRowForm


class VisitForm(CrfForm):
    sections = [
        (_("Visit"), ["done", "not_done_reason", "visited_on", "mode", "informant", "any_adverse_event", "note"]),
    ]

    class Meta:
        model = Visit
        fields = "__all__"


class OpioidForm(CrfRowForm):
    sections = [("", ["drug", "dose", "other_drug"])]

    class Meta:
        model = OpioidDose
        fields = "__all__"


class PainForm(CrfForm):
    row_forms = {"opioids": OpioidForm}
    sections = [
        (_("Pain at the treated site"), ["assessed_on", "informant", *SEVERITY, "relief_pct", "mechanical",
                                         "worst_elsewhere"]),
        (_("How pain interferes"), [f"interferes_{name}" for name in INTERFERENCE]),
        (_("Analgesics"), ["other_analgesics", "takes_opioids"]),
    ]  # fmt: skip

    class Meta:
        model = Pain
        fields = "__all__"


class FunctionForm(CrfForm):
    sections = [(_("Function"), ["assessed_on", "kps", "ecog", "ambulation"])]

    class Meta:
        model = Function
        fields = "__all__"


class NeurologyForm(CrfForm):
    sections = [
        (_("Impairment"), ["assessed_on", "ais", "prior_deficit", "sphincters"]),
        (_("If it became worse"), ["deterioration_cause", "imaging_on"]),
        (_("Strength of the legs (MRC)"), MUSCLES),
    ]

    class Meta:
        model = Neurology
        fields = "__all__"


class QualityForm(CrfForm):
    sections = [
        (_("Questionnaires"), ["completed_on", "mode", "informant", "language"]),
        (_("EQ-5D"), ["eq5d_done", "eq5d_version", *DIMENSIONS, "vas"]),
        (_("EORTC QLQ-C15-PAL"), ["c15_done", *(f"c15_{number:02}" for number in range(1, 16))]),
        (_("EORTC QLQ-BM22"), ["bm22_done", *(f"bm22_{number:02}" for number in range(1, 23))]),
        (_("SOSGOQ"), ["sosgoq_done", "sosgoq_version", *(f"sosgoq_{number:02}" for number in range(1, 21))]),
    ]

    class Meta:
        model = Quality
        fields = "__all__"


class WoundForm(CrfForm):
    sections = [
        (_("Wound"), ["assessed_on", "seen", "by_whom", "closed_dry", "open_mm", "wound_mm", "discharge", "redness",
                      "stitches_out_on"]),
        (_("Infection"), ["ssi_class", "culture", "organism", "treatment"]),
    ]  # fmt: skip

    class Meta:
        model = Wound
        fields = "__all__"


class LabsForm(CrfForm):
    sections = [
        (_("Sample"), ["sampled_at"]),
        (_("Blood count"), ["hb", "hb_unit", "hb_lower_limit", "white_cells", "neutrophils", "platelets"]),
        (_("Chemistry"), ["crp", "creatinine", "creatinine_upper_limit", "albumin", "inr"]),
    ]

    class Meta:
        model = Labs
        fields = "__all__"


class SinsForm(CrfRowForm):
    sections = [("", ["level", "location", "pain", "bone_lesion", "alignment", "collapse", "posterolateral"])]

    class Meta:
        model = SinsLevel
        fields = "__all__"


class ImagingForm(CrfForm):
    row_forms = {"sins": SinsForm}
    sections = [(_("Images"), ["imaged_on", "modalities", "elsewhere", "bilsky", "findings"])]

    class Meta:
        model = Imaging
        fields = "__all__"
