"""The pages for looking: worklist, participants, casebook, board."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.roles import May
from oversight import casebooks, findings, life, rule_queries, sign_off, standing, verdicts, visit_matrix, worklist
from oversight.kinds import KINDS
from oversight.models import Alert, Deadline, ScanFailure
from records import crf, locks, queries, selectors, signatures
from records.models import Participant

PAGE = 50


@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """What needs this person now, the most urgent first."""
    now = timezone.now()
    buckets = worklist.for_person(request.user, now)
    context = {
        "buckets": buckets,
        "now": now,
        "nothing": not (buckets["now"] or buckets["today"]),
        "next": worklist.next_thing(request.user, now),
        "may_register": request.user.may(May.REGISTER),
        "not_judged": ScanFailure.objects.filter(participant__in=selectors.participants(request.user)).count(),
    }
    return render(request, "oversight/worklist.html", context)


@require_safe
def participants(request: HttpRequest) -> HttpResponse:
    """Everybody this person may see, searched and filtered, a page at a time by code."""
    require(request.user, May.SEE)
    now = timezone.now()
    asked = request.GET.get("q", "").replace("\x00", "").strip()[:20]
    only = request.GET.get("only", "")
    found = _ordered(selectors.participants(request.user)).select_related("site")
    if asked:
        found = found.filter(code__icontains=asked)
    open_alerts = Alert.objects.filter(participant=OuterRef("pk"), outcome=Alert.Outcome.OPEN)
    found = found.annotate(has_findings=Exists(open_alerts))
    if only == "findings":
        found = found.filter(has_findings=True)
    after = request.GET.get("after", "").replace("\x00", "")[:20]
    if after:
        found = _after(found, after)
    page = list(found[: PAGE + 1])
    books = casebooks.load(page[:PAGE], casebooks.TREATMENT)
    coming = _next_deadlines(books)
    rows = [
        {"participant": book.participant, "standing": standing.of(book, now), "next": coming.get(pk)}
        for pk, book in books.items()
    ]
    context = {
        "rows": rows,
        "asked": asked,
        "only": only,
        "after": page[PAGE - 1].code if len(page) > PAGE else "",
        "now": now,
        "may_register": request.user.may(May.REGISTER),
    }
    template = "oversight/_participants.html" if request.htmx else "oversight/participants.html"
    return render(request, template, context)


def _ordered(found: Any) -> Any:
    """BLEND-02 before BLEND-100."""
    return found.annotate(length=Length("code")).order_by("length", "code")


def _after(found: Any, code: str) -> Any:
    """The page behind a code, by key."""
    longer = found.filter(length__gt=len(code))
    return longer | found.filter(length=len(code), code__gt=code)


def _next_deadlines(books: dict[int, casebooks.Casebook]) -> dict[int, Deadline]:
    """The next unmet deadline of each participant of a page."""
    unmet = Deadline.objects.filter(participant_id__in=books, met=False).order_by("participant_id", "due_at")
    return {deadline.participant_id: deadline for deadline in unmet.distinct("participant_id")}


@require_safe
def casebook(request: HttpRequest, code: str) -> HttpResponse:
    """One participant's life on one page."""
    participant = selectors.participant(request.user, code)
    now = timezone.now()
    book = casebooks.load([participant])[participant.pk]
    sign_off.look(book)
    visits = visit_matrix.rows(book, now)
    context = {
        "participant": participant,
        "book": book,
        "now": now,
        "zone": participant.site.zone,
        "forms": life.forms(book),
        "lists": life.lists(book),
        "visits": visits,
        "columns": [crf.forms()[slug]._meta.verbose_name for slug in visit_matrix.COLUMNS],
        "unscheduled": visit_matrix.next_unscheduled(book),
        "axis": life.axis(book, visits, now),
        "standing": standing.of(book, now),
        "endpoint": verdicts.judged(book)[0][1],
        "alerts": _alerts(participant),
        "findings": rule_queries.not_accepted(book, findings.of(book, now)),
        "queries": [each for each in queries.open_of(participant) if each.rule in ("", rule_queries.UNUSUAL)],
        "may_enter": request.user.may(May.ENTER, participant.site_id),
        "may_sign": request.user.may(May.SIGN_OFF, participant.site_id),
        "signed": signatures.of(participant, sign_off.CASEBOOK, sign_off.content_of_casebook(book)),
        "locks": locks.covering(participant),
    }
    return render(request, "oversight/casebook.html", context)


def _alerts(participant: Participant) -> list[dict[str, Any]]:
    """Open findings first, then what became of the others."""
    found = Alert.objects.filter(participant=participant).order_by("outcome_at", "due_at")
    return [
        {"alert": alert, "what": KINDS[alert.kind].what, "tail": KINDS[alert.kind].form.format(alert.subject)}
        for alert in sorted(found, key=lambda each: (each.outcome != Alert.Outcome.OPEN, each.due_at))
    ]


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The 48-hour board, for a wall: everybody in a window, or in one that ended in the last week."""
    require(request.user, May.SEE)
    now = timezone.now()
    recent = Deadline.objects.filter(kind="window-missed", due_at__gte=now - timedelta(days=7))
    found = selectors.participants(request.user).filter(pk__in=recent.values("participant")).select_related("site")
    books = casebooks.load(found[:PAGE], casebooks.TREATMENT)
    rows = [{"participant": book.participant, "standing": standing.of(book, now)} for book in books.values()]
    rows.sort(key=lambda row: (row["standing"].window.verdict != "open", row["standing"].window.closes_at or now))
    context = {"rows": rows, "now": now}
    return render(request, "oversight/_board.html" if request.htmx else "oversight/board.html", context)
