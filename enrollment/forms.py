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


class ScreeningForm(CrfForm):
    sections = [
        (_("Patient"), ["screened_on", "birth_year", "sex", "referred_by", "index_levels", "earlier_screening"]),
        (_("Outcome"), ["outcome", "failure_reason", "failure_note"]),
    ]

    class Meta:
        model = Screening
        fields = "__all__"


class ReconsentForm(CrfRowForm):
    sections = [("", ["why", "form_version", "answer", "consented_at"])]

    class Meta:
        model = Reconsent
        fields = "__all__"


class ConsentForm(CrfForm):
    row_forms = {"again": ReconsentForm}
    sections = [
        (_("Consent"), ["given", "declined_reason", "information_on", "consented_at", "form_version", "obtained_by",
                        "copy_given"]),
        (_("Withdrawal"), ["withdrawn", "withdrawn_on", "withdrawn_what"]),
    ]  # fmt: skip

    class Meta:
        model = Consent
        fields = "__all__"


class EligibilityForm(CrfForm):
    own_page = True
    sections = [
        (_("Assessment"), ["assessed_on"]),
        (_("Inclusion"), ["painful", "worst_pain", "pain_where", "pain_mechanical", "solid_tumour", "levels",
                          "surgery_needed", "sins_total", "radiosensitive", "histology", "histology_on",
                          "histology_site", "imaging", "imaging_on", "kps", "age", "consent"]),
        (_("Exclusion"), ["bridged_upper", "bridged_lower", "earlier_surgery", "earlier_radiotherapy",
                          "earlier_details", "bilsky", "ais", "prior_deficit", "ais_progressing",
                          "ais_progressing_since", "can_lie_flat", "ambulation", "hospice", "life_expectancy",
                          "operable", "refuses_surgery", "asa", "anaesthesia_on"]),
    ]  # fmt: skip

    class Meta:
        model = Eligibility
        fields = "__all__"


class BaselineForm(CrfForm):
    sections = [
        (_("Tumour"), ["assessed_on", "primary_tumour", "histology", "metastases", "spinal_metastases"]),
        (_("Treatment so far"), ["systemic_therapy", "steroids", "anticoagulants", "living", "asa"]),
        (_("Wound healing"), ["height_cm", "weight_kg", "weight_loss_pct", "diabetes", "smoking",
                              "radiotherapy_near"]),
        (_("Symptoms before treatment (CTCAE grade)"), ["grade_pain", "grade_weakness", "grade_sensory",
                                                       "grade_constipation", "grade_nausea",
                                                       "grade_urinary_retention", "grade_fatigue"]),
    ]  # fmt: skip

    class Meta:
        model = Baseline
        fields = "__all__"


class DeviationForm(CrfForm):
    sections = [
        (_("What and why"), ["kind", "occurred_on", "discovered_on", "description", "cause", "cause_note",
                             "adverse_event_number"]),
        (_("What follows"), ["action_taken", "sponsor_notified_on", "classification"]),
    ]  # fmt: skip

    class Meta:
        model = Deviation
        fields = "__all__"


class EndOfStudyForm(CrfForm):
    sections = [
        (_("End"), ["outcome", "ended_on", "last_seen_on", "withdrawn_what", "note"]),
    ]

    class Meta:
        model = EndOfStudy
        fields = "__all__"


class DeathForm(CrfForm):
    sections = [
        (_("Death"), ["died_on", "learned_on", "told_by", "cause", "adverse_event_number", "place", "autopsy"]),
        (_("What caused it"), ["related_sbrt", "related_surgery", "note"]),
    ]

    class Meta:
        model = Death
        fields = "__all__"


class TherapyForm(CrfForm):
    sections = [
        (_("Therapy"), ["kind", "name", "radiosensitising", "at_index_level", "dose_gy"]),
        (_("When"), ["started_on", "ongoing", "stopped_on"]),
    ]

    class Meta:
        model = Therapy
        fields = "__all__"


class ContactForm(CrfForm):
    sections = [(_("Attempt"), ["tried_on", "how", "reached", "vital_status", "known_alive_on", "note"])]

    class Meta:
        model = Contact
        fields = "__all__"
