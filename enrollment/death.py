"""A death: recorded once, whatever the cause; from then on nothing is expected (study.md 5.8)."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from records.model import fields
from records.model.base import SingleRecord
from records.model.relatedness import RELATEDNESS


class Death(SingleRecord):
    """When, of what, where, and whether a treatment had a part in it."""

    slug = "death"
    domain = "DD"
    field_permissions = {"related_sbrt": Permission.JUDGE_SBRT, "related_surgery": Permission.JUDGE_SURGERY}

    died_on = fields.PartialDateField(_("Date of death"), standard="DTHDTC", help_text=_("What is known of it."))
    learned_on = fields.LocalDate(
        _("The site learned of it"), standard="DDDTC", help_text=_("The clocks of a serious event begin here.")
    )
    told_by = fields.Choice(
        _("Known from"),
        choices=[
            ("record", _("The patient's file")),
            ("gp", _("The general practitioner")),
            ("family", _("The family")),
            ("register", _("The municipal register")),
            ("other", _("Other")),
        ],
        help_text=_("The source to show a monitor."),
    )
    cause = fields.Choice(
        _("Cause of death"),
        choices=[
            ("progression", _("Progression of the cancer")),
            ("adverse-event", _("An adverse event")),
            ("other-disease", _("Another disease")),
            ("unknown", _("Unknown")),
        ],
        standard="DDORRES",
        help_text=_("The underlying cause."),
    )
    adverse_event_number = fields.Integer(
        _("Number of the adverse event"), unit=_("event"), min_value=1, max_value=999,
        visible_if=("cause", ["adverse-event"]),
        help_text=_("As in the list of adverse events; it has grade 5."),
    )  # fmt: skip
    related_sbrt = fields.Choice(
        _("Related to SBRT"), choices=RELATEDNESS, required=False, standard="DDREL_RT",
        help_text=_("Judged by the radiation oncologist."),
    )  # fmt: skip
    related_surgery = fields.Choice(
        _("Related to surgery"), choices=RELATEDNESS, required=False, standard="DDREL_SURG",
        help_text=_("Judged by the surgeon."),
    )  # fmt: skip
    place = fields.Choice(
        _("Place of death"),
        choices=[("home", _("Home")), ("hospital", _("Hospital")), ("hospice", _("Hospice")), ("other", _("Other"))],
        required=False,
        help_text=_("If known."),
    )
    autopsy = fields.YesNo(_("Autopsy"), required=False, help_text=_("Done or agreed."))
    note = fields.LongText(_("Note"), required=False, help_text=_("No names."))

    class Meta(SingleRecord.Meta):
        verbose_name = _("Death")
        verbose_name_plural = _("Death")

    @property
    def at_latest(self) -> date | None:
        """The last day on which the patient can have died; None while nothing is known."""
        return self.died_on.latest if self.died_on else self.learned_on

    def cross_checks(self) -> dict[str, Any]:
        if self.died_on and self.learned_on and self.learned_on < self.died_on.earliest:
            return {"learned_on": _("The site learned of it before it happened. Check both dates.")}
        return {}
