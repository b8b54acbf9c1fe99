"""What checks, data managers and monitors ask: queries, findings, rules that failed, comparison with the source."""

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from oversight.checks.rule_queries import FAILED, UNUSUAL
from oversight.models import Finding
from oversight.monitoring import progress
from oversight.worklist.item import Item, WorklistRequest, at
from oversight.worklist.rows import Part
from records.models import Query

# Findings that only some can settle; all others are for whoever fills in the forms, and for whoever checks them.
_SETTLED_BY = {"adjudicate": (Permission.ADJUDICATE,)}
_CHECKED_BY = (Permission.ENTER, Permission.QUERY)


def queries(asked: WorklistRequest) -> list[Item]:
    """Questions to one's own role, and answers to look at for who asks. What a casebook's rule asks is said there."""
    open_queries = Query.objects.filter(participant__in=asked.participants, rule__in=("", UNUSUAL)).exclude(
        state="closed"
    )
    items = []
    for row in asked.first(_urgent_first(open_queries, asked), "raised_at", _SEEN, ("sentence",)):
        answered, urgent = row["state"] == "answered", row["priority"] == "high"
        items.append(
            Item(
                row["participant__code"],
                _("Look at the answer to a query") if answered else _("Answer a query"),
                row.get("sentence", ""),
                reverse("query", args=[row["pk"]]),
                tone="late" if urgent else "",
                bucket="others" if not row["mine"] else "now" if urgent else "today",
                order=(2 if urgent else 4, row["at"]),
                unread=row["unread"],
            )
        )
    return items


_SEEN = ("pk", "participant__code", "state", "priority", "raised_at")


def _urgent_first(open_queries: Any, asked: WorklistRequest) -> list[Part]:
    """One's own urgent ones, one's own, and for who does not ask those of the others."""
    asks = asked.person.site_ids(Permission.QUERY)
    mine = Q(state="answered", participant__site__in=asks)
    for site, role in asked.person.site_roles:
        mine |= Q(state="open", participant__site=site, assignee=role)
    rest = open_queries.exclude(mine).filter(state="open").exclude(participant__site__in=asks)
    return [
        ([open_queries.filter(mine, priority="high")], True),
        ([open_queries.filter(mine).exclude(priority="high")], True),
        ([rest], False),
    ]


def failed_checks(asked: WorklistRequest) -> list[Item]:
    """A rule that cannot be evaluated, one line a rule, however many it fails for."""
    if not asked.person.may(Permission.QUERY):
        return []
    open_queries = Query.objects.filter(participant__in=asked.participants, rule=FAILED).exclude(state="closed")
    return [
        Item(
            "BLEND",
            _("The check “%(rule)s” cannot be evaluated") % {"rule": row["subject"]},
            _("for how many participants: %(n)s") % {"n": row["n"]},
            f"{reverse('checks')}#failed-{row['subject']}",
            tone="late",
            bucket="now",
            order=(1, 0.0),
        )
        for row in open_queries.order_by().values("subject").annotate(n=Count("pk"))
    ]


def to_check(asked: WorklistRequest) -> list[Item]:
    """What does not fit together, as of the last judgement."""
    findings = Finding.objects.filter(participant__in=asked.participants)
    checks = {site for may in _CHECKED_BY for site in asked.person.site_ids(may)}
    settled = {code: {site for may in by for site in asked.person.site_ids(may)} for code, by in _SETTLED_BY.items()}
    parts = asked.parted([findings.exclude(code__in=_SETTLED_BY)], checks)
    for code, sites in settled.items():
        parts += asked.parted([findings.filter(code=code)], sites)
    return [
        Item(
            row["participant__code"],
            row.get("sentence", ""),
            _("to be decided") if row["code"] in _SETTLED_BY else _("found by a check"),
            at(row["participant__code"], row["tail"]),
            tone="soon",
            bucket="today" if row["mine"] else "others",
            order=(3, row["at"]),
            unread=row["unread"],
        )
        for row in asked.first(parts, "since", ("participant__code", "code", "tail", "since"), ("sentence",))
    ]


def to_compare(asked: WorklistRequest) -> list[Item]:
    """For the monitor: what the plan wants compared with the source, one line a participant, lost comparisons first."""
    if not asked.person.may(Permission.VERIFY):
        return []
    waiting: dict[str, list[progress.Task]] = {}
    for task in progress.tasks(asked.participants.filter(site__in=asked.person.site_ids(Permission.VERIFY))):
        if task.left:
            waiting.setdefault(task.participant.code, []).append(task)
    items = []
    for code, tasks in waiting.items():
        tasks.sort(key=lambda task: task.lost == 0)
        first, lost = tasks[0], sum(task.lost for task in tasks)
        params = {"form": first.title, "n": sum(task.left for task in tasks), "forms": len(tasks), "lost": lost}
        items.append(
            Item(
                code,
                _("Compare with the source: %(form)s") % params,
                _("answers changed after they had been compared: %(lost)s") % params
                if lost
                else _("left of the plan: %(n)s answers, forms: %(forms)s") % params,
                first.url,
                tone="soon" if lost else "",
                bucket="today" if lost else "week",
                order=(3 if lost else 6, float(first.participant.pk)),
            )
        )
    return items
