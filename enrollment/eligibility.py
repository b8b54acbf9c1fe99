"""The evidence for each criterion; the verdict is derived, never typed (study.md 1.3)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from enrollment.consent import Consent
from enrollment.protocol_versions import in_force
from protocol import eligibility, study
from protocol.study import STUDY
from records import selectors
from records.model import fields
from records.model.base import SingleRecord
from records.model.vertebrae import LEVELS, count_bridged

LIFE_EXPECTANCY = [
    ("<3", _("Less than 3 months")),
    ("3-6", _("3 to 6 months")),
    ("6-12", _("6 to 12 months")),
    (">12", _("More than 12 months")),
]
BILSKY = [
    ("0", _("0 · bone only")),
    ("1a", _("1a · epidural, sac not deformed")),
    ("1b", _("1b · sac deformed, cord not touched")),
    ("1c", _("1c · cord touched")),
    ("2", _("2 · cord compressed, CSF visible")),
    ("3", _("3 · cord compressed, no CSF")),
]
AIS = [
    ("A", _("A · complete")),
    ("B", _("B · sensation only")),
    ("C", _("C · less than half ≥ 3/5")),
    ("D", _("D · at least half ≥ 3/5")),
    ("E", _("E · normal")),
]
AMBULATION = [("independent", _("Walks alone")), ("aid", _("Walks with an aid")), ("none", _("Does not walk"))]


class Eligibility(SingleRecord):
    """One question a criterion. A failed criterion is an answer, not an error."""

    slug = "eligibility"
    signed_by = Permission.SIGN_OFF
    domain = "IE"

    assessed_on = fields.LocalDate(_("Assessed on"), standard="IEDTC", help_text=_("The last check before SBRT."))
    painful = fields.YesNo(_("I1a · Is the metastasis painful?"), help_text=_("At rest or on movement."))
    worst_pain = fields.Integer(
        _("Worst pain in the last 24 hours"), unit="/ 10", min_value=0, max_value=10, warn_range=(1, 10),
        standard="QSORRES",
        help_text=_("0 none, 10 worst imaginable; high opioids may hide it."),
    )  # fmt: skip
    pain_where = fields.MultiChoice(
        _("Where the pain is"),
        choices=[
            ("index", _("At the index level")),
            ("radiating", _("Radiating to chest or leg")),
            ("elsewhere", _("Elsewhere too")),
        ],
        required=False,
        standard="QSORRES",
        help_text=_("All that apply."),
    )
    pain_mechanical = fields.YesNo(
        _("Is the pain mechanical?"), required=False, help_text=_("On movement or loading, easing when lying.")
    )
    solid_tumour = fields.YesNo(_("I1b · Is the tumour solid?"), help_text=_("Not myeloma, lymphoma or leukaemia."))
    levels = fields.MultiChoice(
        _("I1c · Index level"), choices=LEVELS, standard="TULOC", help_text=_("Thoracic or lumbar, every one of them.")
    )
    surgery_needed = fields.YesNo(
        _("I1d · Does the spine need surgical stabilisation?"), help_text=_("The spine surgeon's judgement.")
    )
    sins_total = fields.Integer(
        _("SINS total"),
        unit="/ 18",
        min_value=0,
        max_value=18,
        warn_range=(7, 18),
        required=False,
        help_text=_("Supports I1d; 7 or more is expected."),
    )
    radiosensitive = fields.Choice(
        _("I1e · Is the tumour radiosensitive?"),
        choices=[("yes", _("Yes")), ("no", _("No")), ("unknown", _("Unknown"))],
        required=False,
        help_text=_("Noted only: it does not decide."),
    )
    histology = fields.YesNo(
        _("I2 · Is there histologic proof of malignancy?"), help_text=_("Also of the primary, years ago.")
    )
    histology_on = fields.PartialDateField(
        _("Date of the proof"),
        visible_if=("histology", ["yes"]),
        help_text=_("2015 or 2015-06 if that is what is known."),
    )
    histology_site = fields.Choice(
        _("What was biopsied"),
        choices=[
            ("primary", _("Primary tumour")),
            ("spine", _("Spinal metastasis")),
            ("other", _("Another metastasis")),
        ],
        visible_if=("histology", ["yes"]),
        required=False,
        help_text=_("The report itself stays in the patient file; no report number here."),
    )
    imaging = fields.MultiChoice(
        _("I3 · Radiographic evidence"),
        choices=[("mri", "MRI"), ("ct", "CT"), ("pet", "PET"), ("xray", _("X-ray"))],
        help_text=_("At least one."),
    )
    imaging_on = fields.LocalDate(_("Date of the imaging"), help_text=_("Usually at most 28 days before SBRT."))
    kps = fields.Integer(
        _("I4 · Karnofsky performance status"), unit="/ 100", min_value=0, max_value=100, standard="RSORRES",
        help_text=_("Steps of 10; more than 50 is needed."),
    )  # fmt: skip
    age = fields.Integer(
        _("I5 · Age at consent"),
        unit=_("years"),
        min_value=0,
        max_value=120,
        standard="AGE",
        help_text=_("In completed years."),
    )
    consent = fields.YesNo(
        _("I6 · Has the patient consented in writing?"), help_text=_("Before anything study-specific.")
    )
    bridged_upper = fields.Choice(
        _("E1 · Uppermost vertebra to be instrumented"), choices=LEVELS, help_text=_("The surgeon's plan.")
    )
    bridged_lower = fields.Choice(
        _("E1 · Lowest vertebra to be instrumented"),
        choices=LEVELS,
        help_text=_("At most five bridged, both included."),
    )
    earlier_surgery = fields.YesNo(_("E2 · Earlier surgery at the index level?"), help_text=_("Of the spine."))
    earlier_radiotherapy = fields.YesNo(
        _("E2 · Earlier radiotherapy at the index level?"), help_text=_("Also a neighbouring field that overlapped.")
    )
    earlier_details = fields.Text(
        _("E2 · What, and when"), required=False, help_text=_("If either was given: kind, dose, level, year.")
    )
    bilsky = fields.Choice(
        _("E3 · Bilsky grade"), choices=BILSKY, help_text=_("Axial T2 MRI, worst level; 2 and 3 exclude.")
    )
    ais = fields.Choice(_("E4 · ASIA impairment scale"), choices=AIS, help_text=_("A, B and C exclude."))
    prior_deficit = fields.YesNo(
        _("Was there ever a deficit?"), required=False, help_text=_("Tells recovered from never affected.")
    )
    ais_progressing = fields.YesNo(
        _("E5 · Is the deficit getting worse within hours or days?"),
        visible_if=("ais", ["D"]),
        help_text=_("A stable D is eligible."),
    )
    ais_progressing_since = fields.Instant(
        _("E5 · Getting worse since"), visible_if=("ais_progressing", ["yes"]), required=False,
        help_text=_("When it was first noticed; the date alone if that is what is known."),
    )  # fmt: skip
    can_lie_flat = fields.YesNo(_("E6 · Can the patient lie flat on the table?"), help_text=_("Long enough for SBRT."))
    ambulation = fields.Choice(
        _("E7 · Walking"),
        choices=AMBULATION,
        help_text=_("Bed rest prescribed for instability is not “does not walk”."),
    )
    hospice = fields.YesNo(_("E8 · In a hospice?"), help_text=_("Or admitted to one soon."))
    life_expectancy = fields.Choice(
        _("E8 · Life expectancy"), choices=LIFE_EXPECTANCY, help_text=_("The oncologist's estimate.")
    )
    operable = fields.YesNo(_("E9 · Medically operable?"), help_text=_("The anaesthetist's judgement."))
    refuses_surgery = fields.YesNo(_("E9 · Does the patient refuse surgery?"), help_text=_("Asked, not assumed."))
    asa = fields.Choice(
        _("ASA class"), choices=[(c, c) for c in ("I", "II", "III", "IV", "V")], required=False,
        help_text=_("At the anaesthesia screening."),
    )  # fmt: skip
    anaesthesia_on = fields.LocalDate(
        _("Anaesthesia screening"), required=False, help_text=_("The day on which operability was judged.")
    )
    protocol_version = fields.Text(
        _("Protocol version"), editable=False, required=False, max_length=20, help_text=_("That judged it.")
    )

    class Meta(SingleRecord.Meta):
        verbose_name = _("Eligibility")
        verbose_name_plural = _("Eligibility")

    @property
    def bridged_levels(self) -> int | None:
        """Vertebrae the plan bridges, both ends included."""
        return count_bridged(self.bridged_upper, self.bridged_lower)

    def clean(self) -> None:
        """The version that judges is kept with the answers: an amendment does not rewrite them."""
        self.protocol_version = self.protocol_version or self._version_in_force().version
        super().clean()

    def cross_checks(self) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        if self.kps is not None and self.kps % 10:
            errors["kps"] = _("Karnofsky goes in steps of 10; %(kps)s is between two of them.") % {"kps": self.kps}
        if self.bridged_upper and self.bridged_lower and self.bridged_levels is None:
            errors["bridged_lower"] = _("The lowest vertebra lies above the uppermost one.")
        return errors

    def facts(self) -> eligibility.EligibilityFacts:
        """What the protocol's rule may know."""
        yes: dict[str | None, bool] = {"yes": True, "no": False}
        earlier = [yes.get(self.earlier_surgery), yes.get(self.earlier_radiotherapy)]
        return eligibility.EligibilityFacts(
            painful=yes.get(self.painful),
            solid_tumour=yes.get(self.solid_tumour),
            levels=tuple(self.levels) if self.levels else None,
            surgery_needed=yes.get(self.surgery_needed),
            histology=yes.get(self.histology),
            imaging=True if self.imaging else None,
            kps=self.kps,
            age=self.age,
            consent=yes.get(self.consent),
            bridged_levels=self.bridged_levels,
            earlier_treatment=True if True in earlier else None if None in earlier else False,
            bilsky=self.bilsky,
            ais=self.ais,
            ais_progressing=yes.get(self.ais_progressing),
            can_lie_flat=yes.get(self.can_lie_flat),
            ambulatory=None if self.ambulation is None else self.ambulation != "none",
            hospice=yes.get(self.hospice),
            life_expectancy_under_3_months=None if self.life_expectancy is None else self.life_expectancy == "<3",
            operable=yes.get(self.operable),
            refuses_surgery=yes.get(self.refuses_surgery),
        )

    def verdict(self) -> eligibility.Eligibility:
        """Eligible, not eligible or undetermined, with each criterion."""
        return eligibility.assess(self.facts(), study.VERSIONS.get(self.protocol_version or "", STUDY))

    def _version_in_force(self) -> study.Study:
        """At this site, on the day of consent; before consent is recorded, on the day of the assessment."""
        consent = selectors.records_of(Consent, self.participant).first()
        on = (consent.consented_at_date if consent else None) or self.assessed_on
        return in_force(self.participant.site.approvals.all(), on)
