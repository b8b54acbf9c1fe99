"""The pages for looking: participants, casebook."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.db.models.functions import Length
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import instants
from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight import sign_off
from oversight.alert_types import ALERT_TYPES
from oversight.casebook import loading, status, timeline, visit_matrix
from oversight.casebook.book import Casebook
from oversight.checks import rule_queries
from oversight.endpoint import history
from oversight.models import Alert, Deadline
from protocol.study import STUDY
from records import selectors
from records.audit import time_travel
from records.model import registry
from records.models import Participant, Query
from records.workflow import attestations, locks, signatures

PAGE = 25


@require_safe
def participants(request: AuthedRequest) -> HttpResponse:
    """Everybody this person may see, searched and filtered, a page at a time by code."""
    require(request.user, Permission.SEE)
    try:
        at = instants.read(request.GET["as_of"], ZoneInfo(STUDY.zone)) if request.GET.get("as_of") else None
    except ValidationError as error:
        return render(request, "crf/refused.html", {"sentences": error.messages, "back": request.path}, status=422)
    now = at or timezone.now()
    asked = request.GET.get("q", "").replace("\x00", "").strip()[:20]
    only = request.GET.get("only", "")
    matches = _ordered(selectors.participants(request.user)).select_related("site")
    if at is not None:
        matches = matches.filter(created_at__lte=at)
    if asked:
        matches = matches.filter(code__icontains=asked)
    if only == "findings":
        matches = matches.filter(Exists(Alert.objects.filter(participant=OuterRef("pk"), outcome=Alert.Outcome.OPEN)))
    after = request.GET.get("after", "").replace("\x00", "")[:20]
    if after:
        matches = _after(matches, after)
    page = list(matches[: PAGE + 1])
    books = loading.load(page[:PAGE], loading.TREATMENT, at)
    coming = _next_deadlines(books) if at is None else {}
    open_for = set(
        Alert.objects.filter(participant__in=books, outcome=Alert.Outcome.OPEN).values_list("participant", flat=True)
    )
    rows = [
        {
            "participant": book.participant,
            "standing": status.participant_status(book, now),
            "next": coming.get(pk),
            "has_findings": pk in open_for,
        }
        for pk, book in books.items()
    ]
    context = {
        "rows": rows,
        "asked": asked,
        "only": only,
        "at": at,
        "after": page[PAGE - 1].code if len(page) > PAGE else "",
        "now": now,
        "may_register": request.user.may(Permission.REGISTER),
    }
    template = "oversight/casebook/_participants.html" if request.htmx else "oversight/casebook/participants.html"
    return render(request, template, context)


def _ordered(matches: Any) -> Any:
    """BLEND-02 before BLEND-100."""
    return matches.annotate(length=Length("code")).order_by("length", "code")


def _after(matches: Any, code: str) -> Any:
    """The page behind a code, by key."""
    longer = matches.filter(length__gt=len(code))
    return longer | matches.filter(length=len(code), code__gt=code)


def _next_deadlines(books: dict[int, Casebook]) -> dict[int, Deadline]:
    """The next unmet deadline of each participant of a page."""
    unmet = Deadline.objects.filter(participant_id__in=books, met=False).order_by("participant_id", "due_at")
    return {deadline.participant_id: deadline for deadline in unmet.distinct("participant_id")}


@require_safe
def casebook(request: AuthedRequest, code: str) -> HttpResponse:
    """One participant's life on one page; `?as_of=` as it stood then."""
    participant = selectors.participant(request.user, code)
    try:
        at = instants.read(request.GET["as_of"], participant.site.tz) if request.GET.get("as_of") else None
    except ValidationError as error:
        return render(request, "crf/refused.html", {"participant": participant, "sentences": error.messages,
                                                    "back": request.path}, status=422)  # fmt: skip
    now = at or timezone.now()
    book = loading.load([participant], at=at)[participant.pk]
    sign_off.load_attestations(book, at)
    visits = visit_matrix.rows(book, now)
    asked, judged = _asked(participant, at), rule_queries.judge(book, now)
    closed = locks.covering(participant) if at is None else attestations.closed_at(participant.pk, at)
    signed = signatures.check_all(participant, sign_off.CASEBOOK, sign_off.content_of_casebook(book))
    context = {
        "participant": participant,
        "book": book,
        "now": now,
        "at": at,
        "as_of_path": f"as-of/?at={at.isoformat()}".replace("+", "%2B") if at else "",
        "zone": participant.site.zone,
        "forms": timeline.forms(book),
        "lists": timeline.lists(book),
        "visits": visits,
        "columns": [registry.forms()[slug]._meta.verbose_name for slug in visit_matrix.COLUMNS],
        "unscheduled": visit_matrix.next_unscheduled(book),
        "axis": timeline.axis(book, visits, now),
        "standing": status.participant_status(book, now),
        "endpoint": history.judged(book)[0][1],
        "alerts": _alerts(participant, now),
        "findings": rule_queries.not_accepted(asked, judged.results),
        "failed": judged.failed,
        "queries": [query for query in asked if query.state != "closed" and query.rule in ("", rule_queries.UNUSUAL)],
        "may_enter": at is None and request.user.may(Permission.ENTER, participant.site_id),
        "may_sign": at is None and request.user.may(Permission.SIGN_OFF, participant.site_id),
        "may_redact": at is None and request.user.may(Permission.REDACT, participant.site_id),
        "signed": [check for check in signed if check.signature.signed_at <= now],
        "locks": closed,
    }
    return render(request, "oversight/casebook/casebook.html", context)


def _asked(participant: Participant, at: datetime | None) -> list[Query]:
    """Every query, as it stands or stood."""
    if at is None:
        return list(Query.objects.filter(participant=participant))
    return sorted(time_travel.rows(Query, at, [participant.pk]), key=lambda query: (query.raised_at, query.pk))


def _alerts(participant: Participant, now: datetime) -> list[dict[str, Any]]:
    """Open findings first, then what became of the others, as far as it was known."""
    alerts = list(Alert.objects.filter(participant=participant, raised_at__lte=now).order_by("outcome_at", "due_at"))
    for alert in alerts:
        if alert.outcome_at and alert.outcome_at > now:
            alert.outcome = Alert.Outcome.OPEN
    return [
        {
            "alert": alert,
            "what": ALERT_TYPES[alert.kind].what,
            "path": ALERT_TYPES[alert.kind].form.format(alert.subject),
        }
        for alert in sorted(alerts, key=lambda alert: (alert.outcome != Alert.Outcome.OPEN, alert.due_at))
    ]
