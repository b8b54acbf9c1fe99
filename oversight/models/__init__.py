"""Every model of this app, as Django and the other modules find them."""

from oversight.models.figures import KeptFigures
from oversight.models.notifications import Mail, Message, MessagePreference, Urgency
from oversight.models.scanning import (
    Alert,
    BackupRun,
    Deadline,
    EndpointVerdict,
    Finding,
    Judgement,
    ScanFailure,
    ScanState,
    VerdictSeen,
)
from oversight.models.worklist import CalendarFeed, Responsible, Snooze
from oversight.monitoring.plan import MonitoringDraw
from oversight.monitoring.visits import MonitoringVisit

__all__ = [
    "Alert", "BackupRun", "CalendarFeed", "Deadline", "EndpointVerdict", "Finding", "Judgement", "KeptFigures", "Mail",
    "Message", "MessagePreference", "MonitoringDraw", "MonitoringVisit", "Responsible", "ScanFailure", "ScanState",
    "Snooze", "Urgency", "VerdictSeen",
]  # fmt: skip
