"""CTCAE 4.03 (study.md 5.2): which terms and grades exist, and how to find them. No database here."""

from adverse_events.ctcae.searching import Match, search
from adverse_events.ctcae.terms import CODES, GRADES, TERMS, VERSION, Term, by_code, by_name

__all__ = ["CODES", "GRADES", "TERMS", "VERSION", "Match", "Term", "by_code", "by_name", "search"]
