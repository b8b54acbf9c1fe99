"""The CTCAE picker's fragments, and the report of a serious event."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import text_input
from accounts.marks import about_nobody
from accounts.requests import AuthedRequest
from adverse_events.ctcae_offer import describe_code, offer
from adverse_events.models import AdverseEventGrade, SeriousEvent, SeriousReport
from adverse_events.reconciliation import reconcile, relatedness_in_words, versions
from enrollment.models import Screening
from procedures.models import SbrtFraction, Surgery
from protocol.schedule import sae_clocks
from protocol.toxicity import SERIOUSNESS
from records import selectors
from records.models import Participant

MAX_SEARCH_LENGTH = 200

SERIOUS = {
    "death": _("death"),
    "life_threatening": _("life-threatening"),
    "hospitalisation": _("hospital admission, or a longer stay"),
    "disability": _("lasting or significant disability"),
    "congenital": _("birth defect"),
    "medically_important": _("otherwise medically important"),
}


@about_nobody
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Terms for what was typed, in everyday words."""
    asked = text_input.sought(request.GET.get("q") or request.GET.get("verbatim") or "")[:MAX_SEARCH_LENGTH]
    return render(request, "adverse_events/_terms.html", {"terms": offer(asked) if asked else [], "asked": asked})


@about_nobody
@require_safe
def term(request: HttpRequest, code: str) -> HttpResponse:
    """The grades that exist for one term, side by side."""
    description = describe_code(code)
    if description is None:
        raise Http404
    return render(request, "adverse_events/_grades.html", {"term": description})


def _case(request: AuthedRequest, code: str, number: int) -> tuple[Participant, SeriousEvent, dict[str, Any]]:
    """A case with its event, grades and reports; 404 for what the person may not know of."""
    participant = selectors.participant(request.user, code)
    case = selectors.records_of(SeriousEvent, participant).select_related("adverse_event").filter(number=number).first()
    if case is None:
        raise Http404
    event = case.adverse_event
    reports = selectors.rows(SeriousReport, case)
    grades = selectors.rows(AdverseEventGrade, event) if event else []
    context = {"participant": participant, "case": case, "event": event, "grades": grades, "reports": reports}
    return participant, case, context


@require_safe
def reconciliation(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """The last report beside the event as it stands, and what each report changed."""
    _participant, case, context = _case(request, code, number)
    reports = context["reports"]
    context["lines"] = reconcile(case, context["event"], context["grades"], reports) if context["event"] else []
    context["versions"] = versions(reports)
    return render(request, "adverse_events/_reconciliation.html", context)


@require_safe
def report(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """One page to print and send: nothing on it names the patient."""
    participant, case, context = _case(request, code, number)
    event = context["event"]
    clocks = (
        sae_clocks(case.site_aware_at, case.kind, participant.site.zone) if case.site_aware_at and case.kind else None
    )
    context |= {
        "screening": selectors.records_of(Screening, participant).first(),
        "fractions": SbrtFraction.objects.filter(participant=participant, voided_at__isnull=True).order_by(
            "beam_on_at"
        ),
        "operations": selectors.records_of(Surgery, participant),
        "criteria": [SERIOUS[name] for name in SERIOUSNESS if event and getattr(event, name) == "yes"],
        "related": relatedness_in_words(event) if event else [],
        "versions": versions(context["reports"]),
        "clocks": clocks,
        "zone": participant.site.zone,
        "printed_at": timezone.now(),
    }
    return render(request, "adverse_events/report.html", context)
