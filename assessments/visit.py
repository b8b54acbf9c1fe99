"""A visit: whether it took place, how, and the one question asked at every visit (study.md 4.3, 5.3)."""

from django.utils.translation import gettext_lazy as _

from assessments.measurement import Measurement
from records.model import fields

TOOK_PLACE = ("done", ["yes"])
INFORMANTS = [("patient", _("The patient")), ("spouse", _("Spouse or partner")), ("proxy", _("Somebody else"))]


class Visit(Measurement):
    """Done, or not done and why. “Any adverse event?” proves that the question was asked."""

    slug = "visit"
    domain = "SV"
    measured = "visited_on"

    done = fields.YesNo(_("Did the visit take place?"), standard="SVOCCUR", help_text=_("Also by telephone."))
    not_done_reason = fields.Choice(
        _("Why not"),
        choices=[
            ("too-ill", _("Too ill")),
            ("refused", _("Did not want to come")),
            ("not-reached", _("Could not be reached")),
            ("forgotten", _("Forgotten by the site")),
            ("other", _("Other")),
        ],
        visible_if=("done", ["no"]),
        standard="SVREASOC",
        help_text=_("The main reason."),
    )
    visited_on = fields.LocalDate(
        _("Date"), visible_if=TOOK_PLACE, standard="SVSTDTC", help_text=_("The true date, also outside the window.")
    )
    mode = fields.Choice(
        _("How"),
        choices=[
            ("clinic", _("Outpatient clinic")),
            ("ward", _("Ward")),
            ("phone", _("Telephone")),
            ("home", _("At home")),
            ("other", _("Other")),
        ],
        visible_if=TOOK_PLACE,
        standard="SVCNTMOD",
        help_text=_("Day 60 may be by telephone."),
    )
    informant = fields.Choice(
        _("Who told"),
        choices=INFORMANTS,
        visible_if=TOOK_PLACE,
        help_text=_("A proxy is labelled as such."),
    )
    any_adverse_event = fields.YesNo(
        _("Any adverse event since the last visit?"),
        visible_if=TOOK_PLACE,
        standard="AEYN",
        help_text=_("If yes, add each one as an adverse event."),
    )
    note = fields.LongText(_("Note"), required=False, help_text=_("No names."))

    class Meta(Measurement.Meta):
        verbose_name = _("Visit")
        verbose_name_plural = _("Visits")
