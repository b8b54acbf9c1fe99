"""What checks, data managers and monitors ask: queries, findings, rules that failed, comparison with the source."""

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import May
from oversight import monitoring_progress
from oversight.models import Finding
from oversight.rule_queries import FAILED, UNUSUAL
from oversight.work_item import Asked, Item, at
from records.models import Query

# Findings that only some can settle; all others are for whoever fills in the forms, and for whoever checks them.
_SETTLED_BY = {"adjudicate": (May.ADJUDICATE,)}
_CHECKED_BY = (May.ENTER, May.QUERY)


def queries(asked: Asked) -> list[Item]:
    """Questions to one's own role, and answers to look at for who asks. What a casebook's rule asks is said there."""
    found = Query.objects.filter(participant__in=asked.participants, rule__in=("", UNUSUAL)).exclude(state="closed")
    asks = asked.person.may(May.QUERY)
    found = found.filter(Q(state="answered") | Q(assignee__in=asked.person.roles) if asks else Q(state="open"))
    items = []
    for query in found.select_related("participant").order_by("raised_at")[: asked.most]:
        mine = query.state == "answered" if asks else query.assignee in asked.person.roles
        urgent = query.priority == "high"
        items.append(
            Item(
                query.participant.code,
                _("Look at the answer to a query") if query.state == "answered" else _("Answer a query"),
                query.sentence,
                reverse("query", args=[query.pk]),
                tone="late" if urgent else "",
                bucket="others" if not mine else "now" if urgent else "today",
                order=(2 if urgent else 4, query.raised_at.timestamp()),
            )
        )
    return items


def failed_checks(asked: Asked) -> list[Item]:
    """A rule that cannot be evaluated, one line a rule, however many it fails for."""
    if not asked.person.may(May.QUERY):
        return []
    found = Query.objects.filter(participant__in=asked.participants, rule=FAILED).exclude(state="closed")
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
        for row in found.order_by().values("subject").annotate(n=Count("pk"))
    ]


def to_check(asked: Asked) -> list[Item]:
    """What does not fit together, as of the last judgement."""
    found = Finding.objects.filter(participant__in=asked.participants).select_related("participant")
    return [
        Item(
            finding.participant.code,
            finding.sentence,
            _("to be decided") if finding.code in _SETTLED_BY else _("found by a check"),
            at(finding.participant, finding.tail),
            tone="soon",
            bucket="today"
            if any(asked.person.may(may) for may in _SETTLED_BY.get(finding.code, _CHECKED_BY))
            else "others",
            order=(3, finding.since.timestamp()),
        )
        for finding in found.order_by("since")[: asked.most]
    ]


def to_compare(asked: Asked) -> list[Item]:
    """For the monitor: what the plan wants compared with the source, one line a participant, lost comparisons first."""
    if not asked.person.may(May.VERIFY):
        return []
    waiting: dict[str, list[monitoring_progress.Task]] = {}
    for task in monitoring_progress.tasks(asked.participants.filter(site__in=asked.person.site_ids(May.VERIFY))):
        if task.left:
            waiting.setdefault(task.participant.code, []).append(task)
    items = []
    for code, tasks in waiting.items():
        tasks.sort(key=lambda task: task.lost == 0)
        first, lost = tasks[0], sum(task.lost for task in tasks)
        told = {"form": first.title, "n": sum(task.left for task in tasks), "forms": len(tasks), "lost": lost}
        items.append(
            Item(
                code,
                _("Compare with the source: %(form)s") % told,
                _("answers changed after they had been compared: %(lost)s") % told
                if lost
                else _("left of the plan: %(n)s answers, forms: %(forms)s") % told,
                first.url,
                tone="soon" if lost else "",
                bucket="today" if lost else "week",
                order=(3 if lost else 6, float(first.participant.pk)),
            )
        )
    return items[: asked.most]
