"""The forms of a visit."""

from django.utils.translation import gettext_lazy as _

from assessments.models import Function, Imaging, Labs, Neurology, OpioidDose, Pain, Quality, SinsLevel, Visit, Wound
from assessments.neurology import MUSCLES
from assessments.pain import INTERFERENCE, SEVERITY
from assessments.quality import DIMENSIONS
from records.model.forms import CrfForm, CrfRowForm
from records.model.layout import Layout, Row, Section, Table


class VisitForm(CrfForm):
    layout = Layout(
        Section(_("Visit"), "done", "not_done_reason", "visited_on", "mode", "informant", "any_adverse_event", "note"),
    )

    class Meta:
        model = Visit
        fields = "__all__"


class OpioidForm(CrfRowForm):
    layout = Layout(
        Section("", "drug", "dose", "other_drug"),
    )

    class Meta:
        model = OpioidDose
        fields = "__all__"


class PainForm(CrfForm):
    row_forms = {"opioids": OpioidForm}
    layout = Layout(
        Section(
            _("Pain at the treated site"),
            "assessed_on",
            "informant",
            Table(*SEVERITY),
            "relief_pct",
            "mechanical",
            "worst_elsewhere",
        ),
        Section(_("How pain interferes"), Table(*(f"interferes_{name}" for name in INTERFERENCE))),
        Section(_("Analgesics"), "other_analgesics", "takes_opioids"),
    )

    class Meta:
        model = Pain
        fields = "__all__"


class FunctionForm(CrfForm):
    layout = Layout(
        Section(_("Function"), "assessed_on", "kps", "ecog", "ambulation"),
    )

    class Meta:
        model = Function
        fields = "__all__"


class NeurologyForm(CrfForm):
    layout = Layout(
        Section(_("Impairment"), "assessed_on", "ais", "prior_deficit", "sphincters"),
        Section(_("If it became worse"), "deterioration_cause", "imaging_on"),
        Section(
            _("Strength of the legs (MRC)"), *(Row(*pair) for pair in zip(MUSCLES[::2], MUSCLES[1::2], strict=True))
        ),
    )

    class Meta:
        model = Neurology
        fields = "__all__"


class QualityForm(CrfForm):
    layout = Layout(
        Section(_("Questionnaires"), "completed_on", "mode", "informant", "language"),
        Section(_("EQ-5D"), "eq5d_done", "eq5d_version", Table(*DIMENSIONS), "vas"),
        Section(_("EORTC QLQ-C15-PAL"), "c15_done", Table(*(f"c15_{number:02}" for number in range(1, 16)))),
        Section(_("EORTC QLQ-BM22"), "bm22_done", Table(*(f"bm22_{number:02}" for number in range(1, 23)))),
        Section(
            _("SOSGOQ"), "sosgoq_done", "sosgoq_version", Table(*(f"sosgoq_{number:02}" for number in range(1, 21)))
        ),
    )

    class Meta:
        model = Quality
        fields = "__all__"


class WoundForm(CrfForm):
    layout = Layout(
        Section(
            _("Wound"),
            "assessed_on",
            "seen",
            "by_whom",
            "closed_dry",
            "open_mm",
            "wound_mm",
            "discharge",
            "redness",
            "stitches_out_on",
        ),
        Section(_("Infection"), "ssi_class", "culture", "organism", "treatment"),
    )

    class Meta:
        model = Wound
        fields = "__all__"


class LabsForm(CrfForm):
    layout = Layout(
        Section(_("Sample"), "sampled_at"),
        Section(_("Blood count"), "hb", "hb_unit", "hb_lower_limit", Table("white_cells", "neutrophils", "platelets")),
        Section(_("Chemistry"), Table("crp", "creatinine", "creatinine_upper_limit", "albumin", "inr")),
    )

    class Meta:
        model = Labs
        fields = "__all__"


class SinsForm(CrfRowForm):
    layout = Layout(
        Section("", "level", "location", "pain", "bone_lesion", "alignment", "collapse", "posterolateral"),
    )

    class Meta:
        model = SinsLevel
        fields = "__all__"


class ImagingForm(CrfForm):
    row_forms = {"sins": SinsForm}
    layout = Layout(
        Section(_("Images"), "imaged_on", "modalities", "elsewhere", "bilsky", "findings"),
    )

    class Meta:
        model = Imaging
        fields = "__all__"
