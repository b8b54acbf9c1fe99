"""The forms from the screening log to the end of study."""

from django.utils.translation import gettext_lazy as _

from enrollment.models import (
    Baseline,
    Consent,
    Contact,
    Death,
    Deviation,
    Eligibility,
    EndOfStudy,
    Reconsent,
    Screening,
    Therapy,
)
from records.model.forms import CrfForm, CrfRowForm
from records.model.layout import Layout, Row, Section, Table


class ScreeningForm(CrfForm):
    layout = Layout(
        Section(
            _("Patient"), Row("screened_on", "birth_year"), "sex", "referred_by", "index_levels", "earlier_screening"
        ),
        Section(_("Outcome"), "outcome", "failure_reason", "failure_note"),
    )

    class Meta:
        model = Screening
        fields = "__all__"


class ReconsentForm(CrfRowForm):
    layout = Layout(
        Section("", "why", "form_version", "answer", "consented_at"),
    )

    class Meta:
        model = Reconsent
        fields = "__all__"


class ConsentForm(CrfForm):
    row_forms = {"again": ReconsentForm}
    layout = Layout(
        Section(
            _("Consent"),
            "given",
            "declined_reason",
            "information_on",
            "consented_at",
            "form_version",
            "obtained_by",
            "copy_given",
        ),
        Section(_("Withdrawal"), "withdrawn", "withdrawn_on", "withdrawn_what"),
    )

    class Meta:
        model = Consent
        fields = "__all__"


class EligibilityForm(CrfForm):
    own_page = True
    layout = Layout(
        Section(_("Assessment"), "assessed_on"),
        Section(
            _("Inclusion"),
            Table("painful", "worst_pain"),
            "pain_where",
            Table("pain_mechanical", "solid_tumour"),
            "levels",
            Table("surgery_needed", "sins_total", "radiosensitive", "histology"),
            "histology_on",
            "histology_site",
            "imaging",
            "imaging_on",
            Table("kps", "age", "consent"),
        ),
        Section(
            _("Exclusion"),
            Row("bridged_upper", "bridged_lower"),
            Table("earlier_surgery", "earlier_radiotherapy"),
            "earlier_details",
            "bilsky",
            "ais",
            "prior_deficit",
            "ais_progressing",
            "ais_progressing_since",
            Table("can_lie_flat", "ambulation", "hospice", "life_expectancy", "operable", "refuses_surgery"),
            "asa",
            "anaesthesia_on",
        ),
    )

    class Meta:
        model = Eligibility
        fields = "__all__"


class BaselineForm(CrfForm):
    layout = Layout(
        Section(_("Tumour"), "assessed_on", "primary_tumour", "histology", "metastases", "spinal_metastases"),
        Section(_("Treatment so far"), Table("systemic_therapy", "steroids", "anticoagulants"), "living", "asa"),
        Section(
            _("Wound healing"),
            Row("height_cm", "weight_kg", "weight_loss_pct"),
            "diabetes",
            "smoking",
            "radiotherapy_near",
        ),
        Section(
            _("Symptoms before treatment (CTCAE grade)"),
            Table(
                "grade_pain",
                "grade_weakness",
                "grade_sensory",
                "grade_constipation",
                "grade_nausea",
                "grade_urinary_retention",
                "grade_fatigue",
            ),
        ),
    )

    class Meta:
        model = Baseline
        fields = "__all__"


class DeviationForm(CrfForm):
    layout = Layout(
        Section(
            _("What and why"),
            "kind",
            Row("occurred_on", "discovered_on"),
            "description",
            "cause",
            "cause_note",
            "adverse_event_number",
        ),
        Section(_("What follows"), "action_taken", "sponsor_notified_on", "classification"),
    )

    class Meta:
        model = Deviation
        fields = "__all__"


class EndOfStudyForm(CrfForm):
    layout = Layout(
        Section(_("End"), "outcome", Row("ended_on", "last_seen_on"), "withdrawn_what", "note"),
    )

    class Meta:
        model = EndOfStudy
        fields = "__all__"


class DeathForm(CrfForm):
    layout = Layout(
        Section(
            _("Death"), Row("died_on", "learned_on"), "told_by", "cause", "adverse_event_number", "place", "autopsy"
        ),
        Section(_("What caused it"), "related_sbrt", "related_surgery", "note"),
    )

    class Meta:
        model = Death
        fields = "__all__"


class TherapyForm(CrfForm):
    layout = Layout(
        Section(_("Therapy"), "kind", "name", "radiosensitising", "at_index_level", "dose_gy"),
        Section(_("When"), "started_on", "ongoing", "stopped_on"),
    )

    class Meta:
        model = Therapy
        fields = "__all__"


class ContactForm(CrfForm):
    layout = Layout(
        Section(_("Attempt"), "tried_on", "how", "reached", "vital_status", "known_alive_on", "note"),
    )

    class Meta:
        model = Contact
        fields = "__all__"
