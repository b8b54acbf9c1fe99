"""Informed consent, and its withdrawal (study.md 1.3 I6, 8 situation 9)."""

from datetime import date
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import ItemGroupRecord, SingleRecord

GIVEN = ("given", ["yes"])
WITHDRAWN = ("withdrawn", ["yes"])


class Consent(SingleRecord):
    """When consent was given, with which form, and what was withdrawn later."""

    slug = "consent"
    domain = "DS"

    given = fields.YesNo(_("Did the patient consent?"), standard="DSDECOD", help_text=_("In writing."))
    declined_reason = fields.Choice(
        _("Why not"),
        choices=[
            ("treatment", _("Does not want this treatment")),
            ("research", _("Does not want research")),
            ("burden", _("Too much burden")),
            ("none-given", _("Gave no reason")),
            ("other", _("Other")),
        ],
        visible_if=("given", ["no"]),
        required=False,
        help_text=_("As the patient said; nobody has to give a reason."),
    )
    information_on = fields.LocalDate(
        _("Patient information given on"),
        visible_if=GIVEN,
        required=False,
        help_text=_("Time to think it over counts."),
    )
    consented_at = fields.Instant(
        _("Signed"), visible_if=GIVEN, standard="RFICDTC", help_text=_("Date and time on the form.")
    )
    consented_at_date: date | None
    form_version = fields.Text(
        _("Version of the consent form"), visible_if=GIVEN, max_length=40, help_text=_("As printed in its footer.")
    )
    obtained_by = fields.Choice(
        _("Obtained by"),
        choices=[
            ("surgeon", _("Spine surgeon")),
            ("radonc", _("Radiation oncologist")),
            ("pi", _("Principal investigator")),
            ("other", _("Another delegated doctor")),
        ],
        visible_if=GIVEN,
        help_text=_("Role only, never a name."),
    )
    copy_given = fields.YesNo(_("Copy given to the patient"), visible_if=GIVEN, help_text=_("Of the signed form."))
    withdrawn = fields.YesNo(_("Withdrawn later?"), visible_if=GIVEN, help_text=_("Any part of the consent."))
    withdrawn_on = fields.LocalDate(_("Withdrawn on"), visible_if=WITHDRAWN, help_text=_("When the patient said so."))
    withdrawn_what = fields.MultiChoice(
        _("What was withdrawn"),
        choices=[
            ("treatment", _("Study treatment")),
            ("visits", _("Visits and contact")),
            ("questionnaires", _("Questionnaires")),
            ("data-use", _("Use of data from then on")),
        ],
        visible_if=WITHDRAWN,
        help_text=_("Ask; data until then are kept unless the law requires otherwise."),
    )

    class Meta(SingleRecord.Meta):
        verbose_name = _("Consent")
        verbose_name_plural = _("Consent")

    def cross_checks(self) -> dict[str, Any]:
        if self.withdrawn_on and self.consented_at_date and self.withdrawn_on < self.consented_at_date:
            return {"withdrawn_on": _("Consent was withdrawn before it was given. Check both dates.")}
        return {}


class Reconsent(ItemGroupRecord):
    """Consent asked again: a new version of the form, or somebody screened again."""

    slug = "reconsent"
    domain = "DS"
    parent_field = "consent"
    opens_with_row = False

    consent = models.ForeignKey(Consent, models.PROTECT, related_name="again", editable=False)
    why = fields.Choice(
        _("Why asked again"),
        choices=[
            ("new-version", _("New version of the form")),
            ("rescreened", _("Screened again")),
            ("new-information", _("New information about risks")),
            ("other", _("Other")),
        ],
        help_text=_("The first consent stays as it was."),
    )
    form_version = fields.Text(
        _("Version of the consent form"), max_length=40, help_text=_("As printed in its footer.")
    )
    answer = fields.YesNo(_("Did the patient consent again?"), standard="DSDECOD", help_text=_("In writing."))
    consented_at = fields.Instant(
        _("Signed"), visible_if=("answer", ["yes"]), standard="RFICDTC", help_text=_("Date and time on the form.")
    )

    class Meta(ItemGroupRecord.Meta):
        verbose_name = _("Consent asked again")
        verbose_name_plural = _("Consent asked again")
