"""Neurological examination at a visit (study.md 2.2)."""

from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise
from assessments.measurement import Measurement
from enrollment.eligibility import AIS
from procedures.models import SbrtFraction
from protocol.scores import ais_change
from records import selectors
from records.model import fields
from records.model.base import Score

MUSCLES = [f"{side}_{root}" for root in ("l2", "l3", "l4", "l5", "s1") for side in ("left", "right")]


def _mrc(question: StrOrPromise) -> fields.Integer:
    return fields.Integer(
        question, unit="/ 5", min_value=0, max_value=5, required=False, standard="NVORRES",
        help_text=_("MRC: 0 no contraction, 3 against gravity, 5 normal."),
    )  # fmt: skip


class Neurology(Measurement):
    """ASIA impairment scale and the strength of the key muscles of the legs."""

    slug = "neurology"
    domain = "NV"

    assessed_on = fields.LocalDate(_("Date"), standard="NVDTC", help_text=_("When the patient was examined."))
    ais = fields.Choice(_("ASIA impairment scale"), choices=AIS, standard="NVORRES", help_text=_("A worst, E normal."))
    prior_deficit = fields.YesNo(_("Was there ever a deficit?"), help_text=_("Tells recovered from never affected."))
    left_l2 = _mrc(_("L2 · hip flexors, left"))
    right_l2 = _mrc(_("L2 · hip flexors, right"))
    left_l3 = _mrc(_("L3 · knee extensors, left"))
    right_l3 = _mrc(_("L3 · knee extensors, right"))
    left_l4 = _mrc(_("L4 · ankle dorsiflexors, left"))
    right_l4 = _mrc(_("L4 · ankle dorsiflexors, right"))
    left_l5 = _mrc(_("L5 · long toe extensors, left"))
    right_l5 = _mrc(_("L5 · long toe extensors, right"))
    left_s1 = _mrc(_("S1 · ankle plantar flexors, left"))
    right_s1 = _mrc(_("S1 · ankle plantar flexors, right"))
    sphincters = fields.Choice(
        _("Bladder and bowel"),
        choices=[("normal", _("Normal")), ("disturbed", _("Disturbed")), ("catheter", _("Catheter"))],
        required=False,
        standard="NVORRES",
        help_text=_("As far as the spine explains it."),
    )
    deterioration_cause = fields.Choice(
        _("If worse: the likely cause"),
        choices=[
            ("progression", _("Progression of the cancer")),
            ("myelitis", _("Myelitis")),
            ("hardware", _("Screws or rods")),
            ("haematoma", _("Haematoma")),
            ("other", _("Other")),
        ],
        required=False,
        help_text=_("Ask for imaging: the three are hard to tell apart."),
    )
    imaging_on = fields.LocalDate(
        _("Imaging for it on"), visible_if=("deterioration_cause", ["progression", "myelitis", "hardware", "haematoma",
                                                                  "other"]),
        help_text=_("A later change of strength is not judged without it."),
    )  # fmt: skip

    class Meta(Measurement.Meta):
        verbose_name = _("Neurology")
        verbose_name_plural = _("Neurology")

    def scores(self, rows: dict[str, list[object]]) -> list[Score]:
        """AIS since the last examination before SBRT, both readings of "more than one scale" (D9), and MRC."""
        strengths = [getattr(self, name) for name in MUSCLES]
        known = [strength for strength in strengths if strength is not None]
        mrc = f"{sum(known)} / {5 * len(known)}" if known else ""
        return [self._change(), Score(_("MRC sum"), mrc, _("%(n)s of 10 muscles examined") % {"n": len(known)})]

    def _change(self) -> Score:
        label = _("AIS since baseline")
        fractions = SbrtFraction.objects.filter(participant=self.participant, voided_at__isnull=True)
        first = min((row.beam_on_at_date for row in fractions if row.beam_on_at_date), default=None)
        if not (self.ais and self.assessed_on and first) or self.assessed_on < first:
            return Score(label, "", _("compared with the last examination before SBRT"))
        before = selectors.records_of(Neurology, self.participant).filter(assessed_on__lte=first, ais__isnull=False)
        baseline = before.exclude(pk=self.pk).order_by("-assessed_on", "-pk").first()
        if baseline is None or baseline.ais is None:
            return Score(label, "", _("there is no examination before SBRT"))
        change = ais_change(baseline.ais, self.ais)
        flags = _("one grade or more lost: %(one)s; two or more: %(two)s") % {
            "one": _("yes") if change.one_or_more else _("no"),
            "two": _("yes") if change.two_or_more else _("no"),
        }
        return Score(label, f"{baseline.ais} → {self.ais}", flags, "D9")
