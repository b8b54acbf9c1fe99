"""The radiotherapy: one plan, and one row for each session delivered (study.md 3.1)."""

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import ItemGroupRecord, SingleRecord
from records.model.vertebrae import LEVELS

_MRI_DAYS = 14
_USUAL_MINUTES = (5, 180)

ELEMENTS = [
    ("body", _("Vertebral body")),
    ("left-pedicle", _("Left pedicle")),
    ("right-pedicle", _("Right pedicle")),
    ("left-posterior", _("Left transverse process and lamina")),
    ("right-posterior", _("Right transverse process and lamina")),
    ("spinous", _("Spinous process")),
]

# Field -> organ, published single-fraction maximum (0.035 cc) in Gy: AAPM TG-101, study.md 3.1.
ORGAN_LIMITS: dict[str, tuple[Any, float]] = {
    "cord_dmax_gy": (_("spinal cord"), 14.0),
    "cauda_dmax_gy": (_("cauda equina"), 16.0),
    "sacral_plexus_dmax_gy": (_("sacral plexus"), 16.0),
    "oesophagus_dmax_gy": (_("oesophagus"), 15.4),
    "skin_dmax_gy": (_("skin"), 26.0),
    "stomach_dmax_gy": (_("stomach and duodenum"), 12.4),
    "small_bowel_dmax_gy": (_("small bowel"), 15.4),
    "colon_dmax_gy": (_("colon"), 18.4),
}


# Field -> organ, dose in Gy of the volume, published volume in cc that may receive it: AAPM TG-101, study.md 3.1.
VOLUME_LIMITS: dict[str, tuple[Any, float, float]] = {
    "cord_v10_cc": (_("spinal cord"), 10, 0.35),
    "cord_v7_cc": (_("spinal cord"), 7, 1.2),
    "cauda_v14_cc": (_("cauda equina"), 14, 5),
    "sacral_plexus_v14_4_cc": (_("sacral plexus"), 14.4, 5),
    "oesophagus_v11_9_cc": (_("oesophagus"), 11.9, 5),
    "skin_v23_cc": (_("skin"), 23, 10),
    "stomach_v11_2_cc": (_("stomach"), 11.2, 10),
    "duodenum_v11_2_cc": (_("duodenum"), 11.2, 5),
    "small_bowel_v11_9_cc": (_("small bowel"), 11.9, 5),
    "colon_v14_3_cc": (_("colon"), 14.3, 20),
}


def _volume(question: Any, limit: float) -> fields.Decimal:
    return fields.Decimal(
        question,
        unit="cc",
        places=2,
        min_value=0,
        max_value=5000,
        required=False,
        help_text=_("Published limit: less than %(limit)s cc.") % {"limit": limit},
    )


def _organ(question: Any, limit: float) -> fields.Decimal:
    return fields.Decimal(
        question,
        unit="Gy",
        places=2,
        min_value=0,
        max_value=60,
        required=False,
        help_text=_("To 0.035 cc; published limit %(limit)s Gy.") % {"limit": limit},
    )


