"""Adverse events, the cases of serious ones, and the official CTCAE sentences."""

from adverse_events.adverse_event import AdverseEvent, AdverseEventGrade
from adverse_events.ctcae_models import CtcaeSentence
from adverse_events.serious_event import SeriousEvent, SeriousReport

__all__ = ["AdverseEvent", "AdverseEventGrade", "CtcaeSentence", "SeriousEvent", "SeriousReport"]
