"""Visits and what is measured at them."""

from assessments.visit import Visit

__all__ = ["Visit"]
