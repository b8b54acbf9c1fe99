"""What an export is for; each purpose has its own choice of files and manner, which may be changed before taking it."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise
from exports.data.export_tables import LOGS
from exports.documents import dictionary

SAFETY = {
    "consent", "baseline", "sbrt", "sbrt-fraction", "surgery", "stay", "adverse-event", "adverse-event-grade",
    "serious-event", "serious-report", "death", "deviation", "end-of-study",
}  # fmt: skip


@dataclass(frozen=True)
class Purpose:
    """One purpose: what is left out at first, and how values are written."""

    code: str
    label: StrOrPromise
    says: StrOrPromise
    spreadsheet: bool = False
    deidentified: bool = False

    @property
    def without(self) -> frozenset[str]:
        """The files that it does without."""
        if self.code == "safety":
            return frozenset({model.slug for model in dictionary.models()} - SAFETY | set(LOGS))
        return frozenset() if self.code == "archive" else frozenset({"audit"})


PURPOSES = [
    Purpose(
        "statistician",
        _("Statistician"),
        _("Every form and query, values exactly as stored, and scripts that read them in R, SAS, SPSS, Stata, Python."),
    ),
    Purpose(
        "safety",
        _("Safety monitor"),
        _("Treatments, events, deaths and deviations, to be opened in a spreadsheet."),
        spreadsheet=True,
    ),
    Purpose(
        "archive",
        _("Archive"),
        _("Everything there is, with the audit trail where your role may review it: your own copy of your sites."),
    ),
    Purpose(
        "sharing",
        _("Sharing"),
        _("De-identified: other names, dates moved, no text that somebody typed, and a list of rare answers."),
        deidentified=True,
    ),
]
BY_CODE = {purpose.code: purpose for purpose in PURPOSES}
