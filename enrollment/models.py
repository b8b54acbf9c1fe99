"""From the screening log to the end of study."""

from enrollment.baseline import Baseline
from enrollment.consent import Consent, Reconsent
from enrollment.contact import Contact
from enrollment.death import Death
from enrollment.deviation import Deviation
from enrollment.eligibility import Eligibility
from enrollment.end_of_study import EndOfStudy
from enrollment.enrolment_lock import EnrolmentLock
from enrollment.protocol_versions import ProtocolApproval
from enrollment.screening import Screening
from enrollment.therapy import Therapy

__all__ = [
    "Baseline",
    "Consent",
    "Contact",
    "Death",
    "Deviation",
    "Eligibility",
    "EndOfStudy",
    "EnrolmentLock",
    "ProtocolApproval",
    "Reconsent",
    "Screening",
    "Therapy",
]
