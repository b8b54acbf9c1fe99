"""Visits and what is measured at them."""

from assessments.function import Function
from assessments.imaging import Imaging, SinsLevel
from assessments.labs import Labs
from assessments.neurology import Neurology
from assessments.opioids import OpioidDose
from assessments.pain import Pain
from assessments.quality import Quality
from assessments.score_tables import ScoreTableRow
from assessments.visit import Visit
from assessments.wound import Wound

__all__ = [
    "Function",
    "Imaging",
    "Labs",
    "Neurology",
    "OpioidDose",
    "Pain",
    "Quality",
    "ScoreTableRow",
    "SinsLevel",
    "Visit",
    "Wound",
]
