"""The screening log: everybody assessed, also who was not enrolled and why (study.md 1.3, 7.1)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from protocol.eligibility import CRITERIA
from records.model import fields
from records.model.base import SingleRecord
from records.model.vertebrae import LEVELS
from records.models import Participant

FAILURES = [(criterion.id, f"{criterion.id} · {criterion.text}") for criterion in CRITERIA]


class Screening(SingleRecord):
    """One screening episode. Nobody's name, hospital number or birth date."""

    slug = "screening"
    domain = "DS"

    screened_on = fields.LocalDate(_("Screened on"), standard="DSSTDTC", help_text=_("When the patient was assessed."))
    birth_year = fields.Integer(
        _("Year of birth"),
        unit=_("year"),
        min_value=1900,
        max_value=2100,
        standard="BRTHDTC",
        help_text=_("Never the full date."),
    )
    sex = fields.Choice(
        _("Sex"), choices=[("female", _("Female")), ("male", _("Male"))], standard="SEX", help_text=_("As registered.")
    )
    referred_by = fields.Choice(
        _("Referred by"),
        choices=[
            ("oncologist", _("Oncologist")),
            ("radiation-oncologist", _("Radiation oncologist")),
            ("surgeon", _("Spine surgeon")),
            ("other-hospital", _("Another hospital")),
            ("other", _("Other")),
        ],
        required=False,
        help_text=_("Who asked for an opinion."),
    )
    index_levels = fields.MultiChoice(
        _("Index level"), choices=LEVELS, standard="TULOC", help_text=_("The unstable, painful vertebra or vertebrae.")
    )
    earlier_screening = fields.Text(
        _("Screened before as"), max_length=20, required=False, help_text=_("The earlier code, such as BLEND-04.")
    )
    outcome = fields.Choice(
        _("Outcome of screening"),
        choices=[
            ("pending", _("Not decided yet")),
            ("eligible", _("Goes on to treatment")),
            ("failed", _("Not enrolled")),
        ],
        standard="DSDECOD",
        help_text=_("The code is kept whatever the outcome."),
    )
    failure_reason = fields.Choice(
        _("Why not enrolled"),
        choices=[*FAILURES, ("refused", _("Declined to take part")), ("other", _("Other"))],
        visible_if=("outcome", ["failed"]),
        standard="DSTERM",
        help_text=_("The first criterion that was not met."),
    )
    failure_note = fields.Text(
        _("In a few words"), visible_if=("outcome", ["failed"]), required=False, help_text=_("No names.")
    )

    class Meta(SingleRecord.Meta):
        verbose_name = _("Screening")
        verbose_name_plural = _("Screening")

    def cross_checks(self) -> dict[str, Any]:
        """Somebody screened before is linked by a code of the same site, and not by his or her own."""
        earlier = (self.earlier_screening or "").strip().upper()
        if not earlier:
            return {}
        others = Participant.objects.filter(site_id=self.participant.site_id).exclude(pk=self.participant_id)
        if others.filter(code=earlier).exists():
            return {}
        return {"earlier_screening": _("There is no participant %(code)s at this site.") % {"code": earlier[:20]}}