class Sbrt(SingleRecord):
    """Plan and delivery of the one course of SBRT. Its last beam off starts the 48 hours."""

    slug = "sbrt"
    domain = "EC"

    planning_ct_at = fields.Instant(_("Planning CT"), required=False, help_text=_("When the planning CT was made."))
    planning_ct_slice_mm = fields.Decimal(
        _("Slice thickness of the planning CT"),
        unit="mm",
        min_value=0.1,
        max_value=20,
        warn_range=(0.5, 3),
        required=False,
        help_text=_("From the scan protocol."),
    )
    planning_mri_at = fields.Instant(
        _("Planning MRI"), required=False, help_text=_("Usually at most 14 days before SBRT.")
    )
    planning_mri_at_date: date | None
    levels = fields.MultiChoice(
        _("Vertebrae irradiated"), choices=LEVELS, standard="ECLOC", help_text=_("The index level or levels.")
    )
    elements = fields.MultiChoice(
        _("Elements of the vertebra involved"),
        choices=ELEMENTS,
        required=False,
        help_text=_("As contoured."),
    )
    gtv_cm3 = fields.Decimal(
        _("Volume of the visible lesion (GTV)"), unit="cm³", places=2, min_value=0, max_value=1000, required=False,
        help_text=_("From the plan."),
    )  # fmt: skip
    ctv_cm3 = fields.Decimal(
        _("Volume of the bone compartment (CTV)"), unit="cm³", places=2, min_value=0, max_value=1000, required=False,
        help_text=_("From the plan."),
    )  # fmt: skip
    ptv_cm3 = fields.Decimal(
        _("Planning target volume (PTV)"), unit="cm³", places=2, min_value=0, max_value=2000, required=False,
        help_text=_("From the plan; at least the GTV."),
    )  # fmt: skip
    margin_mm = fields.Decimal(
        _("Margin from CTV to PTV"), unit="mm", min_value=0, max_value=20, warn_range=(0, 5), required=False,
        help_text=_("Usually 0 to 5 mm."),
    )  # fmt: skip
    prescription_metastasis_gy = fields.Decimal(
        _("Dose prescribed to the metastasis"), unit="Gy", min_value=0, max_value=60, warn_range=(18, 18),
        standard="ECDOSE",
        help_text=_("18 Gy is expected."),
    )  # fmt: skip
    prescription_vertebra_gy = fields.Decimal(
        _("Dose prescribed to the rest of the vertebra"), unit="Gy", min_value=0, max_value=60, warn_range=(8, 8),
        help_text=_("8 Gy is expected."),
    )  # fmt: skip
    planned_fractions = fields.Integer(
        _("Sessions planned"),
        unit=_("sessions"),
        min_value=1,
        max_value=30,
        warn_range=(1, 1),
        help_text=_("One is expected."),
    )
    delivered_fractions = fields.Integer(
        _("Sessions delivered"), unit=_("sessions"), min_value=0, max_value=30, warn_range=(1, 1),
        help_text=_("As many as there are rows below."),
    )  # fmt: skip
    technique = fields.Choice(
        _("Technique"),
        choices=[("vmat", "VMAT"), ("imrt", "IMRT"), ("other", _("Other"))],
        standard="ECTRT",
        help_text=_("How the dose was shaped."),
    )
    machine = fields.Text(_("Machine"), required=False, max_length=60, help_text=_("The linac's name or number."))
    energy = fields.Text(_("Energy"), required=False, max_length=30, help_text=_("For example 10 MV FFF."))
    image_guidance = fields.Choice(
        _("Image guidance"),
        choices=[("cbct", _("Cone-beam CT")), ("kv", _("kV images")), ("mri", _("MRI")), ("none", _("None"))],
        required=False,
        help_text=_("Before or during delivery."),
    )
    couch_correction_mm = fields.Decimal(
        _("Couch correction"),
        unit="mm",
        min_value=0,
        max_value=100,
        required=False,
        help_text=_("The vector of the last one."),
    )
    coverage_v95_pct = fields.Decimal(
        _("PTV covered by 95 % of the dose (V95)"), unit="%", min_value=0, max_value=100, required=False,
        help_text=_("From the plan."),
    )  # fmt: skip
    coverage_d95_pct = fields.Decimal(
        _("Dose to 95 % of the PTV (D95), of the prescription"), unit="%", min_value=0, max_value=200, required=False,
        help_text=_("From the plan."),
    )  # fmt: skip
    dmax_gy = fields.Decimal(
        _("Highest dose in the plan"), unit="Gy", min_value=0, max_value=80, required=False, help_text=_("Dmax.")
    )
    surgical_area_mean_gy = fields.Decimal(
        _("Mean dose in the surgical area"), unit="Gy", places=2, min_value=0, max_value=60, warn_range=(0, 5.3),
        help_text=_("With active sparing, no more than 5.3 Gy was seen."),
    )  # fmt: skip
    cord_dmax_gy = _organ(_("Spinal cord, highest dose"), 14)
    cauda_dmax_gy = _organ(_("Cauda equina, highest dose"), 16)
    sacral_plexus_dmax_gy = _organ(_("Sacral plexus, highest dose"), 16)
    oesophagus_dmax_gy = _organ(_("Oesophagus, highest dose"), 15.4)
    skin_dmax_gy = _organ(_("Skin, highest dose"), 26)
    stomach_dmax_gy = _organ(_("Stomach or duodenum, highest dose"), 12.4)
    small_bowel_dmax_gy = _organ(_("Small bowel, highest dose"), 15.4)
    colon_dmax_gy = _organ(_("Colon, highest dose"), 18.4)
    cord_v10_cc = _volume(_("Spinal cord, volume above 10 Gy"), 0.35)
    cord_v7_cc = _volume(_("Spinal cord, volume above 7 Gy"), 1.2)
    cauda_v14_cc = _volume(_("Cauda equina, volume above 14 Gy"), 5)
    sacral_plexus_v14_4_cc = _volume(_("Sacral plexus, volume above 14.4 Gy"), 5)
    oesophagus_v11_9_cc = _volume(_("Oesophagus, volume above 11.9 Gy"), 5)
    skin_v23_cc = _volume(_("Skin, volume above 23 Gy"), 10)
    stomach_v11_2_cc = _volume(_("Stomach, volume above 11.2 Gy"), 10)
    duodenum_v11_2_cc = _volume(_("Duodenum, volume above 11.2 Gy"), 5)
    small_bowel_v11_9_cc = _volume(_("Small bowel, volume above 11.9 Gy"), 5)
    colon_v14_3_cc = _volume(_("Colon, volume above 14.3 Gy"), 20)
    kidneys_mean_gy = fields.Decimal(
        _("Kidneys, mean dose"), unit="Gy", places=2, min_value=0, max_value=60, required=False,
        help_text=_("Both together; no limit is published for one session."),
    )  # fmt: skip
    delivery = fields.Choice(
        _("How delivery ended"),
        choices=[
            ("completed", _("Completed as planned")),
            ("partial", _("Part of the dose only")),
            ("aborted", _("Aborted")),
        ],
        standard="ECOCCUR",
        help_text=_("Anything but completed makes a protocol deviation."),
    )
    partial_dose_gy = fields.Decimal(
        _("Dose that was delivered"), unit="Gy", min_value=0, max_value=60,
        visible_if=("delivery", ["partial", "aborted"]),
        help_text=_("To the metastasis, all sessions together."),
    )  # fmt: skip
    delivery_reason = fields.Text(
        _("Why it was not completed"), visible_if=("delivery", ["partial", "aborted"]), help_text=_("In a few words.")
    )
    interrupted = fields.YesNo(_("Was delivery interrupted?"), help_text=_("Also when it went on the same day."))
    interruption_reason = fields.Text(
        _("Why it was interrupted"), visible_if=("interrupted", ["yes"]), help_text=_("For example pain, machine.")
    )
    resumed_at = fields.Instant(
        _("Resumed"), visible_if=("interrupted", ["yes"]), required=False, help_text=_("First beam after the break.")
    )
    dexamethasone = fields.YesNo(_("Dexamethasone given"), help_text=_("To prevent a pain flare."))
    antiemetic = fields.YesNo(_("Anti-emetic given"), help_text=_("Around the session."))

    class Meta(SingleRecord.Meta):
        verbose_name = _("SBRT")
        verbose_name_plural = _("SBRT")
        constraints = [
            models.CheckConstraint(
                condition=Q(ptv_cm3__gte=F("gtv_cm3")),
                name="sbrt_ptv_holds_gtv",
                violation_error_message=_("The PTV is smaller than the GTV inside it. Check the plan."),
                violation_error_code="ptv_cm3",
            ),
        ]

    def notices(self) -> dict[str, Any]:
        """Doses above a published limit are a physicist's decision: said, never refused."""
        notices = super().notices()
        for name, (organ, limit) in ORGAN_LIMITS.items():
            dose = getattr(self, name)
            if dose is not None and float(dose) > limit:
                notices[name] = _("%(dose)s Gy is above the published limit of %(limit)s Gy for the %(organ)s.") % {
                    "dose": dose,
                    "limit": limit,
                    "organ": organ,
                }
        for name, (organ, gray, limit) in VOLUME_LIMITS.items():
            volume = getattr(self, name)
            if volume is not None and float(volume) >= limit:
                notices[name] = _(
                    "%(volume)s cc of the %(organ)s above %(gray)s Gy: the published limit is %(limit)s cc."
                ) % {
                    "volume": volume,
                    "organ": organ,
                    "gray": gray,
                    "limit": limit,
                }
        return notices | self._planned_long_ago()

    def _planned_long_ago(self) -> dict[str, Any]:
        """A planning MRI of more than two weeks before the first beam."""
        if self.pk is None or self.planning_mri_at_date is None:
            return {}
        days = [row.beam_on_at_date for row in self.fractions.filter(voided_at__isnull=True) if row.beam_on_at_date]
        if not days or (min(days) - self.planning_mri_at_date).days <= _MRI_DAYS:
            return {}
        params = {"days": (min(days) - self.planning_mri_at_date).days, "usual": _MRI_DAYS}
        return {"planning_mri_at": _("%(days)s days before SBRT; at most %(usual)s are usual.") % params}


