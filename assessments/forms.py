"""The forms of a visit."""

from django.utils.translation import gettext_lazy as _

from assessments.models import Visit
from records.forms import CrfForm


class VisitForm(CrfForm):
    sections = [
        (_("Visit"), ["done", "not_done_reason", "visited_on", "mode", "informant"]),
        (_("How the patient is"), ["any_adverse_event", "kps", "ambulation", "wound_healed", "note"]),
    ]

    class Meta:
        model = Visit
        fields = "__all__"
