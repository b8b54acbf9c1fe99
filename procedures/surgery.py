"""An operation (study.md 3.2). The index one anchors every safety day; a re-operation never moves it."""

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import RepeatingRecord, Score
from records.model.vertebrae import LEVELS, count_bridged

DONE = ("performed", ["yes"])
_USUAL_MINUTES = (45, 360)
TRANSFUSION_ASKED_FROM = 2  # units of red cells; CTCAE grade 3 of a haemorrhage begins there (study.md 5.2)


class Surgery(RepeatingRecord):
    """One operation, the planned one or a later one; also the planned one that was cancelled."""

    slug = "surgery"
    domain = "PR"

    index = fields.YesNo(
        _("Is this the trial's operation?"),
        help_text=_("Yes for the fixation of the protocol; no for any later operation."),
    )
    performed = fields.YesNo(
        _("Was it performed?"), standard="PROCCUR", help_text=_("Yes as soon as the knife touched skin.")
    )
    cancelled_reason = fields.Choice(
        _("Why it was cancelled"),
        choices=[
            ("instability", _("Clinical condition")),
            ("theatre", _("Theatre capacity")),
            ("patient", _("Patient's choice")),
            ("adverse-event", _("Adverse event")),
            ("died", _("Died before")),
            ("other", _("Other")),
        ],
        visible_if=("performed", ["no"]),
        help_text=_("Follow-up then counts from SBRT."),
    )
    reason_for_reoperation = fields.Text(
        _("Why operated again"), visible_if=("index", ["no"]), help_text=_("For example infection, screw loosening.")
    )
    at_index_level = fields.YesNo(
        _("Was the index level treated again?"), visible_if=("index", ["no"]),
        help_text=_("Then the pain response is censored from that day."),
    )  # fmt: skip
    completed = fields.YesNo(
        _("Was it completed as planned?"), visible_if=DONE, help_text=_("No where it was stopped after the incision.")
    )
    abort_reason = fields.Text(
        _("Why it was stopped"), visible_if=("completed", ["no"]), help_text=_("In a few words.")
    )
    admission_on = fields.LocalDate(_("Admitted"), visible_if=DONE, standard="HOSTDTC", help_text=_("To hospital."))
    asa = fields.Choice(
        _("ASA class"),
        choices=[(c, c) for c in ("I", "II", "III", "IV", "V")],
        visible_if=DONE,
        help_text=_("As judged by the anaesthetist."),
    )
    antibiotics_at = fields.Instant(
        _("Antibiotic prophylaxis"), visible_if=DONE, required=False, help_text=_("When it was given.")
    )
    in_theatre_at = fields.Instant(
        _("Patient in theatre"), visible_if=DONE, required=False, help_text=_("Theatre clock, local time.")
    )
    anaesthesia_at = fields.Instant(
        _("Start of anaesthesia"), visible_if=DONE, required=False, help_text=_("Theatre clock, local time.")
    )
    incision_at = fields.Instant(
        _("Knife to skin"),
        visible_if=DONE,
        standard="PRSTDTC",
        help_text=_("Theatre clock, local time. This closes the 48-hour window."),
    )
    incision_at_date: date | None
    closed_at = fields.Instant(
        _("Skin closed"), visible_if=DONE, standard="PRENDTC", help_text=_("Theatre clock, local time.")
    )
    closed_at_date: date | None
    out_of_theatre_at = fields.Instant(
        _("Patient out of theatre"), visible_if=DONE, required=False, help_text=_("Theatre clock, local time.")
    )
    time_source = fields.Choice(
        _("Where the times come from"),
        choices=[("theatre", _("Theatre system")), ("machine", _("Machine log")), ("manual", _("Written by hand"))],
        visible_if=DONE,
        help_text=_("Clocks differ; the theatre system is best."),
    )
    approach = fields.Choice(
        _("Approach"),
        choices=[
            ("percutaneous", _("Percutaneous")),
            ("mini-open", _("Mini-open")),
            ("open", _("Open")),
            ("converted", _("Converted to open")),
        ],
        visible_if=DONE,
        standard="PRTRT",
        help_text=_("As it ended."),
    )
    conversion_reason = fields.Text(
        _("Why converted"), visible_if=("approach", ["converted"]), help_text=_("In a few words.")
    )
    position = fields.Choice(
        _("Position"),
        choices=[("prone", _("Prone")), ("lateral", _("Lateral")), ("other", _("Other"))],
        visible_if=DONE,
        required=False,
        help_text=_("On the table."),
    )
    upper_level = fields.Choice(
        _("Uppermost instrumented vertebra"), choices=LEVELS, visible_if=DONE, standard="PRLOC",
        help_text=_("Levels bridged are counted from here."),
    )  # fmt: skip
    lower_level = fields.Choice(
        _("Lowest instrumented vertebra"), choices=LEVELS, visible_if=DONE, standard="PRLOC",
        help_text=_("More than five bridged is a deviation."),
    )  # fmt: skip
    screws = fields.Integer(
        _("Screws"),
        unit=_("screws"),
        min_value=0,
        max_value=40,
        warn_range=(4, 12),
        visible_if=DONE,
        help_text=_("All levels together."),
    )
    rods = fields.Integer(
        _("Rods"),
        unit=_("rods"),
        min_value=0,
        max_value=8,
        warn_range=(2, 2),
        visible_if=DONE,
        help_text=_("Usually two."),
    )
    cement = fields.YesNo(_("Cement augmentation"), visible_if=DONE, help_text=_("Of a vertebra or of screws."))
    cement_levels = fields.MultiChoice(
        _("Levels with cement"), choices=LEVELS, visible_if=("cement", ["yes"]), help_text=_("All of them.")
    )
    cement_ml = fields.Decimal(
        _("Cement"),
        unit="ml",
        min_value=0,
        max_value=60,
        visible_if=("cement", ["yes"]),
        help_text=_("All levels together."),
    )
    decompression = fields.Choice(
        _("Decompression"),
        choices=[("none", _("None")), ("laminectomy", _("Laminectomy")), ("separation", _("Separation surgery"))],
        visible_if=DONE,
        help_text=_("Of cord or cauda."),
    )
    decompression_levels = fields.MultiChoice(
        _("Levels decompressed"), choices=LEVELS, visible_if=("decompression", ["laminectomy", "separation"]),
        help_text=_("All of them."),
    )  # fmt: skip
    biopsy = fields.YesNo(_("Biopsy taken"), visible_if=DONE, help_text=_("During this operation."))
    corpectomy = fields.YesNo(_("Corpectomy"), visible_if=DONE, help_text=_("Whole or part of a vertebral body."))
    blood_loss_ml = fields.Integer(
        _("Blood loss"),
        unit="ml",
        min_value=0,
        max_value=20000,
        warn_range=(0, 2000),
        visible_if=DONE,
        help_text=_("In theatre."),
    )
    blood_loss_method = fields.Choice(
        _("How blood loss was estimated"),
        choices=[("suction", _("Suction and gauzes")), ("visual", _("By eye")), ("other", _("Other"))],
        visible_if=DONE,
        required=False,
        help_text=_("As in the theatre record."),
    )
    red_cells_during_units = fields.Integer(
        _("Red cells during the operation"), unit=_("units"), min_value=0, max_value=60, warn_range=(0, 1),
        visible_if=DONE,
        help_text=_("Two or more beyond protocol may be a grade 3 event."),
    )  # fmt: skip
    red_cells_after_units = fields.Integer(
        _("Red cells after the operation"), unit=_("units"), min_value=0, max_value=60, warn_range=(0, 1),
        visible_if=DONE,
        help_text=_("Until discharge."),
    )  # fmt: skip
    transfusion_beyond_protocol = fields.YesNo(
        _("Was the transfusion more than the protocol allows for?"), visible_if=DONE, required=False,
        help_text=_("Ask this before grading: a routine transfusion is not an adverse event."),
    )  # fmt: skip
    intraoperative_events = fields.MultiChoice(
        _("Events in theatre"),
        choices=[
            ("dural-tear", _("Dural tear")),
            ("screw-malposition", _("Screw malposition")),
            ("nerve-injury", _("Nerve injury")),
            ("bleeding", _("Unexpected bleeding")),
            ("other", _("Other")),
        ],
        visible_if=DONE,
        required=False,
        help_text=_("Tick what happened; record it as an adverse event too."),
    )
    drain = fields.YesNo(_("Drain left"), visible_if=DONE, help_text=_("In the wound."))
    wound_class = fields.Choice(
        _("Wound class"),
        choices=[
            ("clean", _("Clean")),
            ("clean-contaminated", _("Clean-contaminated")),
            ("contaminated", _("Contaminated")),
            ("dirty", _("Dirty")),
        ],
        visible_if=DONE,
        help_text=_("CDC class at operation."),
    )
    closure = fields.Choice(
        _("Wound closure"),
        choices=[("staples", _("Staples")), ("sutures", _("Sutures")), ("glue", _("Glue")), ("other", _("Other"))],
        visible_if=DONE,
        required=False,
        help_text=_("Of the skin."),
    )
    surgeon_experience = fields.Choice(
        _("Operating surgeon"),
        choices=[
            ("consultant", _("Consultant")),
            ("fellow", _("Fellow, supervised")),
            ("resident", _("Resident, supervised")),
        ],
        visible_if=DONE,
        help_text=_("Role only, never a name."),
    )
    surgeon_code = fields.Text(
        _("Surgeon's code"), visible_if=DONE, required=False, max_length=10,
        help_text=_("From the site's own list, such as S1; never a name or initials."),
    )  # fmt: skip
    implant_system = fields.Text(
        _("Implant system"), visible_if=DONE, required=False, max_length=100, help_text=_("Maker and type.")
    )
    destination = fields.Choice(
        _("After the operation to"),
        choices=[("ward", _("Ward")), ("pacu", _("Recovery overnight")), ("icu", _("Intensive care"))],
        visible_if=DONE,
        help_text=_("The first night."),
    )
    mobilised_on = fields.LocalDate(
        _("First out of bed"), visible_if=DONE, required=False, help_text=_("Standing or walking.")
    )
    discharge_on = fields.LocalDate(
        _("Discharged"), visible_if=DONE, required=False, standard="HOENDTC", help_text=_("From this admission.")
    )
    discharge_to = fields.Choice(
        _("Discharged to"),
        choices=[
            ("home", _("Home")),
            ("rehabilitation", _("Rehabilitation")),
            ("nursing-home", _("Nursing home")),
            ("hospice", _("Hospice")),
            ("hospital", _("Another hospital")),
            ("died", _("Died in hospital")),
        ],
        visible_if=DONE,
        required=False,
        help_text=_("Where to."),
    )

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Surgery")
        verbose_name_plural = _("Operations")
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__gt=F("incision_at")),
                name="surgery_closes_after_incision",
                violation_error_message=_("Skin closed is earlier than knife to skin. Check the theatre record."),
                violation_error_code="closed_at",
            ),
            models.CheckConstraint(
                condition=Q(discharge_on__gte=F("admission_on")),
                name="surgery_discharged_after_admission",
                violation_error_message=_("Discharge is earlier than admission."),
                violation_error_code="discharge_on",
            ),
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(index="yes", voided_at__isnull=True),
                name="surgery_one_index",
                violation_error_message=_(
                    "There already is an index operation. This is a re-operation: answer “no” to the first question."
                ),
            ),
        ]

    @property
    def bridged_levels(self) -> int | None:
        """Vertebrae from the uppermost to the lowest instrumented, both included."""
        return count_bridged(self.upper_level, self.lower_level)

    @property
    def operating_minutes(self) -> int | None:
        """Knife to skin until skin closed, in elapsed minutes."""
        start, end = self.moment("incision_at"), self.moment("closed_at")
        if isinstance(start, datetime) and isinstance(end, datetime):
            return round((end - start).total_seconds() / 60)
        return None

    @property
    def stay_from_surgery_days(self) -> int | None:
        """Discharge date minus date of surgery."""
        if self.discharge_on and self.incision_at_date:
            return (self.discharge_on - self.incision_at_date).days
        return None

    @property
    def stay_from_admission_days(self) -> int | None:
        """Discharge date minus date of admission."""
        return (self.discharge_on - self.admission_on).days if self.discharge_on and self.admission_on else None

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """Levels bridged, operating time, and both lengths of stay by their names."""
        bridged = self.bridged_levels
        minutes, days = _("%(n)s minutes"), _("%(n)s days")

        def amount(words: Any, number: int | None) -> str:
            return "" if number is None else str(words % {"n": number})

        return [
            Score(
                _("Levels bridged"),
                "" if bridged is None else str(bridged),
                f"{self.upper_level or '?'} – {self.lower_level or '?'}, "
                + _("both included; the protocol allows five"),
                "D10",
            ),
            Score(_("Operating time"), amount(minutes, self.operating_minutes), _("knife to skin until skin closed")),
            Score(
                _("Stay from surgery"), amount(days, self.stay_from_surgery_days), _("discharge minus date of surgery")
            ),
            Score(
                _("Stay from admission"),
                amount(days, self.stay_from_admission_days),
                _("discharge minus date of admission"),
            ),
        ]

    def cross_checks(self) -> dict[str, Any]:
        """Days that run backwards, where the times that a constraint would judge are unknown."""
        errors: dict[str, Any] = {}
        if self.incision_at_date and self.closed_at_date and self.closed_at_date < self.incision_at_date:
            errors["closed_at"] = _("Skin closed is on an earlier day than knife to skin. Check the theatre record.")
        if self.incision_at_date and self.discharge_on and self.discharge_on < self.incision_at_date:
            errors["discharge_on"] = _("Discharge is earlier than the operation.")
        if self.upper_level and self.lower_level and self.bridged_levels is None:
            errors["lower_level"] = _("The lowest vertebra lies above the uppermost one.")
        return errors

    def notices(self) -> dict[str, Any]:
        notices = super().notices()
        minutes = self.operating_minutes
        low, high = _USUAL_MINUTES
        if minutes is not None and not low <= minutes <= high:
            notices["closed_at"] = _("%(minutes)s minutes is unusual for this operation (%(low)s to %(high)s).") % {
                "minutes": minutes,
                "low": low,
                "high": high,
            }
        units = (self.red_cells_during_units or 0) + (self.red_cells_after_units or 0)
        if units >= TRANSFUSION_ASKED_FROM and self.transfusion_beyond_protocol is None:
            notices["transfusion_beyond_protocol"] = _(
                "%(units)s units were given: say whether that was beyond protocol."
            ) % {"units": units}
        if (self.bridged_levels or 0) > 5:
            notices["lower_level"] = _("%(count)s vertebrae bridged; the protocol allows five. Record a deviation.") % {
                "count": self.bridged_levels
            }
        return notices
