"""The pages of queries: the list with its filters and bulk answer, a thread, and a new one."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Site
from accounts.once import once
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission, Role
from records import paging, queries, selectors
from records.audit import read_log
from records.entry import target
from records.model.fields import crf_fields
from records.models import Query

PAGE = 100
_FILTERS = ("state", "for", "rule", "code", "site", "by")


@require_http_methods(["GET", "HEAD", "POST"])
@once
def listing(request: AuthedRequest) -> HttpResponse:
    """All queries of one's sites, filtered; several are answered at once."""
    require(request.user, Permission.SEE)
    now = timezone.now()
    error = None
    if request.method == "POST":
        try:
            _answer_many(request, now)
            return redirect(request.get_full_path())
        except ValidationError as refused:
            error = refused
    asked = {name: request.GET.get(name, "").replace("\x00", "")[:200] for name in _FILTERS}
    matches = Query.objects.filter(participant__in=selectors.participants(request.user))
    waiting = matches.exclude(state="closed").order_by()
    ageing = waiting.values("participant__site__name", "assignee", "state")
    matches = _filtered(matches, asked).select_related("participant__site", "raised_by")
    count, page = matches.count(), paging.number(request.GET.get("page", ""))
    context = {
        "queries": matches.order_by("priority", "raised_at", "pk")[(page - 1) * PAGE : page * PAGE],
        "more": max(0, count - page * PAGE),
        "further": _further(request, page + 1),
        "ageing": [
            {**row, "role": Role(row["assignee"]).label, "words": Query.State(row["state"]).label}
            for row in ageing.annotate(n=Count("pk"), oldest=Min("raised_at")).order_by("oldest")
        ],
        "askers": _by_asker(waiting),
        "sites": Site.objects.filter(pk__in=request.user.site_ids()),
        "rules": [*matches.order_by("rule").exclude(rule="").values_list("rule", flat=True).distinct()],
        "asked": asked,
        "states": Query.State.choices,
        "roles": Role.choices,
        "now": now,
        "may_answer": request.user.may(Permission.ENTER),
        "may_query": request.user.may(Permission.QUERY),
        "errors": error.messages if error else [],
        "typed": request.POST,
    }
    return render(request, "queries/list.html", context, status=422 if error else 200)


def _by_asker(waiting: Any) -> list[dict[str, Any]]:
    """Who waits for how many, and since when: those nobody has answered, and those whose answer nobody looked at."""
    open_ones, answered = Count("pk", filter=Q(state="open")), Count("pk", filter=Q(state="answered"))
    people = waiting.values("raised_by", "raised_by__username", "raised_by__first_name", "raised_by__last_name")
    rows = people.annotate(open=open_ones, answered=answered, oldest=Min("raised_at")).order_by("oldest")
    name = "{raised_by__first_name} {raised_by__last_name}"
    return [{**row, "name": name.format(**row).strip() or row["raised_by__username"]} for row in rows]


def _further(request: HttpRequest, page: int) -> str:
    asked = request.GET.copy()
    asked["page"] = str(page)
    return asked.urlencode()


def _filtered(matches: Any, asked: dict[str, str]) -> Any:
    if asked["state"] in Query.State.values:
        matches = matches.filter(state=asked["state"])
    elif asked["state"] != "all":
        matches = matches.exclude(state="closed")
    if asked["for"] in Role.values:
        matches = matches.filter(assignee=asked["for"])
    if asked["rule"]:
        matches = matches.filter(rule__in=[""] if asked["rule"] == "hand" else asked["rule"].split(","))
    if asked["site"]:
        matches = matches.filter(participant__site__code=asked["site"])
    if asked["by"]:
        matches = matches.filter(raised_by__username=asked["by"])
    return matches.filter(participant__code__iexact=asked["code"]) if asked["code"] else matches


def _answer_many(request: AuthedRequest, now: datetime) -> None:
    """One answer for all ticked queries."""
    numbers = [int(pk) for pk in request.POST.getlist("query") if pk.isdecimal() and len(pk) < 18]
    if not numbers:
        raise ValidationError(_("Tick the queries that you answer."))
    ticked_queries = Query.objects.filter(pk__in=numbers, participant__in=selectors.participants(request.user))
    for query in ticked_queries.select_related("participant"):
        require(request.user, Permission.ENTER, query.participant.site_id)
        queries.move(query, "answered", by=request.user, text=request.POST.get("text", ""), now=now)


@require_http_methods(["GET", "HEAD", "POST"])
@once
def thread(request: AuthedRequest, query: int) -> HttpResponse:
    """One query with everything said about it; answer, close, reopen."""
    question = get_object_or_404(Query.objects.select_related("participant__site", "raised_by"), pk=query)
    participant = selectors.participant(request.user, question.participant.code)
    read_log.about(request, participant.code)
    error = None
    if request.method == "POST":
        try:
            _move(request, question, participant.site_id)
            return redirect("query", question.pk)
        except ValidationError as refused:
            error = refused
    context = {
        "participant": participant,
        "query": question,
        "messages": question.messages.select_related("by"),
        "zone": participant.site.zone,
        "may_answer": request.user.may(Permission.ENTER, participant.site_id),
        "may_query": request.user.may(Permission.QUERY, participant.site_id),
        "errors": error.messages if error else [],
        "typed": request.POST,
    }
    return render(request, "queries/thread.html", context, status=422 if error else 200)


def _move(request: AuthedRequest, query: Query, site_id: int) -> None:
    """Who enters data answers; who asks closes and reopens."""
    act = request.POST.get("act", "")
    ending = ""
    if act == "accepted":
        act, ending = "closed", "accepted"
    if act not in ("answered", "closed", "reopened"):
        raise ValidationError(_("Choose what to do."))
    require(request.user, Permission.ENTER if act == "answered" else Permission.QUERY, site_id)
    text = request.POST.get("text", "")
    queries.move(query, act, by=request.user, text=text, now=timezone.now(), ending=ending)


@require_http_methods(["GET", "HEAD", "POST"])
@once
def ask(
    request: AuthedRequest, code: str, slug: str, number: int | None = None, visit: str | None = None
) -> HttpResponse:
    """A new query on a form, or on one answer of it (`?field=`)."""
    place = target.find(request.user, code, slug, number, visit)
    if not request.user.may(Permission.QUERY, place.participant.site_id):
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


def _ask(request: AuthedRequest, place: target.FormTarget, field: Any) -> Query:
    home = target.FormTarget(place.participant, place.model, place.record, place.visit).url()
    path = home.split(f"/{place.participant.code}/", 1)[1]
    return queries.ask(
        place.participant,
        by=request.user,
        text=request.POST.get("text", ""),
        now=timezone.now(),
        tail=f"{path}#q-{field.name}" if field else path,
        form=place.model.slug,
        record_id=place.record.pk,
        field=field.name if field else "",
        priority=request.POST.get("priority") or Query.Priority.NORMAL,
        assignee=request.POST.get("assignee") or Role.NURSE,
    )
