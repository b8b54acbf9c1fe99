"""How somebody's part in the trial ended (study.md 4.3, 5.8)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from records import fields
from records.base import SingleRecord
from records.relatedness import RELATEDNESS

DIED = ("outcome", ["died"])


class EndOfStudy(SingleRecord):
    """Completed, died, withdrew, lost: after it nothing more is expected."""

    slug = "end-of-study"
    domain = "DS"

    outcome = fields.Choice(
        _("How it ended"),
        choices=[
            ("completed", _("Completed")),
            ("died", _("Died")),
            ("withdrew", _("Withdrew consent")),
            ("lost", _("Lost to follow-up")),
            ("screen-failure", _("Not enrolled")),
            ("other", _("Other")),
        ],
        standard="DSDECOD",
        help_text=_("The first that applies."),
    )
    ended_on = fields.LocalDate(_("On"), standard="DSSTDTC", help_text=_("The last day in the trial."))
    last_seen_on = fields.LocalDate(
        _("Last seen or spoken to"), required=False, help_text=_("By anybody of the trial, or reliably by others.")
    )
    died_on = fields.PartialDateField(
        _("Date of death"), shown_if=DIED, standard="DTHDTC", help_text=_("What is known of it.")
    )
    death_cause = fields.Choice(
        _("Cause of death"),
        choices=[
            ("progression", _("Progression of the cancer")),
            ("adverse-event", _("An adverse event of the treatment")),
            ("other-disease", _("Another disease")),
            ("unknown", _("Unknown")),
        ],
        shown_if=DIED,
        standard="DDORRES",
        help_text=_("The underlying cause."),
    )
    death_related_sbrt = fields.Choice(
        _("Death related to SBRT"), choices=RELATEDNESS, shown_if=DIED, help_text=_("As judged by the specialists.")
    )
    death_related_surgery = fields.Choice(
        _("Death related to surgery"), choices=RELATEDNESS, shown_if=DIED, help_text=_("As judged by the specialists.")
    )
    death_place = fields.Choice(
        _("Place of death"),
        choices=[("home", _("Home")), ("hospital", _("Hospital")), ("hospice", _("Hospice")), ("other", _("Other"))],
        shown_if=DIED,
        required=False,
        help_text=_("If known."),
    )
    autopsy = fields.YesNo(_("Autopsy"), shown_if=DIED, required=False, help_text=_("Done or agreed."))
    withdrawn_what = fields.Codes(
        _("What was withdrawn"),
        choices=[
            ("treatment", _("Study treatment")),
            ("visits", _("Visits and contact")),
            ("questionnaires", _("Questionnaires")),
            ("data-use", _("Use of data from then on")),
        ],
        shown_if=("outcome", ["withdrew"]),
        help_text=_("Ask; data until then are kept unless the law requires otherwise."),
    )
    contact_attempts = fields.Integer(
        _("Attempts to reach the patient"), unit=_("attempts"), low=0, high=100, shown_if=("outcome", ["lost"]),
        help_text=_("Calls, letters, GP and municipal register."),
    )  # fmt: skip
    note = fields.LongText(_("Note"), required=False, help_text=_("No names."))

    class Meta(SingleRecord.Meta):
        verbose_name = _("End of study")
        verbose_name_plural = _("End of study")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_seen_on__lte=F("ended_on")),
                name="end_not_before_last_seen",
                violation_error_message=_("The patient was last seen after the study ended. Check both dates."),
                violation_error_code="last_seen_on",
            ),
        ]

    def cross_checks(self) -> dict[str, Any]:
        if self.died_on and self.last_seen_on and self.died_on.latest < self.last_seen_on:
            return {"died_on": _("The patient was seen after this date of death. Check both dates.")}
        return {}
