"""From the screening log to the end of study."""

from enrollment.baseline import Baseline, OpioidDose
from enrollment.consent import Consent
from enrollment.deviation import Deviation
from enrollment.eligibility import Eligibility
from enrollment.end_of_study import EndOfStudy
from enrollment.screening import Screening

__all__ = ["Baseline", "Consent", "Deviation", "Eligibility", "EndOfStudy", "OpioidDose", "Screening"]
