"""Endpoint of a participant with its derivation, the safety page, and the versions of the protocol."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.once import once
from accounts.permissions import everywhere, require, require_everywhere
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from enrollment import enrolment_lock
from oversight import sign_off
from oversight.alert_types import ALERT_TYPES
from oversight.analysis.pages import PAGES
from oversight.casebook import facts, loading
from oversight.endpoint import derivation, history
from oversight.models import EndpointVerdict, VerdictSeen
from oversight.views import figures
from records import selectors
from records.workflow import signatures


@require_safe
def endpoint(request: AuthedRequest, code: str) -> HttpResponse:
    """The verdict in a sentence, then its derivation, then what would settle it, then how it came to be."""
    participant = selectors.participant(request.user, code)
    book = loading.load([participant])[participant.pk]
    judged = history.judged(book)
    kept = EndpointVerdict.objects.filter(participant=participant, variant=history.PRIMARY).order_by("-pk")
    unseen = kept.exclude(before="").exclude(seen__person=request.user)
    context = {
        "participant": participant,
        "zone": participant.site.zone,
        "judged": judged,
        "primary": judged[0][1],
        "known": facts.endpoint(book),
        "rows": derivation.rows(book, judged[0][1]),
        "kept": kept,
        "must_look": _must_look(request) and unseen.exists(),
        "may_sign": request.user.may(Permission.SIGN_OFF, participant.site_id),
        "signed": signatures.check_all(participant, sign_off.ENDPOINT, sign_off.content_of_endpoint(book)),
    }
    return render(request, "oversight/casebook/endpoint.html", context)


def _must_look(request: AuthedRequest) -> bool:
    return any(role in ALERT_TYPES["endpoint-changed"].roles for role in request.user.roles)


@require_POST
@once
def endpoint_seen(request: AuthedRequest, code: str) -> HttpResponse:
    """This person has looked at every change so far."""
    participant = selectors.participant(request.user, code)
    if _must_look(request):
        now = timezone.now()
        kept = EndpointVerdict.objects.filter(participant=participant, variant=history.PRIMARY).exclude(before="")
        VerdictSeen.objects.bulk_create(
            [VerdictSeen(verdict=verdict, person=request.user, at=now) for verdict in kept], ignore_conflicts=True
        )
    return redirect("endpoint", participant.code)


@require_http_methods(["GET", "HEAD", "POST"])
@once
def safety(request: AuthedRequest) -> HttpResponse:
    """The decision that a reached boundary asks for, then the figures: the boundary first."""
    page = PAGES["safety"]
    require(request.user, page.may)
    lock = enrolment_lock.open_lock()
    context: dict[str, Any] = {
        "page": page,
        "lock": lock,
        "decided": enrolment_lock.EnrolmentLock.objects.exclude(decision="").select_related("decided_by"),
        "may_decide": everywhere(request.user, Permission.REOPEN),
        "typed": request.POST,
    }
    status = 200
    if request.method == "POST":
        require_everywhere(request.user, Permission.REOPEN)
        answer = {name: request.POST.get(name, "") for name in ("decision", "reason")}
        try:
            enrolment_lock.decide(lock.pk if lock else 0, by=request.user, now=timezone.now(), **answer)
        except ValidationError as refused:
            context["errors"] = refused.messages
            status = 422
        else:
            return redirect("safety")
    try:
        context |= figures.figures(request, page)
    except ValidationError as error:
        return figures.refused(request, error)
    return render(request, "oversight/figures/safety.html", context, status=status)
