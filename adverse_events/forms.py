"""The forms of adverse events."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from adverse_events import ctcae
from adverse_events.adverse_event import TREATMENTS
from adverse_events.models import AdverseEvent, AdverseEventGrade, SeriousEvent, SeriousReport
from protocol.toxicity import SERIOUSNESS
from records import selectors
from records.audit import history
from records.model.forms import CrfForm, CrfRowForm, CrfRows
from records.model.layout import Layout, Row, Section, Table

if TYPE_CHECKING:  # Django's field takes the type of its choices only from a type checker
    _ModelChoiceField = forms.ModelChoiceField[AdverseEvent]
else:
    _ModelChoiceField = forms.ModelChoiceField


class GradeForm(CrfRowForm):
    instance: AdverseEventGrade

    layout = Layout(
        Section("", Row("grade", "from_on")),
    )

    class Meta:
        model = AdverseEventGrade
        fields = "__all__"


class AdverseEventForm(CrfForm):
    instance: AdverseEvent

    own_page = True
    row_forms = {"grades": GradeForm}
    layout = Layout(
        Section(_("What happened"), "verbatim", "ctcae_code", "other_specify"),
        Section(_("When"), "onset_on", "onset_order", "ongoing", "ended_on", "learned_on", "recurs_from"),
        Section(_("Before treatment"), "at_baseline", "baseline_grade"),
        Section(_("Serious or not"), Table(*SERIOUSNESS), "admitted_on"),
        Section(
            _("What was done, and how it ended"),
            "action_taken",
            "other_action",
            "outcome",
            "clavien_dindo",
            "ssi_class",
        ),
        Section(
            _("What caused it"),
            "related_sbrt",
            "related_surgery",
            "related_combination",
            "alternative_cause",
            "imaging_on",
            "expected",
        ),
        Section(
            _("Second opinion, and what was decided"),
            "second_sbrt",
            "second_surgery",
            "second_combination",
            "decided_sbrt",
            "decided_surgery",
            "decided_combination",
            "decided_because",
        ),
    )

    class Meta:
        model = AdverseEvent
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        """Nobody decides between opinions of which one is his or her own."""
        cleaned = super().clean()
        for treatment in TREATMENTS:
            name = f"decided_{treatment}"
            if name not in self.changed_data or not cleaned.get(name):
                continue
            opinions = [f"related_{treatment}", f"second_{treatment}"]
            if self.by and self.instance.pk and history.last_set_by(self.instance, opinions) & {self.by.pk}:
                self.add_error(name, _("One of these opinions is yours. Somebody who gave none of them decides."))
        return cleaned

    def check_rows(self, rows: dict[str, CrfRows]) -> None:
        """The grades exist for this term, begin no earlier than the event, and 5 means death."""
        term = ctcae.by_code(self.instance.ctcae_code or "")
        for form in _grades(rows["grades"]):
            row = form.instance
            if term and row.grade and row.grade not in term.grades:
                exists = ", ".join(str(grade) for grade in term.grades)
                form.add_error(
                    "grade",
                    _("%(term)s has no grade %(grade)s; it has %(exists)s.")
                    % {"term": term.term, "grade": row.grade, "exists": exists},
                )
            onset = self.instance.onset_on
            if onset and row.from_on and row.from_on.latest < onset.earliest:
                form.add_error("from_on", _("This grade began before the event did (%(onset)s).") % {"onset": onset})
            if row.grade == 5 and self.instance.death == "no":
                form.add_error("grade", _("Grade 5 is death, and the patient did not die of it."))
        if self.completing and self.instance.death == "yes":
            self._wants_grade_five(rows["grades"])

    def _wants_grade_five(self, rows: CrfRows) -> None:
        """Fatal, died of it and grade 5 are one fact said three times."""
        if all(form.instance.grade != 5 for form in _grades(rows)):
            self.add_error("death", _("The patient died of it, so the grade log ends with grade 5. Add that row."))


def _grades(rows: CrfRows) -> list[GradeForm]:
    """The lines of the grade log that are kept."""
    return [form for form in rows.kept() if isinstance(form, GradeForm)]


class EventChoice(_ModelChoiceField):
    """The adverse events of the participant, by number and term."""

    def label_from_instance(self, obj: AdverseEvent) -> str:
        return f"{obj.number}. {obj.title}"


class SeriousReportForm(CrfRowForm):
    layout = Layout(
        Section(
            "",
            "version_kind",
            "sent_at",
            "sent_to",
            "receipt",
            "said_term",
            "said_onset",
            "said_grade",
            "said_related",
            "said_outcome",
            "news",
        ),
    )

    class Meta:
        model = SeriousReport
        fields = "__all__"


class SeriousEventForm(CrfForm):
    own_page = True
    row_forms = {"reports": SeriousReportForm}
    layout = Layout(
        Section(_("The event"), "adverse_event", "kind", "narrative"),
        Section(
            _("Clocks"),
            "site_aware_at",
            "site_reported_at",
            "sponsor_aware_at",
            "exempt",
            "exemption_reason",
            "authority_reported_on",
            "further_reported_on",
            "receipt",
        ),
    )

    class Meta:
        model = SeriousEvent
        fields = "__all__"
        field_classes = {"adverse_event": EventChoice}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events = selectors.records_of(AdverseEvent, self.instance.participant)
        field = self.fields["adverse_event"]
        if isinstance(field, EventChoice):
            field.queryset = events
