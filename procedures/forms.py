"""The forms of the two treatments."""

from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from procedures.models import OutsideCare, Sbrt, SbrtFraction, Stay, Surgery, TechniqueChange
from procedures.sbrt import ORGAN_LIMITS, VOLUME_LIMITS
from records.model.forms import CrfForm, CrfRowForm
from records.model.layout import Layout, Row, Section, Table


class FractionForm(CrfRowForm):
    layout = Layout(
        Section("", Row("beam_on_at", "beam_off_at"), "dose_gy", "time_source"),
    )

    class Meta:
        model = SbrtFraction
        fields = "__all__"


class SbrtForm(CrfForm):
    entry_permissions = (Permission.ENTER, Permission.ENTER_SBRT)
    row_forms = {"fractions": FractionForm}
    layout = Layout(
        Section(
            _("Delivery"),
            "delivery",
            "partial_dose_gy",
            "delivery_reason",
            Row("planned_fractions", "delivered_fractions"),
            "interrupted",
            "interruption_reason",
            "resumed_at",
            "dexamethasone",
            "antiemetic",
        ),
        Section(_("Prescription"), "levels", "elements", Row("prescription_metastasis_gy", "prescription_vertebra_gy")),
        Section(
            _("Planning"),
            "planning_ct_at",
            "planning_ct_slice_mm",
            "planning_mri_at",
            Row("gtv_cm3", "ctv_cm3", "ptv_cm3"),
            "margin_mm",
            "technique",
            "machine",
            "energy",
            "image_guidance",
            "couch_correction_mm",
        ),
        Section(
            _("Doses"),
            Table(
                "coverage_v95_pct",
                "coverage_d95_pct",
                "dmax_gy",
                "surgical_area_mean_gy",
                *ORGAN_LIMITS,
                *VOLUME_LIMITS,
                "kidneys_mean_gy",
            ),
        ),
    )

    class Meta:
        model = Sbrt
        fields = "__all__"


class SurgeryForm(CrfForm):
    layout = Layout(
        Section(
            _("Operation"),
            "index",
            "performed",
            "cancelled_reason",
            "reason_for_reoperation",
            "at_index_level",
            "completed",
            "abort_reason",
        ),
        Section(
            _("Times"),
            "incision_at",
            "closed_at",
            "time_source",
            "in_theatre_at",
            "anaesthesia_at",
            "antibiotics_at",
            "out_of_theatre_at",
        ),
        Section(
            _("What was done"),
            Row("upper_level", "lower_level"),
            "approach",
            "conversion_reason",
            "position",
            Row("screws", "rods"),
            "cement",
            "cement_levels",
            "cement_ml",
            "decompression",
            "decompression_levels",
            "biopsy",
            "corpectomy",
            "implant_system",
            "drain",
            "wound_class",
            "closure",
            "surgeon_experience",
            "surgeon_code",
            "asa",
        ),
        Section(
            _("Blood"),
            "blood_loss_ml",
            "blood_loss_method",
            Row("red_cells_during_units", "red_cells_after_units"),
            "transfusion_beyond_protocol",
            "intraoperative_events",
        ),
        Section(_("Hospital stay"), "admission_on", "destination", "mobilised_on", "discharge_on", "discharge_to"),
    )

    class Meta:
        model = Surgery
        fields = "__all__"


class StayForm(CrfForm):
    layout = Layout(
        Section(_("Stay"), "kind", "why", "admitted_on", "still_in", "discharged_on", "discharged_to"),
        Section(_("Course"), "icu_nights", "adverse_event_number"),
    )

    class Meta:
        model = Stay
        fields = "__all__"


class OutsideCareForm(CrfForm):
    layout = Layout(
        Section(_("What happened elsewhere"), "provider", "what", Row("from_on", "until_on"), "adverse_event_number"),
        Section(_("Source"), "learned_at", Row("source_requested_on", "source_received_on")),
    )

    class Meta:
        model = OutsideCare
        fields = "__all__"


class TechniqueChangeForm(CrfForm):
    layout = Layout(
        Section(_("Change"), "changed_on", "area", "what", "why", "kept"),
    )

    class Meta:
        model = TechniqueChange
        fields = "__all__"
