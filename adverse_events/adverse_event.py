"""An adverse event with its grade log (study.md 5.1 to 5.6)."""

from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from adverse_events import ctcae
from protocol.toxicity import SERIOUSNESS, counting, disagree
from records import selectors
from records.model import fields
from records.model.base import ItemGroupRecord, RepeatingRecord
from records.model.relatedness import RELATEDNESS

FATAL = "fatal"
OUTCOMES = [
    ("recovered", _("Recovered")),
    ("recovering", _("Recovering")),
    ("not-recovered", _("Not recovered")),
    ("sequelae", _("Recovered with sequelae")),
    (FATAL, _("Fatal")),
    ("unknown", _("Unknown")),
]


TREATMENTS = ("sbrt", "surgery", "combination")
STANDS = Q(voided_at__isnull=True)
IS_SERIOUS = reduce(or_, (Q(**{name: "yes"}) for name in SERIOUSNESS))
IS_UNJUDGED = Q(related_sbrt__isnull=True) | Q(related_surgery__isnull=True)


def _opinion(question: Any, help_text: Any) -> fields.Choice:
    return fields.Choice(question, choices=RELATEDNESS, required=False, standard="SUPPAE", help_text=help_text)


class AdverseEvent(RepeatingRecord):
    """Any unfavourable sign, symptom or disease, related or not. How bad it was is in its grade rows."""

    slug = "adverse-event"
    domain = "AE"
    field_permissions = {
        "related_sbrt": Permission.JUDGE_SBRT,
        "related_surgery": Permission.JUDGE_SURGERY,
        "related_combination": Permission.JUDGE_COMBINATION,
        "second_sbrt": Permission.JUDGE_SURGERY,
        "second_surgery": Permission.JUDGE_SBRT,
        "second_combination": Permission.JUDGE_COMBINATION,
        "decided_sbrt": Permission.ADJUDICATE,
        "decided_surgery": Permission.ADJUDICATE,
        "decided_combination": Permission.ADJUDICATE,
        "decided_because": Permission.ADJUDICATE,
    }

    verbatim = fields.Text(
        _("What happened, in your words"), standard="AETERM", help_text=_("The diagnosis rather than the symptoms.")
    )
    ctcae_code = fields.Text(
        _("CTCAE term"), max_length=8, standard="AELLTCD", help_text=_("Choose one that is offered as you type.")
    )
    ctcae_term = fields.Text(_("Term"), editable=False, required=False, standard="AETOX", help_text=_("From the code."))
    soc = fields.Text(
        _("System organ class"), editable=False, required=False, standard="AEBODSYS", help_text=_("From the code.")
    )
    other_specify = fields.Text(
        _("Other, specify"), required=False, standard="AETERM", help_text=_("Only for terms called “Other, specify”.")
    )
    onset_on = fields.PartialDateField(
        _("Began"), standard="AESTDTC", help_text=_("What is known: 2016-03-12, 2016-03 or 2016.")
    )
    onset_order = fields.Choice(
        _("Began, beside the treatments"),
        choices=[
            ("before-sbrt", _("Before SBRT")),
            ("between", _("Between SBRT and surgery")),
            ("after-surgery", _("After surgery")),
            ("unknown", _("Not known")),
        ],
        required=False,
        help_text=_("Decides where the day is the same."),
    )
    learned_on = fields.LocalDate(
        _("The site learned of it"), required=False, help_text=_("Often later than it began.")
    )
    at_baseline = fields.YesNo(_("Was it there before treatment?"), help_text=_("Also in a lower grade."))
    baseline_grade = fields.Integer(
        _("Grade before treatment"), unit=_("grade"), min_value=0, max_value=5, visible_if=("at_baseline", ["yes"]),
        help_text=_("CTCAE grade at baseline."),
    )  # fmt: skip
    ongoing = fields.YesNo(_("Is it still going on?"), standard="AEENRF", help_text=_("At the last contact."))
    ended_on = fields.PartialDateField(
        _("Ended"), visible_if=("ongoing", ["no"]), standard="AEENDTC", help_text=_("What is known of the date.")
    )
    death = fields.YesNo(_("Did the patient die of it?"), standard="AESDTH", help_text=_("Then its grade is 5."))
    life_threatening = fields.YesNo(
        _("Was it life-threatening?"), standard="AESLIFE", help_text=_("At that moment, not what it might have been.")
    )
    hospitalisation = fields.YesNo(
        _("Did it bring the patient to hospital, or keep him or her there longer?"),
        standard="AESHOSP",
        help_text=_("Not a planned stay."),
    )
    disability = fields.YesNo(
        _("Did it leave a lasting or significant disability?"), standard="AESDISAB", help_text=_("In daily life.")
    )
    congenital = fields.YesNo(
        _("Was it a birth defect in a child of the patient?"), standard="AESCONG", help_text=_("Nearly always no.")
    )
    medically_important = fields.YesNo(
        _("Was it otherwise medically important?"),
        standard="AESMIE",
        help_text=_("It needed treatment to prevent one of the above."),
    )
    admitted_on = fields.LocalDate(
        _("Admitted for it"),
        visible_if=("hospitalisation", ["yes"]),
        help_text=_("Or: the day the stay became longer."),
    )
    related_sbrt = fields.Choice(
        _("Related to SBRT"), choices=RELATEDNESS, required=False, standard="AEREL_RT",
        help_text=_("Judged by the radiation oncologist."),
    )  # fmt: skip
    related_surgery = fields.Choice(
        _("Related to surgery"), choices=RELATEDNESS, required=False, standard="AEREL_SURG",
        help_text=_("Judged by the surgeon."),
    )  # fmt: skip
    related_combination = fields.Choice(
        _("Related to the two so close together"), choices=RELATEDNESS, required=False, standard="AEREL_COMB",
        help_text=_("Judged by either specialist."),
    )  # fmt: skip
    second_sbrt = _opinion(
        _("Related to SBRT: second opinion"), _("The surgeon's view, if it differs or is asked for.")
    )
    second_surgery = _opinion(
        _("Related to surgery: second opinion"), _("The radiation oncologist's view, if it differs or is asked for.")
    )
    second_combination = _opinion(
        _("Related to the two so close together: second opinion"), _("Of the other specialist.")
    )
    imaging_on = fields.LocalDate(
        _("Imaging that tells the cause"), required=False,
        help_text=_("Needed for a late neurological change: progression, myelitis or screws."),
    )  # fmt: skip
    decided_sbrt = _opinion(_("Decided: related to SBRT"), _("Where the opinions disagree; all of them are kept."))
    decided_surgery = _opinion(_("Decided: related to surgery"), _("Where the opinions disagree."))
    decided_combination = _opinion(
        _("Decided: related to the two so close together"), _("Where the opinions disagree.")
    )
    decided_because = fields.LongText(
        _("Why it was decided so"), required=False, help_text=_("By somebody who gave none of the opinions.")
    )
    alternative_cause = fields.Choice(
        _("Another cause"),
        choices=[
            ("none", _("None")),
            ("progression", _("Progression of the cancer")),
            ("systemic-therapy", _("Systemic therapy")),
            ("comorbidity", _("Another disease")),
            ("other", _("Other")),
        ],
        required=False,
        help_text=_("The most likely one."),
    )
    expected = fields.YesNo(
        _("Is it on the protocol's list of expected events?"), required=False, standard="AEEXP",
        help_text=_("The list was not found: leave open if in doubt."),
    )  # fmt: skip
    action_taken = fields.MultiChoice(
        _("What it did to the study treatment"),
        choices=[
            ("none", _("Nothing")),
            ("sbrt-interrupted", _("SBRT interrupted")),
            ("surgery-postponed", _("Surgery postponed")),
            ("surgery-cancelled", _("Surgery cancelled")),
            ("not-applicable", _("Not applicable")),
        ],
        required=False,
        standard="AEACN",
        help_text=_("Both treatments are given once, so mostly not applicable."),
    )
    other_action = fields.MultiChoice(
        _("What was done"),
        choices=[
            ("drugs", _("Drugs")),
            ("antibiotics-oral", _("Antibiotics by mouth")),
            ("antibiotics-iv", _("Antibiotics by drip")),
            ("transfusion", _("Transfusion")),
            ("reoperation", _("Operated again")),
            ("icu", _("Intensive care")),
            ("readmission", _("Readmitted")),
            ("other", _("Other")),
        ],
        required=False,
        standard="AEACNOTH",
        help_text=_("All that apply."),
    )
    outcome = fields.Choice(
        _("Outcome"),
        choices=OUTCOMES,
        standard="AEOUT",
        help_text=_("At the last contact."),
    )
    clavien_dindo = fields.Choice(
        _("Clavien–Dindo"),
        choices=[(c, c) for c in ("I", "II", "IIIa", "IIIb", "IVa", "IVb", "V")],
        required=False,
        help_text=_("For surgical complications: graded by how they were treated."),
    )
    ssi_class = fields.Choice(
        _("Surgical site infection"),
        choices=[
            ("superficial", _("Superficial")),
            ("deep", _("Deep")),
            ("organ-space", _("Organ or space")),
        ],
        required=False,
        help_text=_("For wound infections."),
    )
    recurs_from = fields.Integer(
        _("Comes back after event number"), unit=_("event"), min_value=1, max_value=999, required=False,
        help_text=_("When the same thing returns after a gap: a new event, linked."),
    )  # fmt: skip

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Adverse event")
        verbose_name_plural = _("Adverse events")
        indexes = [
            *RepeatingRecord.Meta.indexes,
            models.Index(fields=["created_at"], condition=IS_UNJUDGED & STANDS, name="event_unjudged"),
            models.Index(fields=["created_at"], condition=IS_SERIOUS & STANDS, name="event_serious"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(ongoing="yes") | Q(ended_on__isnull=True),
                name="event_ongoing_has_no_end",
                violation_error_message=_("It is still going on, so it has no end date. Clear one of the two."),
                violation_error_code="ended_on",
            ),
        ]

    @property
    def is_serious(self) -> bool:
        """Any of the six criteria."""
        return any(getattr(self, name) == "yes" for name in SERIOUSNESS)

    @property
    def has_case(self) -> bool:
        """Whether a serious-event case has been opened for it."""
        return self.cases.filter(voided_at__isnull=True).exists()

    def opinions(self, treatment: str) -> list[str | None]:
        """What the two specialists said of one treatment: sbrt, surgery or combination."""
        return [getattr(self, f"related_{treatment}"), getattr(self, f"second_{treatment}")]

    def counting(self, treatment: str) -> str | None:
        """The relatedness that counts: what was decided, or the highest opinion until then."""
        return counting(self.opinions(treatment), getattr(self, f"decided_{treatment}"))

    def undecided(self) -> list[str]:
        """The treatments on which the specialists disagree across the border, and nobody has decided."""
        return [
            treatment
            for treatment in TREATMENTS
            if disagree(self.opinions(treatment)) and getattr(self, f"decided_{treatment}") is None
        ]

    @property
    def title(self) -> str:
        """The term, or the words it was reported in."""
        return self.ctcae_term or self.verbatim or ""

    def clean(self) -> None:
        """Term and class are looked up from the code, never typed."""
        term = ctcae.by_code(self.ctcae_code or "")
        self.ctcae_term, self.soc = (term.term, term.soc) if term else (None, None)
        super().clean()

    def cross_checks(self) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        term = ctcae.by_code(self.ctcae_code or "")
        if self.ctcae_code and term is None:
            errors["ctcae_code"] = _("There is no CTCAE 4.03 term with code %(code)s. Choose one that is offered.") % {
                "code": self.ctcae_code
            }
        if self.onset_on and self.ended_on and self.ended_on.latest < self.onset_on.earliest:
            errors["ended_on"] = _("It ended (%(end)s) before it began (%(start)s).") % {
                "end": self.ended_on,
                "start": self.onset_on,
            }
        if self.outcome and self.death and (self.outcome == FATAL) != (self.death == "yes"):
            errors["outcome"] = _("“Fatal” and “the patient died of it” go together. Change one of the two.")
        if term and term.other_specify and not self.other_specify and self.is_complete:
            errors["other_specify"] = _("Say which, as this term is “Other, specify”.")
        if not self.decided_because and any(getattr(self, f"decided_{treatment}") for treatment in TREATMENTS):
            errors["decided_because"] = _("Say why it was decided so.")
        return errors

    def notices(self) -> dict[str, Any]:
        notices = super().notices()
        if twin := next((other for other in self.same_term() if self.overlaps(other)), None):
            notices["ctcae_code"] = _(
                "Event %(number)s has the same term, and the dates overlap. Is it the same one?"
            ) % {"number": twin.number}
        for treatment in self.undecided():
            notices[f"decided_{treatment}"] = _(
                "The specialists disagree: the higher opinion counts until it is decided."
            )
        return notices

    def same_term(self) -> Any:
        """The participant's other events with this term."""
        if not self.ctcae_code:
            return type(self).objects.none()
        return selectors.records_of(type(self), self.participant).filter(ctcae_code=self.ctcae_code).exclude(pk=self.pk)

    def overlaps(self, other: "AdverseEvent") -> bool:
        """Whether the two can have been there on one day; a linked recurrence is known not to be."""
        if self.recurs_from == other.number or other.recurs_from == self.number:
            return False
        (first, last), (other_first, other_last) = self.span(), other.span()
        return first <= other_last and other_first <= last

    def span(self) -> tuple[date, date]:
        """The first and the last day on which it can have been there."""
        first = self.onset_on.earliest if self.onset_on else date.min
        return first, self.ended_on.latest if self.ended_on else date.max


class AdverseEventGrade(ItemGroupRecord):
    """From a date on, the event had this grade. A worsening is a new row, not an overwrite."""

    slug = "adverse-event-grade"
    domain = "AE"
    parent_field = "adverse_event"
    adds = _("It got worse later: add a row")
    at_least_one = _("Give at least one grade and when it began.")

    adverse_event = models.ForeignKey(AdverseEvent, models.PROTECT, related_name="grades", editable=False)
    grade = fields.Integer(
        _("Grade"), unit=_("grade"), min_value=1, max_value=5, standard="AETOXGR", help_text=_("CTCAE 4.03, 1 to 5.")
    )
    from_on = fields.PartialDateField(
        _("From"), standard="AESTDTC", help_text=_("When it reached this grade; 2016-03 if only the month is known.")
    )

    class Meta(ItemGroupRecord.Meta):
        verbose_name = _("Grade")
        verbose_name_plural = _("Grade log")
