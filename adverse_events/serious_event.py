"""The case that a serious event opens, with its two awareness clocks (study.md 5.7)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from adverse_events.adverse_event import OUTCOMES
from records.model import fields
from records.model.base import ItemGroupRecord, RepeatingRecord
from records.model.relatedness import RELATEDNESS


class SeriousEvent(RepeatingRecord):
    """Site to sponsor within 24 elapsed hours; sponsor to the committee within 7 (+8) or 15 calendar days."""

    slug = "serious-event"
    signed_by = Permission.SIGN_OFF
    domain = "AE"

    adverse_event = fields.RecordLink(
        "adverse_events.AdverseEvent",
        verbose_name=_("Which adverse event"),
        related_name="cases",
        help_text=_("It must have been entered first."),
    )
    kind = fields.Choice(
        _("Kind"),
        choices=[
            ("fatal", _("Fatal")),
            ("life-threatening", _("Life-threatening")),
            ("other", _("Other serious event")),
        ],
        help_text=_("Fatal and life-threatening: 7 days; other: 15 days."),
    )
    site_aware_at = fields.Instant(_("The site learned that it is serious"), help_text=_("The 24 hours begin here."))
    site_reported_at = fields.Instant(
        _("Reported to the sponsor"), required=False, help_text=_("Within 24 elapsed hours.")
    )
    sponsor_aware_at = fields.Instant(
        _("The sponsor learned of it"), required=False, help_text=_("The 7 or 15 days begin here.")
    )
    exempt = fields.YesNo(
        _("Exempt from immediate reporting?"), help_text=_("Only what the approved protocol exempts.")
    )
    exemption_reason = fields.Text(
        _("Why it is exempt"), visible_if=("exempt", ["yes"]), help_text=_("The protocol's words.")
    )
    authority_reported_on = fields.LocalDate(
        _("Reported to the committee"), required=False, help_text=_("By the sponsor.")
    )
    further_reported_on = fields.LocalDate(
        _("Further information reported"), required=False, help_text=_("Fatal and life-threatening: 8 days more.")
    )
    receipt = fields.Text(_("Receipt number"), required=False, help_text=_("Of the committee's portal."))
    narrative = fields.LongText(
        _("What happened"), help_text=_("Course, treatment, outcome. No name, hospital number or birth date.")
    )

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Serious event")
        verbose_name_plural = _("Serious events")
        constraints = [
            models.CheckConstraint(
                condition=Q(site_reported_at__gte=F("site_aware_at")),
                name="case_reported_after_aware",
                violation_error_message=_("It was reported before the site learned of it. Check both times."),
                violation_error_code="site_reported_at",
            ),
        ]

    @property
    def title(self) -> str:
        return str(self.get_kind_display() or "")


class SeriousReport(ItemGroupRecord):
    """One version of the report as it was sent: what it said stays as it was said."""

    slug = "serious-report"
    domain = "AE"
    parent_field = "serious_event"
    opens_with_row = False

    serious_event = models.ForeignKey(SeriousEvent, models.PROTECT, related_name="reports", editable=False)
    version_kind = fields.Choice(
        _("Version of the report"),
        choices=[("initial", _("Initial")), ("follow-up", _("Follow-up")), ("final", _("Final"))],
        help_text=_("Each version sent is a row of its own."),
    )
    sent_at = fields.Instant(_("Sent"), help_text=_("To sponsor or committee."))
    sent_to = fields.Choice(
        _("To whom"),
        choices=[("sponsor", _("Sponsor")), ("committee", _("Committee"))],
        help_text=_("One row each."),
    )
    receipt = fields.Text(_("Receipt number"), required=False, help_text=_("As it came back."))
    said_term = fields.Text(_("Term as reported"), standard="AETERM", help_text=_("As it stood in the report."))
    said_onset = fields.PartialDateField(_("Onset as reported"), standard="AESTDTC", help_text=_("As in the report."))
    said_grade = fields.Integer(
        _("Worst grade as reported"),
        unit=_("grade"),
        min_value=1,
        max_value=5,
        standard="AETOXGR",
        help_text=_("As in the report."),
    )
    said_related = fields.Choice(
        _("Relatedness as reported"), choices=RELATEDNESS, standard="AEREL", help_text=_("The highest of the three.")
    )
    said_outcome = fields.Choice(
        _("Outcome as reported"), choices=OUTCOMES, standard="AEOUT", help_text=_("As in the report.")
    )
    news = fields.LongText(_("What is new in it"), required=False, help_text=_("No names."))

    class Meta(ItemGroupRecord.Meta):
        verbose_name = _("Report")
        verbose_name_plural = _("Reports sent")
