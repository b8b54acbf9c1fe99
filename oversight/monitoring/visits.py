"""The log of the monitor's visits to a site: when, whom they looked at, what was found, what became of it."""

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person, Site
from accounts.text_input import FreeLines, FreeText
from records.audit.context import audit_context
from records.model.base import Audited
from records.model.form_fields import DateAsTyped, WholeNumber
from records.models import Participant


class MonitoringVisit(Audited):
    """One visit. What is found later is added to it; the database keeps what it said before."""

    class Kind(models.TextChoices):
        INITIATION = "initiation", gettext_lazy("Initiation")
        ROUTINE = "routine", gettext_lazy("Routine, on site")
        REMOTE = "remote", gettext_lazy("Remote")
        FOR_CAUSE = "for-cause", gettext_lazy("For cause")
        CLOSE_OUT = "close-out", gettext_lazy("Close-out")

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    kind = models.CharField(gettext_lazy("Kind"), max_length=20, choices=Kind.choices)
    visited_on = models.DateField(gettext_lazy("Date of the visit"))
    seen = ArrayField(models.CharField(max_length=20), default=list)
    findings = models.TextField(gettext_lazy("Findings"), max_length=4000)
    follow_up = models.TextField(gettext_lazy("Follow-up"), max_length=4000, blank=True, default="")
    report_received_on = models.DateField(gettext_lazy("Report received on"), null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta(Audited.Meta):
        ordering = ["-visited_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(report_received_on__gte=models.F("visited_on")),
                name="monitoring_report_after_visit",
                violation_error_message=gettext_lazy("The report cannot have been received before the visit."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.visited_on}"


if TYPE_CHECKING:  # Django's form takes its model only from a type checker
    _ModelForm = forms.ModelForm[MonitoringVisit]
else:
    _ModelForm = forms.ModelForm


class MonitoringVisitForm(_ModelForm):
    """One visit; dates as people type them, participants as codes."""

    visited_on = DateAsTyped(label=gettext_lazy("Date of the visit"))
    seen = FreeText(
        label=gettext_lazy("Participants seen"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Codes, such as BLEND-01, BLEND-02. Leave empty where none was looked at."),
    )
    report_received_on = DateAsTyped(label=gettext_lazy("Report received on"), required=False)
    opened = WholeNumber(widget=forms.HiddenInput, min_value=0, max_value=1_000_000)

    class Meta:
        model = MonitoringVisit
        fields = ("site", "kind", "visited_on", "seen", "findings", "follow_up", "report_received_on")
        field_classes = {"findings": FreeLines, "follow_up": FreeLines}
        widgets = {
            "findings": forms.Textarea(attrs={"rows": 5}),
            "follow_up": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "findings": gettext_lazy("What was found; “none” where nothing was."),
            "follow_up": gettext_lazy("What is to be done, by whom, and whether it was done."),
        }

    def __init__(self, *args: Any, sites: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site = cast("forms.ModelChoiceField[Site]", self.fields["site"])
        site.queryset, site.empty_label = sites, None
        site.disabled = self.instance.pk is not None  # a visit does not move
        self.fields["seen"].initial = self.initial["seen"] = ", ".join(self.instance.seen)
        self.fields["opened"].initial = self.instance.version
        for field in self.fields.values():
            if isinstance(field, DateAsTyped):
                field.today = today

    def clean_seen(self) -> list[str]:
        """Codes of participants of the site, in their order; a sentence names what is none."""
        codes = list(dict.fromkeys(word.upper() for word in re.split(r"[\s,;]+", self.cleaned_data["seen"]) if word))
        there = Participant.objects.filter(site=self.cleaned_data.get("site"), code__in=codes, voided_at__isnull=True)
        unknown = [code for code in codes if code not in set(there.values_list("code", flat=True))]
        if unknown:
            raise ValidationError(_("Not a participant of this site: %(codes)s.") % {"codes": ", ".join(unknown)[:200]})
        return sorted(codes)

    def keep(self, *, by: Person, now: datetime) -> MonitoringVisit:
        """Write it down in `by`'s name; ValidationError where somebody else has changed it since it was opened."""
        visit: MonitoringVisit = self.instance
        with transaction.atomic():
            if visit.pk is None:
                visit.made_at, visit.made_by = now, by
            else:
                stored = MonitoringVisit.objects.select_for_update().get(pk=visit.pk)
                if stored.version != self.cleaned_data["opened"]:
                    raise ValidationError(_("Somebody else has changed this visit since you opened it. Open it again."))
                if all(getattr(stored, name) == getattr(visit, name) for name in self._meta.fields or ()):
                    return stored
            visit.version = self.cleaned_data["opened"] + 1
            with audit_context(by, _("Monitoring visit")):
                visit.save()
        return visit
