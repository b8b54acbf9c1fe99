"""The two treatments: radiotherapy and surgery."""

from procedures.sbrt import Sbrt, SbrtFraction
from procedures.surgery import Surgery

__all__ = ["Sbrt", "SbrtFraction", "Surgery"]
