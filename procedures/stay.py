"""A stay in hospital after the first one: readmission, transfer, rehabilitation (study.md 3.2)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import RepeatingRecord, Score


class Stay(RepeatingRecord):
    """The stay of the operation itself is on the form “Surgery”."""

    slug = "stay"
    domain = "HO"

    kind = fields.Choice(
        _("What kind of stay"),
        choices=[
            ("readmission", _("Readmission")),
            ("transfer", _("Transfer to another hospital")),
            ("rehabilitation", _("Rehabilitation")),
            ("hospice", _("Hospice")),
            ("planned", _("Planned, for something else")),
        ],
        standard="HOTERM",
        help_text=_("After the discharge that followed the operation."),
    )
    why = fields.Text(_("Why"), help_text=_("The diagnosis, in a few words."))
    admitted_on = fields.LocalDate(_("Admitted"), standard="HOSTDTC", help_text=_("First day."))
    still_in = fields.YesNo(_("Still there?"), help_text=_("At the last contact."))
    discharged_on = fields.LocalDate(
        _("Discharged"), visible_if=("still_in", ["no"]), standard="HOENDTC", help_text=_("Last day.")
    )
    discharged_to = fields.Choice(
        _("Discharged to"),
        choices=[
            ("home", _("Home")),
            ("rehabilitation", _("Rehabilitation")),
            ("nursing-home", _("Nursing home")),
            ("hospice", _("Hospice")),
            ("hospital", _("Another hospital")),
            ("died", _("Died there")),
        ],
        visible_if=("still_in", ["no"]),
        required=False,
        help_text=_("Where to."),
    )
    icu_nights = fields.Integer(
        _("Nights in intensive care"),
        unit=_("nights"),
        min_value=0,
        max_value=365,
        warn_range=(0, 14),
        help_text=_("0 where none."),
    )
    adverse_event_number = fields.Integer(
        _("Number of the adverse event"), unit=_("event"), min_value=1, max_value=999, required=False,
        help_text=_("If it was for one; then that event is serious."),
    )  # fmt: skip

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Hospital stay")
        verbose_name_plural = _("Later hospital stays")
        constraints = [
            models.CheckConstraint(
                condition=Q(discharged_on__gte=F("admitted_on")),
                name="stay_discharged_after_admission",
                violation_error_message=_("Discharge is earlier than admission."),
                violation_error_code="discharged_on",
            ),
        ]

    @property
    def title(self) -> str:
        return f"{self.get_kind_display() or ''} {self.why or ''}".strip()

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """Length of this stay."""
        days = ""
        if self.admitted_on and self.discharged_on:
            days = str(_("%(n)s days") % {"n": (self.discharged_on - self.admitted_on).days})
        return [Score(_("Length of this stay"), days, _("discharge minus admission"))]
