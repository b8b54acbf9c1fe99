"""The rules over casebooks: what each looks for, what it raises, and what one that is off would raise."""

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import require
from accounts.requests import AuthedRequest
from accounts.roles import Permission
from oversight.casebook import loading
from oversight.casebook.book import Casebook
from oversight.checks import rule_queries, rules
from records import selectors
from records.models import Query

MAX_RESULTS = 200  # participants for whom a rule that is off is tried


@require_safe
def checks(request: AuthedRequest) -> HttpResponse:
    """Every rule with its open queries; for those that are off, what they would raise today."""
    require(request.user, Permission.QUERY)
    participants = selectors.participants(request.user)
    still_open = Query.objects.filter(participant__in=participants).exclude(state="closed").exclude(rule="")
    by_rule = dict(still_open.order_by().values_list("rule").annotate(Count("pk")))
    context = {
        "rules": [
            {"rule": rule, "about": rule.find.__doc__, "open": sum(by_rule.get(code, 0) for code in rule.codes)}
            for rule in rules.RULES
        ],
        "unusual": by_rule.get(rule_queries.UNUSUAL, 0),
        "failed": still_open.filter(rule=rule_queries.FAILED).select_related("participant").order_by("subject", "pk"),
        "would": _would_raise(participants),
    }
    return render(request, "oversight/checks.html", context)


def _would_raise(participants: Any) -> dict[str, Any]:
    """Rule by rule that is off: participant and sentence, and for whom it could not be evaluated."""
    off = [rule for rule in rules.RULES if not rule.on]
    if not off:
        return {"rules": [], "not_looked_at": 0}
    now = timezone.now()
    books = list(loading.load(participants.select_related("site").order_by("pk")[:MAX_RESULTS]).values())
    return {
        "rules": [{"rule": rule, **_tried(rule, books, now)} for rule in off],
        "looked_at": len(books),
        "not_looked_at": max(0, participants.count() - len(books)),
    }


def _tried(rule: rules.Rule, books: list[Casebook], now: datetime) -> dict[str, Any]:
    """One rule over these casebooks; one that breaks on a casebook is shown as such, before it is switched on."""
    results, failed = [], []
    for book in books:
        try:
            results += [(book.participant, result) for result in rule.find(book, now)]
        except Exception as error:
            failed.append((book.participant, type(error).__name__))
    return {"results": results, "failed": failed}
