"""How somebody's part in the trial ended (study.md 4.3, 5.8)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from enrollment.death import Death
from records import selectors
from records.model import fields
from records.model.base import SingleRecord


class EndOfStudy(SingleRecord):
    """Completed, died, withdrew, lost: after it nothing more is expected."""

    slug = "end-of-study"
    signed_by = Permission.SIGN_OFF
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
    withdrawn_what = fields.MultiChoice(
        _("What was withdrawn"),
        choices=[
            ("treatment", _("Study treatment")),
            ("visits", _("Visits and contact")),
            ("questionnaires", _("Questionnaires")),
            ("data-use", _("Use of data from then on")),
        ],
        visible_if=("outcome", ["withdrew"]),
        help_text=_("Ask; data until then are kept unless the law requires otherwise."),
    )
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

    def notices(self) -> dict[str, Any]:
        notices = super().notices()
        if self.outcome == "died" and not selectors.records_of(Death, self.participant).exists():
            notices["outcome"] = _("No death is recorded yet: add the form “Death”, with date and cause.")
        return notices
