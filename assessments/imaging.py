"""What imaging showed: stability of each level, cord compression, and later the implant (study.md 2.1, 2.5)."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.measurement import Measurement
from enrollment.eligibility import BILSKY
from protocol import scores as scoring
from records.model import fields
from records.model.base import ItemGroupRecord, Score
from records.model.vertebrae import LEVELS

SINS = {
    "location": [("3", _("3 · junctional")), ("2", _("2 · mobile")), ("1", _("1 · semirigid")), ("0", _("0 · rigid"))],
    "pain": [("3", _("3 · mechanical")), ("1", _("1 · occasional, not mechanical")), ("0", _("0 · no pain"))],
    "bone_lesion": [("2", _("2 · lytic")), ("1", _("1 · mixed")), ("0", _("0 · blastic"))],
    "alignment": [
        ("4", _("4 · subluxation or translation")),
        ("2", _("2 · new deformity")),
        ("0", _("0 · normal")),
    ],
    "collapse": [
        ("3", _("3 · more than half")),
        ("2", _("2 · less than half")),
        ("1", _("1 · none, more than half of the body involved")),
        ("0", _("0 · none of these")),
    ],
    "posterolateral": [("3", _("3 · both sides")), ("1", _("1 · one side")), ("0", _("0 · none"))],
}


def _sins(component: str, question: Any) -> fields.Choice:
    return fields.Choice(question, choices=SINS[component], standard="RSORRES", help_text=_("SINS points."))


class Imaging(Measurement):
    """One round of imaging of the spine."""

    slug = "imaging"
    domain = "TR"
    measured = "imaged_on"

    imaged_on = fields.LocalDate(_("Date"), standard="TRDTC", help_text=_("Of the latest images used."))
    modalities = fields.MultiChoice(
        _("How"),
        choices=[("mri", "MRI"), ("ct", "CT"), ("pet", "PET"), ("xray", _("X-ray"))],
        standard="TRMETHOD",
        help_text=_("All that were used."),
    )
    elsewhere = fields.YesNo(_("Made in another hospital?"), required=False, help_text=_("Then ask for the images."))
    bilsky = fields.Choice(
        _("Bilsky grade"), choices=BILSKY, standard="TRORRES",
        help_text=_("Axial T2 MRI, worst level; below the conus say “not applicable”."),
    )  # fmt: skip
    findings = fields.MultiChoice(
        _("New since the last images"),
        choices=[
            ("none", _("Nothing new")),
            ("progression", _("Progression at the treated level")),
            ("new-metastasis", _("New metastasis of the spine")),
            ("fracture", _("New or worse fracture")),
            ("loosening", _("Loosening of a screw")),
            ("breakage", _("Broken screw or rod")),
            ("migration", _("Implant moved")),
            ("collection", _("Fluid collection")),
        ],
        required=False,
        standard="TRORRES",
        help_text=_("A finding that does harm is an adverse event too."),
    )

    class Meta(Measurement.Meta):
        verbose_name = _("Imaging and stability")
        verbose_name_plural = _("Imaging and stability")

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """SINS of each level with its sum, and the highest."""
        scores, totals = [], []
        for row in rows.get("sins-level", []):
            label = _("SINS %(level)s") % {"level": row.level or "?"}
            judged = row.judged()
            scores.append(
                Score(label, judged.arithmetic if judged else "", "" if judged else _("six answers are needed"))
            )
            totals += [judged.total] if judged else []
        if len(totals) > 1:
            scores.append(Score(_("Highest SINS"), str(max(totals)), _("of %(n)s levels") % {"n": len(totals)}))
        return scores or [Score(_("SINS"), "", _("add a row for each index level"))]


class SinsLevel(ItemGroupRecord):
    """The Spinal Instability Neoplastic Score of one index level, component by component."""

    slug = "sins-level"
    domain = "RS"
    parent_field = "imaging"

    imaging = models.ForeignKey(Imaging, models.PROTECT, related_name="sins", editable=False)
    level = fields.Choice(_("Level"), choices=LEVELS, standard="RSLOC", help_text=_("One row for each index level."))
    location = _sins("location", _("SINS · location"))
    pain = _sins("pain", _("SINS · pain"))
    bone_lesion = _sins("bone_lesion", _("SINS · bone lesion"))
    alignment = _sins("alignment", _("SINS · alignment"))
    collapse = _sins("collapse", _("SINS · collapse"))
    posterolateral = _sins("posterolateral", _("SINS · posterolateral involvement"))

    class Meta(ItemGroupRecord.Meta):
        verbose_name = _("Level")
        verbose_name_plural = _("SINS by level")

    def judged(self) -> scoring.Sins | None:
        """Total and band; None while a component is unanswered."""
        points = {name: getattr(self, name) for name in SINS}
        if not all(points.values()):
            return None
        return scoring.sins({name: int(value) for name, value in points.items()})

    def cross_checks(self) -> dict[str, Any]:
        """The location follows from the level."""
        expected = scoring.sins_location(self.level) if self.level else None
        if expected is None or not self.location or int(self.location) == expected:
            return {}
        params = {"level": self.level, "points": expected}
        return {"location": _("%(level)s counts %(points)s points for location. Change one of the two.") % params}
