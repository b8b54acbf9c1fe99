"""The forms from the screening log to the end of study."""

from django.utils.translation import gettext_lazy as _

from accounts.roles import May
from enrollment.baseline import SINS
from enrollment.models import Baseline, Consent, Deviation, Eligibility, EndOfStudy, OpioidDose, Screening
from records.forms import CrfForm, CrfRowForm


class ScreeningForm(CrfForm):
    sections = [
        (_("Patient"), ["screened_on", "birth_year", "sex", "referred_by", "index_levels", "earlier_screening"]),
        (_("Outcome"), ["outcome", "failure_reason", "failure_note"]),
    ]

    class Meta:
        model = Screening
        fields = "__all__"


class ConsentForm(CrfForm):
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
        (_("Inclusion"), ["painful", "worst_pain", "solid_tumour", "levels", "surgery_needed", "sins_total",
                          "radiosensitive", "histology", "histology_on", "imaging", "imaging_on", "kps", "age",
                          "consent"]),
        (_("Exclusion"), ["bridged_upper", "bridged_lower", "earlier_surgery", "earlier_radiotherapy", "bilsky", "ais",
                          "prior_deficit", "ais_progressing", "can_lie_flat", "ambulation", "hospice",
                          "life_expectancy", "operable", "refuses_surgery", "asa"]),
    ]  # fmt: skip

    class Meta:
        model = Eligibility
        fields = "__all__"


class OpioidForm(CrfRowForm):
    sections = [("", ["drug", "dose", "other_drug"])]

    class Meta:
        model = OpioidDose
        fields = "__all__"


class BaselineForm(CrfForm):
    own_page = True
    row_forms = {"opioids": OpioidForm}
    sections = [
        (_("Tumour"), ["assessed_on", "primary_tumour", "histology", "metastases", "spinal_metastases", "index_level"]),
        (_("Treatment so far"), ["systemic_therapy", "systemic_kind", "systemic_started_on", "systemic_stopped_on",
                                 "steroids", "anticoagulants"]),
        (_("Stability (SINS)"), [f"sins_{name}" for name in SINS]),
        (_("Pain and function"), ["worst_pain", "kps", "ais", "prior_deficit", "ambulation", "living", "asa"]),
        (_("Wound healing"), ["height_cm", "weight_kg", "weight_loss_pct", "diabetes", "smoking",
                              "radiotherapy_near"]),
        (_("Blood"), ["albumin_g_l", "hb_mmol_l", "platelets_10e9_l", "crp_mg_l", "creatinine_umol_l", "inr"]),
        (_("Symptoms before treatment (CTCAE grade)"), ["grade_pain", "grade_weakness", "grade_sensory",
                                                       "grade_constipation", "grade_nausea",
                                                       "grade_urinary_retention", "grade_fatigue"]),
    ]  # fmt: skip

    class Meta:
        model = Baseline
        fields = "__all__"


class DeviationForm(CrfForm):
    judged_by = {"classification": May.CLASSIFY}
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
        (_("End"), ["outcome", "ended_on", "last_seen_on", "withdrawn_what", "contact_attempts"]),
        (_("Death"), ["died_on", "death_cause", "death_related_sbrt", "death_related_surgery", "death_place",
                      "autopsy"]),
        (_("Note"), ["note"]),
    ]  # fmt: skip

    class Meta:
        model = EndOfStudy
        fields = "__all__"
