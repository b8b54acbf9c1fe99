"""The models of this app, each declared where what is done with it stands."""

from records.audit.chain_forms import AuditForm
from records.audit.read_log import Read
from records.audit.review import AuditReview
from records.audit.rows import AuditHead, AuditRow
from records.audit.seals import AuditCheck, Seal
from records.entry.drafts import Typing
from records.model.participant import Participant
from records.personal_data import KnownName
from records.queries import Query, QueryMessage
from records.redaction import Redaction
from records.workflow.locks import Lock
from records.workflow.signatures import Signature
from records.workflow.source_verification import Verification

__all__ = [
    "AuditCheck",
    "AuditForm",
    "AuditHead",
    "AuditReview",
    "AuditRow",
    "KnownName",
    "Lock",
    "Participant",
    "Query",
    "QueryMessage",
    "Read",
    "Redaction",
    "Seal",
    "Signature",
    "Typing",
    "Verification",
]
