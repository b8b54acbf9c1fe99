"""Attempts to reach somebody, and what is known of whether he or she lives (study.md 5.8)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import RepeatingRecord

REACHED = ("reached", ["yes"])


class Contact(RepeatingRecord):
    """One attempt. Vital status is asked for only where consent allows it."""

    slug = "contact"
    domain = "SS"

    tried_on = fields.LocalDate(_("Date"), standard="SSDTC", help_text=_("Of the attempt."))
    how = fields.Choice(
        _("How"),
        choices=[
            ("phone", _("Telephone")),
            ("letter", _("Letter")),
            ("gp", _("General practitioner")),
            ("register", _("Municipal register")),
            ("other", _("Other")),
        ],
        help_text=_("Never write who was spoken to by name."),
    )
    reached = fields.YesNo(_("Did it give an answer?"), help_text=_("About the patient."))
    vital_status = fields.Choice(
        _("Vital status"),
        choices=[("alive", _("Alive")), ("dead", _("Dead: record the death")), ("unknown", _("Unknown"))],
        visible_if=REACHED,
        standard="SSORRES",
        help_text=_("As far as this source knows."),
    )
    known_alive_on = fields.LocalDate(
        _("Known to be alive on"), visible_if=("vital_status", ["alive"]), help_text=_("The last day that is certain.")
    )
    note = fields.Text(_("Note"), required=False, help_text=_("No names."))

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Contact attempt")
        verbose_name_plural = _("Contact attempts and vital status")

    @property
    def title(self) -> str:
        return str(self.get_how_display() or "")

    def cross_checks(self) -> dict[str, Any]:
        if self.known_alive_on and self.tried_on and self.known_alive_on > self.tried_on:
            return {"known_alive_on": _("This is after the attempt itself. Check both dates.")}
        return {}
