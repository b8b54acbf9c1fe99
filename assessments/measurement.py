"""What all that is measured at a visit shares: nothing is measured after a death (study.md 8 situation 24)."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from enrollment.models import Death
from records import selectors
from records.model.base import VisitRecord


class Measurement(VisitRecord):
    """A form of a visit with its own date; `measured` names the field that holds it."""

    measured = "assessed_on"

    class Meta(VisitRecord.Meta):
        abstract = True

    def cross_checks(self) -> dict[str, Any]:
        on: date | None = getattr(self, self.measured)
        if on is None:
            return {}
        death = selectors.records_of(Death, self.participant).first()
        if death is None or death.died_on is None or on <= death.died_on.latest:
            return {}
        params = {"on": on, "died": death.died_on}
        return {
            self.measured.removesuffix("_date"): _("%(on)s is after the death (%(died)s). Check both dates.") % params
        }
