"""Opioids of one day, and their oral morphine equivalent by the study's one frozen table (study.md 2.9)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from protocol import scores as scoring
from protocol.study import STUDY
from records.model import fields
from records.model.base import ItemGroupRecord

DRUGS = [
    ("morphine_po_mg", _("Morphine by mouth (mg a day)")),
    ("oxycodone_po_mg", _("Oxycodone by mouth (mg a day)")),
    ("hydromorphone_po_mg", _("Hydromorphone by mouth (mg a day)")),
    ("tapentadol_po_mg", _("Tapentadol by mouth (mg a day)")),
    ("tramadol_po_mg", _("Tramadol by mouth (mg a day)")),
    ("fentanyl_td_ug_per_h", _("Fentanyl patch (µg an hour)")),
    ("other", _("Another opioid (not converted)")),
]


class OpioidDose(ItemGroupRecord):
    """One opioid as taken in the last 24 hours, scheduled and rescue together."""

    slug = "opioid-dose"
    domain = "CM"
    parent_field = "pain"

    pain = models.ForeignKey("assessments.Pain", models.PROTECT, related_name="opioids", editable=False)
    drug = fields.Choice(_("Opioid"), choices=DRUGS, standard="CMTRT", help_text=_("Drug and route."))
    dose = fields.Decimal(
        _("Taken in 24 hours"), unit=_("as named"), min_value=0, max_value=5000, places=1, standard="CMDOSE",
        visible_if=("drug", [code for code, _label in DRUGS if code != "other"]),
        help_text=_("In the unit named with the drug; a patch per hour."),
    )  # fmt: skip
    other_drug = fields.Text(
        _("Which, and how much"), visible_if=("drug", ["other"]), help_text=_("Drug, dose, route and unit.")
    )

    class Meta(ItemGroupRecord.Meta):
        verbose_name = _("Opioid")
        verbose_name_plural = _("Opioids in the last 24 hours")


def daily_omed(pain: Any, doses: Sequence[OpioidDose]) -> Decimal | None:
    """Oral morphine equivalent in mg a day; None while a dose is unknown or a drug is not converted."""
    if pain.takes_opioids == "no":
        return Decimal(0)
    known = converted(doses)
    return scoring.omed_of(known) if known and len(known) == len(doses) else None


def converted(doses: Sequence[OpioidDose]) -> list[tuple[str, Decimal]]:
    """(drug, dose) of those that are known and that the table converts."""
    factors: dict[str, float] = STUDY.opioids["factors"]
    return [(row.drug, row.dose) for row in doses if row.drug in factors and row.dose is not None]
