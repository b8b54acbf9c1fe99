"""Taking personal data out of a participant's records: find it, ask, and agree to what somebody else asked."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from records import redaction, selectors
from records.models import Participant, Redaction


@require_http_methods(["GET", "HEAD", "POST"])
@once
def page(request: AuthedRequest, code: str) -> HttpResponse:
    """What was redacted of one participant, what waits for a second person, and asking for more."""
    participant = selectors.participant(request.user, code)
    require(request.user, Permission.REDACT, participant.site_id)
    error, places = None, None
    if request.method == "POST":
        act = request.POST.get("act", "")
        try:
            if act == "find":
                places = _found(participant, request.POST.get("words", ""))
            else:
                _do(request, participant, act)
                return redirect("redactions", participant.code)
        except ValidationError as refused:
            error = refused
            if act == "ask":
                places = redaction.chosen(participant, request.POST.getlist("place"))
    return _page(request, participant, places, error)


def _found(participant: Participant, words: str) -> list[redaction.RedactableText]:
    places = redaction.find(participant, words)
    if not places:
        raise ValidationError({"words": _("These words stand nowhere in what was entered about this participant.")})
    return places


def _do(request: AuthedRequest, participant: Participant, act: str) -> None:
    now = timezone.now()
    if act == "ask":
        keys, reason = request.POST.getlist("place"), request.POST.get("reason", "")
        redaction.ask(participant, keys, by=request.user, reason=reason, now=now)
        return
    if act not in ("agree", "drop"):
        raise ValidationError(_("Choose what to do."))
    number = request.POST.get("redaction", "")
    number = number if number.isdecimal() and len(number) < 18 else "0"
    asked = get_object_or_404(Redaction, participant=participant, pk=int(number))
    if act == "agree":
        redaction.agree(asked, by=request.user)
    else:
        redaction.drop(asked, by=request.user, now=now)


def _page(request: HttpRequest, participant: Participant, places: Any, error: ValidationError | None) -> HttpResponse:
    by_field = error.message_dict if error is not None and hasattr(error, "error_dict") else {}
    known = list(
        Redaction.objects.filter(participant=participant).select_related("asked_by", "agreed_by", "dropped_by")
    )
    context = {
        "participant": participant,
        "zone": participant.site.zone,
        "waiting": [(entry, redaction.places_of(entry)) for entry in known if entry.is_open],
        "past": [entry for entry in known if not entry.is_open],
        "places": places,
        "ticked": request.POST.getlist("place") or [place.key for place in places or ()],
        "typed": request.POST,
        "errors": by_field,
        "general": error.messages if error is not None and not by_field else [],
    }
    return render(request, "audit/redactions.html", context, status=422 if error else 200)
