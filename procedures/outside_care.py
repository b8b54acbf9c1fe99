"""Care by others, known from a letter or a call (study.md 8 situation 21)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import RepeatingRecord


class OutsideCare(RepeatingRecord):
    """What somebody else treated, when the site learned of it, and whether the source was asked for."""

    slug = "outside-care"
    domain = "HO"

    provider = fields.Choice(
        _("By whom"),
        choices=[
            ("hospital", _("Another hospital")),
            ("gp", _("General practitioner")),
            ("home-care", _("Home care")),
            ("other", _("Other")),
        ],
        help_text=_("Never the name of a person."),
    )
    what = fields.Text(_("What was done"), standard="PRTRT", help_text=_("In a few words."))
    from_on = fields.PartialDateField(_("From"), standard="HOSTDTC", help_text=_("What is known of it."))
    until_on = fields.PartialDateField(
        _("Until"), required=False, standard="HOENDTC", help_text=_("What is known of it.")
    )
    learned_at = fields.Instant(
        _("The site learned of it"), help_text=_("A serious event's clock begins here, not when it happened.")
    )
    source_requested_on = fields.LocalDate(_("Letter asked for on"), help_text=_("From the other side."))
    source_received_on = fields.LocalDate(
        _("Letter received on"), required=False, help_text=_("Empty while it is awaited.")
    )
    adverse_event_number = fields.Integer(
        _("Number of the adverse event"), unit=_("event"), min_value=1, max_value=999, required=False,
        help_text=_("Entered from the letter."),
    )  # fmt: skip

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Care elsewhere")
        verbose_name_plural = _("Care elsewhere")

    @property
    def title(self) -> str:
        return self.what or ""

    def cross_checks(self) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        if self.from_on and self.until_on and self.until_on.latest < self.from_on.earliest:
            errors["until_on"] = _("It ended before it began. Check both dates.")
        if self.source_received_on and self.source_requested_on and self.source_received_on < self.source_requested_on:
            errors["source_received_on"] = _("The letter came before it was asked for. Check both dates.")
        return errors
