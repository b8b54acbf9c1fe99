"""A departure from the protocol: recorded, not refused (study.md 3.3). Rules draft it, a person completes it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from records.model import fields
from records.model.base import RepeatingRecord


class Deviation(RepeatingRecord):
    """What was not as the protocol says, why, and what it means."""

    slug = "deviation"
    signed_by = Permission.SIGN_OFF
    domain = "DV"
    field_permissions = {"classification": Permission.CLASSIFY}

    kind = fields.Choice(
        _("What"),
        choices=[
            ("window-late", _("Surgery later than 48 hours after SBRT")),
            ("window-not-done", _("No surgery within 48 hours")),
            ("window-reversed", _("Surgery before SBRT")),
            ("sbrt-incomplete", _("SBRT not completed")),
            ("fractions", _("Dose or sessions other than planned")),
            ("levels", _("More than five vertebrae bridged")),
            ("visit-missed", _("Visit missed or outside its window")),
            ("consent-order", _("Study procedure before consent")),
            ("eligibility", _("Treated though not eligible")),
            ("waiver", _("Criterion waived by the sponsor")),
            ("other", _("Other")),
        ],
        standard="DVDECOD",
        help_text=_("The kind of deviation."),
    )
    occurred_on = fields.PartialDateField(_("When"), standard="DVSTDTC", help_text=_("What is known of the date."))
    discovered_on = fields.LocalDate(_("Discovered on"), help_text=_("When somebody noticed."))
    description = fields.LongText(_("What happened"), standard="DVTERM", help_text=_("No names."))
    cause = fields.Choice(
        _("Why"),
        choices=[
            ("instability", _("Clinical instability")),
            ("theatre", _("Theatre capacity")),
            ("machine", _("Machine breakdown")),
            ("patient", _("Patient's choice")),
            ("adverse-event", _("Adverse event")),
            ("other", _("Other")),
        ],
        help_text=_("The main reason."),
    )
    cause_note = fields.Text(_("Why, in a few words"), required=False, help_text=_("No names."))
    adverse_event_number = fields.Integer(
        _("Number of the adverse event"), unit=_("event"), min_value=1, max_value=999,
        visible_if=("cause", ["adverse-event"]),
        required=False, help_text=_("As in the list of adverse events."),
    )  # fmt: skip
    action_taken = fields.LongText(_("What was done about it"), required=False, help_text=_("Also to prevent it."))
    sponsor_notified_on = fields.LocalDate(_("Sponsor told on"), required=False, help_text=_("If already done."))
    classification = fields.Choice(
        _("Minor or major"),
        choices=[("minor", _("Minor")), ("major", _("Major"))],
        required=False,
        standard="DVCAT",
        help_text=_("Judged by the principal investigator."),
    )
    rule = models.CharField(max_length=40, blank=True, default="", editable=False)
    rule_values = models.JSONField(default=dict, blank=True, editable=False)

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Protocol deviation")
        verbose_name_plural = _("Protocol deviations")

    @property
    def title(self) -> str:
        return str(self.get_kind_display() or _("not described yet"))
