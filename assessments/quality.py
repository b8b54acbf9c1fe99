"""Quality of life: answers by item number; the wording is licensed and not shipped (study.md 2.6 to 2.8)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from assessments.measurement import Measurement
from assessments.score_tables import looked_up
from assessments.visit import INFORMANTS
from protocol import scores as scoring
from protocol.study import STUDY
from records.model import fields
from records.model.base import Score

EQ5D = ("eq5d_done", ["yes"])
C15 = ("c15_done", ["yes"])
BM22 = ("bm22_done", ["yes"])
SOSGOQ = ("sosgoq_done", ["yes"])
DIMENSIONS = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression")
_WORDS = {"c15": "C15-PAL", "bm22": "BM22"}


def _level(question: Any) -> fields.Integer:
    return fields.Integer(
        question, unit="/ 5", min_value=1, max_value=5, visible_if=EQ5D, required=False, standard="QSORRES",
        help_text=_("1 no problems to 5 the worst."),
    )  # fmt: skip


def _item(instrument: str, number: int, highest: int, done: fields.VisibleIf) -> fields.Integer:
    return fields.Integer(
        _("%(instrument)s item %(number)s") % {"instrument": instrument, "number": number},
        unit=f"/ {highest}", min_value=1, max_value=highest, visible_if=done, required=False, standard="QSORRES",
        help_text=_("As ticked on paper."),
    )  # fmt: skip


def _done(instrument: str) -> fields.YesNo:
    return fields.YesNo(
        _("%(instrument)s filled in?") % {"instrument": instrument}, standard="QSSTAT",
        help_text=_("Also when only in part."),
    )  # fmt: skip


class Quality(Measurement):
    """The questionnaires of one visit. A late form is kept with its true date; the analysis decides."""

    slug = "quality"
    domain = "QS"
    measured = "completed_on"

    completed_on = fields.LocalDate(_("Filled in on"), standard="QSDTC", help_text=_("The true date, also when late."))
    mode = fields.Choice(
        _("How"), choices=[("paper", _("Paper")), ("tablet", _("Tablet")), ("phone", _("Read out by telephone"))],
        standard="QSMETHOD", help_text=_("As it was done."),
    )  # fmt: skip
    informant = fields.Choice(_("By whom"), choices=INFORMANTS, help_text=_("A proxy is labelled as such."))
    language = fields.Choice(
        _("Language"), choices=[("nl", _("Dutch")), ("en", _("English")), ("other", _("Other"))],
        help_text=_("Of the questionnaires."),
    )  # fmt: skip
    eq5d_done = _done("EQ-5D")
    eq5d_version = fields.Choice(
        _("Version of EQ-5D"), choices=[("5L", "5L"), ("3L", "3L")], visible_if=EQ5D,
        help_text=_("The index is computed for 5L only."),
    )  # fmt: skip
    mobility = _level(_("EQ-5D · mobility"))
    self_care = _level(_("EQ-5D · self-care"))
    usual_activities = _level(_("EQ-5D · usual activities"))
    pain_discomfort = _level(_("EQ-5D · pain or discomfort"))
    anxiety_depression = _level(_("EQ-5D · anxiety or depression"))
    vas = fields.Integer(
        _("EQ-5D · health today"), unit="/ 100", min_value=0, max_value=100, visible_if=EQ5D, required=False,
        standard="QSORRES",
        help_text=_("0 worst, 100 best."),
    )  # fmt: skip
    c15_done = _done("EORTC QLQ-C15-PAL")
    c15_01 = _item("C15-PAL", 1, 4, C15)
    c15_02 = _item("C15-PAL", 2, 4, C15)
    c15_03 = _item("C15-PAL", 3, 4, C15)
    c15_04 = _item("C15-PAL", 4, 4, C15)
    c15_05 = _item("C15-PAL", 5, 4, C15)
    c15_06 = _item("C15-PAL", 6, 4, C15)
    c15_07 = _item("C15-PAL", 7, 4, C15)
    c15_08 = _item("C15-PAL", 8, 4, C15)
    c15_09 = _item("C15-PAL", 9, 4, C15)
    c15_10 = _item("C15-PAL", 10, 4, C15)
    c15_11 = _item("C15-PAL", 11, 4, C15)
    c15_12 = _item("C15-PAL", 12, 4, C15)
    c15_13 = _item("C15-PAL", 13, 4, C15)
    c15_14 = _item("C15-PAL", 14, 4, C15)
    c15_15 = _item("C15-PAL", 15, 7, C15)
    bm22_done = _done("EORTC QLQ-BM22")
    bm22_01 = _item("BM22", 1, 4, BM22)
    bm22_02 = _item("BM22", 2, 4, BM22)
    bm22_03 = _item("BM22", 3, 4, BM22)
    bm22_04 = _item("BM22", 4, 4, BM22)
    bm22_05 = _item("BM22", 5, 4, BM22)
    bm22_06 = _item("BM22", 6, 4, BM22)
    bm22_07 = _item("BM22", 7, 4, BM22)
    bm22_08 = _item("BM22", 8, 4, BM22)
    bm22_09 = _item("BM22", 9, 4, BM22)
    bm22_10 = _item("BM22", 10, 4, BM22)
    bm22_11 = _item("BM22", 11, 4, BM22)
    bm22_12 = _item("BM22", 12, 4, BM22)
    bm22_13 = _item("BM22", 13, 4, BM22)
    bm22_14 = _item("BM22", 14, 4, BM22)
    bm22_15 = _item("BM22", 15, 4, BM22)
    bm22_16 = _item("BM22", 16, 4, BM22)
    bm22_17 = _item("BM22", 17, 4, BM22)
    bm22_18 = _item("BM22", 18, 4, BM22)
    bm22_19 = _item("BM22", 19, 4, BM22)
    bm22_20 = _item("BM22", 20, 4, BM22)
    bm22_21 = _item("BM22", 21, 4, BM22)
    bm22_22 = _item("BM22", 22, 4, BM22)
    sosgoq_done = _done("SOSGOQ")
    sosgoq_version = fields.Choice(
        _("Version of SOSGOQ"), choices=[("1", "1"), ("2.0", "2.0")], visible_if=SOSGOQ,
        help_text=_("Printed on the form."),
    )  # fmt: skip
    sosgoq_01 = _item("SOSGOQ", 1, 5, SOSGOQ)
    sosgoq_02 = _item("SOSGOQ", 2, 5, SOSGOQ)
    sosgoq_03 = _item("SOSGOQ", 3, 5, SOSGOQ)
    sosgoq_04 = _item("SOSGOQ", 4, 5, SOSGOQ)
    sosgoq_05 = _item("SOSGOQ", 5, 5, SOSGOQ)
    sosgoq_06 = _item("SOSGOQ", 6, 5, SOSGOQ)
    sosgoq_07 = _item("SOSGOQ", 7, 5, SOSGOQ)
    sosgoq_08 = _item("SOSGOQ", 8, 5, SOSGOQ)
    sosgoq_09 = _item("SOSGOQ", 9, 5, SOSGOQ)
    sosgoq_10 = _item("SOSGOQ", 10, 5, SOSGOQ)
    sosgoq_11 = _item("SOSGOQ", 11, 5, SOSGOQ)
    sosgoq_12 = _item("SOSGOQ", 12, 5, SOSGOQ)
    sosgoq_13 = _item("SOSGOQ", 13, 5, SOSGOQ)
    sosgoq_14 = _item("SOSGOQ", 14, 5, SOSGOQ)
    sosgoq_15 = _item("SOSGOQ", 15, 5, SOSGOQ)
    sosgoq_16 = _item("SOSGOQ", 16, 5, SOSGOQ)
    sosgoq_17 = _item("SOSGOQ", 17, 5, SOSGOQ)
    sosgoq_18 = _item("SOSGOQ", 18, 5, SOSGOQ)
    sosgoq_19 = _item("SOSGOQ", 19, 5, SOSGOQ)
    sosgoq_20 = _item("SOSGOQ", 20, 5, SOSGOQ)

    class Meta(Measurement.Meta):
        verbose_name = _("Quality of life")
        verbose_name_plural = _("Quality of life")

    def cross_checks(self) -> dict[str, Any]:
        if self.eq5d_version == "3L":
            too_high = [name for name in DIMENSIONS if (getattr(self, name) or 0) > 3]
            return dict.fromkeys(too_high, _("EQ-5D-3L has three levels."))
        return super().cross_checks()

    def profile(self) -> str | None:
        """The EQ-5D-5L profile such as 21232; None while a dimension is missing."""
        levels = [getattr(self, name) for name in DIMENSIONS]
        return "".join(str(level) for level in levels) if all(levels) and self.eq5d_version == "5L" else None

    def answers(self, instrument: str, items: list[int]) -> list[int | None]:
        """The answers to some items of an instrument, c15 or bm22."""
        return [getattr(self, f"{instrument}_{number:02}") for number in items]

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """EQ-5D index, and each EORTC scale whose formula is known or whose table has been loaded."""
        scores = []
        if self.eq5d_done == "yes":
            profile = self.profile()
            index = f"{scoring.eq5d_index(profile):.3f}" if profile else ""
            because = profile or _("five dimensions of version 5L are needed")
            scores.append(Score(_("EQ-5D index"), index, because, STUDY.eq5d["table"]))
        for name, scale in STUDY.eortc["scales"].items():
            if getattr(self, f"{scale['instrument']}_done") == "yes":
                scores.append(self._linear(name, scale))
        for name, scale in STUDY.eortc["tables"].items():
            if getattr(self, f"{scale['instrument']}_done") == "yes":
                scores.append(looked_up(name, self.answers(scale["instrument"], scale["items"])))
        return scores

    def _linear(self, name: str, scale: dict[str, Any]) -> Score:
        answers = self.answers(scale["instrument"], scale["items"])
        value = scoring.eortc_scale(answers, functional=scale["kind"] == "functional", steps=scale["steps"])
        answered = sum(answer is not None for answer in answers)
        because = _("%(answered)s of %(all)s items") % {"answered": answered, "all": len(answers)}
        return Score(name, "" if value is None else f"{value:.1f}", because, _("linear formula"))