class SbrtFraction(ItemGroupRecord):
    """One session: first beam on, last beam off."""

    slug = "sbrt-fraction"
    domain = "EC"
    parent_field = "sbrt"
    at_least_one = _("Give the times of at least one session, or save a draft until they are known.")

    sbrt = models.ForeignKey(Sbrt, models.PROTECT, related_name="fractions", editable=False)
    beam_on_at = fields.Instant(_("First beam on"), standard="ECSTDTC", help_text=_("Machine log, local time."))
    beam_on_at_date: date | None
    beam_off_at = fields.Instant(
        _("Last beam off"), standard="ECENDTC", help_text=_("The 48 hours begin here. Do not round.")
    )
    beam_off_at_date: date | None
    dose_gy = fields.Decimal(
        _("Dose delivered to the metastasis"), unit="Gy", min_value=0, max_value=60, standard="ECDOSE",
        help_text=_("In this session."),
    )  # fmt: skip
    time_source = fields.Choice(
        _("Where the times come from"),
        choices=[("machine", _("Machine log")), ("theatre", _("Theatre system")), ("manual", _("Written by hand"))],
        help_text=_("Clocks differ; the machine log is best."),
    )

    class Meta(ItemGroupRecord.Meta):
        verbose_name = _("Session")
        verbose_name_plural = _("Sessions")
        constraints = [
            models.CheckConstraint(
                condition=Q(beam_off_at__gt=F("beam_on_at")),
                name="fraction_ends_after_it_starts",
                violation_error_message=_("Last beam off is earlier than first beam on. Check the machine log."),
                violation_error_code="beam_off_at",
            ),
        ]

    @property
    def minutes(self) -> int | None:
        """Delivery time in elapsed minutes; None while an instant is unknown."""
        on, off = self.moment("beam_on_at"), self.moment("beam_off_at")
        if isinstance(on, datetime) and isinstance(off, datetime):
            return round((off - on).total_seconds() / 60)
        return None

    def notices(self) -> dict[str, Any]:
        notices = super().notices()
        low, high = _USUAL_MINUTES
        if self.minutes is not None and not low <= self.minutes <= high:
            params = {"minutes": self.minutes, "low": low, "high": high}
            notices["beam_off_at"] = _("%(minutes)s minutes is unusual for a session (%(low)s to %(high)s).") % params
        return notices

    def cross_checks(self) -> dict[str, Any]:
        on, off = self.beam_on_at_date, self.beam_off_at_date
        if isinstance(on, date) and isinstance(off, date) and off < on:
            return {"beam_off_at": _("Last beam off is on an earlier day than first beam on. Check the machine log.")}
        return {}
