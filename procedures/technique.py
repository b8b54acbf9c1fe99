"""Changes in the way it is done, which IDEAL asks to report one by one (study.md 7.1)."""

from django.utils.translation import gettext_lazy as _

from records.model import fields
from records.model.base import RepeatingRecord


class TechniqueChange(RepeatingRecord):
    """A change of technique, kept with the first participant to whom it applies."""

    slug = "technique-change"
    domain = "PR"

    changed_on = fields.LocalDate(_("Decided on"), help_text=_("It applies from this participant on."))
    area = fields.Choice(
        _("What part"),
        choices=[
            ("selection", _("Selection of patients")),
            ("planning", _("Planning of SBRT")),
            ("delivery", _("Delivery of SBRT")),
            ("timing", _("Timing between the two")),
            ("surgery", _("Surgery")),
            ("implant", _("Implant")),
            ("aftercare", _("Aftercare")),
            ("other", _("Other")),
        ],
        help_text=_("The part that changed most."),
    )
    what = fields.LongText(_("What changed"), help_text=_("Before and after, in a few sentences."))
    why = fields.LongText(_("Why"), help_text=_("What was learned, and from which participants by code."))
    kept = fields.YesNo(_("Kept for later participants?"), required=False, help_text=_("No: it was tried once."))

    class Meta(RepeatingRecord.Meta):
        verbose_name = _("Change of technique")
        verbose_name_plural = _("Changes of technique")

    @property
    def title(self) -> str:
        return self.get_area_display() or ""
