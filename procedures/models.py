"""The two treatments, and what hospitals did later."""

from procedures.outside_care import OutsideCare
from procedures.sbrt import Sbrt, SbrtFraction
from procedures.stay import Stay
from procedures.surgery import Surgery
from procedures.technique import TechniqueChange

__all__ = ["OutsideCare", "Sbrt", "SbrtFraction", "Stay", "Surgery", "TechniqueChange"]
