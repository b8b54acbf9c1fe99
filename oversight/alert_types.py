"""What each kind of deadline is called, who is told, and which form settles it."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise
from accounts.roles import Role

_TREATING = (Role.NURSE, Role.SURGEON, Role.RADIATION_ONCOLOGIST, Role.PRINCIPAL_INVESTIGATOR)
_CASES = (Role.NURSE, Role.PRINCIPAL_INVESTIGATOR, Role.SAFETY_OFFICER)
_VISITS = (Role.NURSE, Role.PRINCIPAL_INVESTIGATOR)
_VERDICTS = (Role.PRINCIPAL_INVESTIGATOR, Role.DATA_MANAGER, Role.STATISTICIAN, Role.SAFETY_OFFICER)


@dataclass(frozen=True)
class Kind:
    """One kind of deadline."""

    what: StrOrPromise
    roles: tuple[Role, ...]
    form: str
    late: bool = False
    safety: bool = False  # told at once, day and night, and passed on until somebody acknowledges


ALERT_TYPES: dict[str, Kind] = {
    "window-closing": Kind(
        _("48-hour window is closing: record the surgery"), _TREATING, "surgery/new/#q-incision_at", safety=True
    ),
    "window-missed": Kind(_("48-hour window was missed"), _TREATING, "deviation/", late=True, safety=True),
    "day-60-due": Kind(_("Day-60 visit is due"), _VISITS, "d60/visit/#q-done"),
    "day-60-overdue": Kind(_("Day-60 visit is overdue"), _VISITS, "d60/visit/#q-done", late=True),
    "day-90-due": Kind(_("Day-90 visit is due"), _VISITS, "d90/visit/#q-done"),
    "day-90-overdue": Kind(_("Day-90 visit is overdue"), _VISITS, "d90/visit/#q-done", late=True),
    "visit-due": Kind(_("A visit is due"), _VISITS, "{}/visit/#q-done"),
    "visit-overdue": Kind(_("A visit is overdue"), _VISITS, "{}/visit/#q-done", late=True),
    "endpoint-changed": Kind(_("The primary endpoint changed"), _VERDICTS, "endpoint/"),
    "sae-site-report": Kind(
        _("Report the serious event to the sponsor"), _CASES, "serious-event/{}/#q-site_reported_at", safety=True
    ),
    "sae-site-late": Kind(
        _("Report to the sponsor is late"), _CASES, "serious-event/{}/#q-site_reported_at", late=True, safety=True
    ),
    "sae-authority-report": Kind(
        _("Report the serious event to the committee"), _CASES, "serious-event/{}/#q-authority_reported_on", safety=True
    ),
    "sae-authority-late": Kind(
        _("Report to the committee is late"),
        _CASES,
        "serious-event/{}/#q-authority_reported_on",
        late=True,
        safety=True,
    ),
    "sae-further-report": Kind(
        _("Send the committee further information"), _CASES, "serious-event/{}/#q-further_reported_on", safety=True
    ),
    "sae-further-late": Kind(
        _("Further information for the committee is late"),
        _CASES,
        "serious-event/{}/#q-further_reported_on",
        late=True,
        safety=True,
    ),
}

SAFETY = tuple(kind for kind, alert_type in ALERT_TYPES.items() if alert_type.safety)
COMING = tuple(
    kind for kind, alert_type in ALERT_TYPES.items() if not alert_type.late and kind != "window-closing"
)  # ahead of time
