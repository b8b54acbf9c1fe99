"""The pages of queries: the list with its filters and bulk answer, a thread, and a new one."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import require
from accounts.roles import May, Role
from records import places, queries, reads, selectors
from records.fields import crf_fields
from records.models import Query

PAGE = 100


@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """All queries of one's sites, filtered; several are answered at once."""
    require(request.user, May.SEE)
    now = timezone.now()
    error = None
    if request.method == "POST":
        try:
            _answer_many(request, now)
            return redirect(request.get_full_path())
        except ValidationError as refused:
            error = refused
    asked = {name: request.GET.get(name, "").replace("\x00", "")[:40] for name in ("state", "for", "rule", "code")}
    found = Query.objects.filter(participant__in=selectors.participants(request.user))
    ageing = found.exclude(state="closed").values("participant__site__name", "assignee", "state")
    found = _filtered(found, asked).select_related("participant__site", "raised_by")
    context = {
        "queries": found.order_by("-priority", "raised_at")[:PAGE],
        "more": max(0, found.count() - PAGE),
        "ageing": [
            {**row, "role": Role(row["assignee"]).label}
            for row in ageing.annotate(n=Count("pk"), oldest=Min("raised_at")).order_by("oldest")
        ],
        "asked": asked,
        "states": Query.State.choices,
        "roles": Role.choices,
        "now": now,
        "may_answer": request.user.may(May.ENTER),
        "may_query": request.user.may(May.QUERY),
        "errors": error.messages if error else [],
        "typed": request.POST,
    }
    return render(request, "queries/list.html", context, status=422 if error else 200)


def _filtered(found: Any, asked: dict[str, str]) -> Any:
    if asked["state"] in Query.State.values:
        found = found.filter(state=asked["state"])
    elif asked["state"] != "all":
        found = found.exclude(state="closed")
    if asked["for"] in Role.values:
        found = found.filter(assignee=asked["for"])
    if asked["rule"]:
        found = found.filter(rule="" if asked["rule"] == "hand" else asked["rule"])
    return found.filter(participant__code__iexact=asked["code"]) if asked["code"] else found


def _answer_many(request: HttpRequest, now: datetime) -> None:
    """One answer for all ticked queries."""
    numbers = [int(pk) for pk in request.POST.getlist("query") if pk.isdecimal() and len(pk) < 18]
    if not numbers:
        raise ValidationError(_("Tick the queries that you answer."))
    found = Query.objects.filter(pk__in=numbers, participant__in=selectors.participants(request.user))
    for query in found.select_related("participant"):
        require(request.user, May.ENTER, query.participant.site_id)
        queries.move(query, "answered", by=request.user, text=request.POST.get("text", ""), now=now)


@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, query: int) -> HttpResponse:
    """One query with everything said about it; answer, close, reopen."""
    found = get_object_or_404(Query.objects.select_related("participant__site", "raised_by"), pk=query)
    participant = selectors.participant(request.user, found.participant.code)
    reads.about(request, participant.code)
    error = None
    if request.method == "POST":
        try:
            _move(request, found, participant.site_id)
            return redirect("query", found.pk)
        except ValidationError as refused:
            error = refused
    context = {
        "participant": participant,
        "query": found,
        "messages": found.messages.select_related("by"),
        "zone": participant.site.zone,
        "may_answer": request.user.may(May.ENTER, participant.site_id),
        "may_query": request.user.may(May.QUERY, participant.site_id),
        "errors": error.messages if error else [],
        "typed": request.POST,
    }
    return render(request, "queries/thread.html", context, status=422 if error else 200)


def _move(request: HttpRequest, query: Query, site_id: int) -> None:
    """Who enters data answers; who asks closes and reopens."""
    act = request.POST.get("act", "")
    ending = ""
    if act == "accepted":
        act, ending = "closed", "accepted"
    if act not in ("answered", "closed", "reopened"):
        raise ValidationError(_("Choose what to do."))
    require(request.user, May.ENTER if act == "answered" else May.QUERY, site_id)
    text = request.POST.get("text", "")
    queries.move(query, act, by=request.user, text=text, now=timezone.now(), ending=ending)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(
    request: HttpRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """A new query on a form, or on one answer of it (`?field=`)."""
    place = places.find(request.user, code, slug, number, visit)
    if not request.user.may(May.QUERY, place.participant.site_id):
        raise PermissionDenied(_("Your role answers queries; it does not raise them."))
    if place.record.pk is None:
        raise Http404
    name = request.GET.get("field", "")
    field = next((field for field in crf_fields(place.model) if field.name == name), None)
    error = None
    if request.method == "POST":
        try:
            return redirect("query", _ask(request, place, field).pk)
        except ValidationError as refused:
            error = refused
    context = {
        "participant": place.participant,
        "place": place,
        "title": place.model._meta.verbose_name,
        "field": field,
        "answer": field.shown(field.value_from_object(place.record)) if field else "",
        "roles": [(role.value, role.label) for role in ANSWERING],
        "priorities": Query.Priority.choices,
        "errors": error.messages if error else [],
        "typed": request.POST,
    }
    return render(request, "queries/new.html", context, status=422 if error else 200)


ANSWERING = (Role.NURSE, Role.SURGEON, Role.RADIATION_ONCOLOGIST, Role.PRINCIPAL_INVESTIGATOR)


def _ask(request: HttpRequest, place: places.Place, field: Any) -> Query:
    home = places.Place(place.participant, place.model, place.record, place.visit).url()
    tail = home.split(f"/{place.participant.code}/", 1)[1]
    return queries.ask(
        place.participant,
        by=request.user,
        text=request.POST.get("text", ""),
        now=timezone.now(),
        tail=f"{tail}#q-{field.name}" if field else tail,
        form=place.model.slug,
        record_id=place.record.pk,
        field=field.name if field else "",
        priority=request.POST.get("priority") or Query.Priority.NORMAL,
        assignee=request.POST.get("assignee") or Role.NURSE,
    )
