"""Queries: a question about an answer or a form, put to somebody, with its thread.

Raised by hand, or by a rule. One that a rule raised follows the data: it closes itself when the rule was evaluated and
holds, never because the rule could not be evaluated; and once a person accepted the values that raised it, with a
reason, it does not come back for the same values.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import text_input
from accounts.models import Person
from accounts.roles import Role
from records import numbers
from records.audit.context import audit_context
from records.model.base import Audited
from records.model.participant import Participant


class Query(Audited):
    """One question and where it stands."""

    class State(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        ANSWERED = "answered", gettext_lazy("Answered")
        CLOSED = "closed", gettext_lazy("Closed")

    class Priority(models.TextChoices):
        NORMAL = "normal", gettext_lazy("Normal")
        HIGH = "high", gettext_lazy("Urgent")

    class Ending(models.TextChoices):
        SETTLED = "settled", gettext_lazy("settled")
        ACCEPTED = "accepted", gettext_lazy("accepted as it is")
        HOLDS = "holds", gettext_lazy("the rule holds now")

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="queries")
    number = models.PositiveIntegerField()
    tail = models.CharField(max_length=200, blank=True, default="")
    form = models.CharField(max_length=40, blank=True, default="")
    record_id = models.BigIntegerField(null=True, blank=True)
    field = models.CharField(max_length=63, blank=True, default="")
    rule = models.CharField(max_length=60, blank=True, default="")
    subject = models.CharField(max_length=100, blank=True, default="")
    raised_by_values = models.CharField(max_length=600, blank=True, default="")
    sentence = models.CharField(max_length=1000)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    assignee = models.CharField(max_length=20, choices=Role.choices, default=Role.NURSE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True, default="")
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    moved_at = models.DateTimeField()

    class Meta(Audited.Meta):
        ordering = ["raised_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "number"],
                name="query_number",
                violation_error_message=gettext_lazy("This number is already taken."),
            ),
            models.UniqueConstraint(
                fields=["participant", "rule", "subject"],
                condition=~models.Q(state="closed") & ~models.Q(rule=""),
                name="query_of_a_rule_once",
                violation_error_message=gettext_lazy("This rule has asked already."),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "raised_at"], name="query_state"),
            models.Index(fields=["raised_at"], condition=~models.Q(state="closed"), name="query_standing"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.sentence}"


class QueryMessage(Audited):
    """One line of a thread: what was done, by whom, and what was said."""

    class Act(models.TextChoices):
        RAISED = "raised", gettext_lazy("asked")
        ANSWERED = "answered", gettext_lazy("answered")
        CLOSED = "closed", gettext_lazy("closed")
        REOPENED = "reopened", gettext_lazy("opened again")

    query = models.ForeignKey(Query, models.PROTECT, related_name="messages")
    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="+")
    act = models.CharField(max_length=10, choices=Act.choices)
    text = models.CharField(max_length=1000)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta(Audited.Meta):
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.act}: {self.text}"


@dataclass(frozen=True)
class RuleFinding:
    """What a rule found: the same (rule, subject) is one query; `values` are what it rests on."""

    rule: str
    subject: str
    values: str
    sentence: str
    path: str
    form: str = ""
    record_id: int | None = None
    field: str = ""
    assignee: str = Role.NURSE
    priority: str = Query.Priority.NORMAL


_MOVES = {
    QueryMessage.Act.ANSWERED: ({Query.State.OPEN}, Query.State.ANSWERED),
    QueryMessage.Act.CLOSED: ({Query.State.OPEN, Query.State.ANSWERED}, Query.State.CLOSED),
    QueryMessage.Act.REOPENED: ({Query.State.ANSWERED, Query.State.CLOSED}, Query.State.OPEN),
}
_REFUSED = {
    QueryMessage.Act.ANSWERED: gettext_lazy("This query is not open: it has been answered or closed."),
    QueryMessage.Act.CLOSED: gettext_lazy("This query is closed already."),
    QueryMessage.Act.REOPENED: gettext_lazy("This query is open already."),
}


def ask(participant: Participant, *, by: Person, text: str, now: datetime, **about: Any) -> Query:
    """Raise a query; `about`: tail, form, record_id, field, priority, assignee, and for a rule its code and values."""
    text = _text(text)
    with transaction.atomic(), audit_context(by, text):
        query = Query(
            participant=participant,
            number=numbers.following(Query, participant.pk),
            sentence=text,
            raised_at=now,
            moved_at=now,
            raised_by=by,
            **about,
        )
        query.clean_fields(exclude=["participant", "raised_by"])
        query.save()
        _say(query, QueryMessage.Act.RAISED, text, by, now)
    return query


def move(query: Query, act: str, *, by: Person, text: str, now: datetime, ending: str = "") -> Query:
    """Answer, close or reopen, with what is said; ValidationError where its state does not allow it."""
    text = _text(text)
    start, end = _MOVES[QueryMessage.Act(act)]
    with transaction.atomic():
        row = Query.objects.select_for_update().get(pk=query.pk)
        if row.state not in start:
            raise ValidationError(_REFUSED[QueryMessage.Act(act)])
        with audit_context(by, text):
            row.state, row.moved_at = end, now
            row.ending = (ending or Query.Ending.SETTLED) if end == Query.State.CLOSED else ""
            row.save()
            _say(row, act, text, by, now)
    return row


def _say(query: Query, act: str, text: str, by: Person, now: datetime) -> None:
    QueryMessage.objects.create(query=query, participant=query.participant, act=act, text=text, at=now, by=by)


def _text(text: str) -> str:
    return text_input.reason(text, name="text", empty=_("Write what you want to say."))


def follow(
    participant: Participant, findings: Iterable[RuleFinding], evaluated: Iterable[str], *, by: Person, now: datetime
) -> None:
    """Let the queries of rules follow the data; `evaluated` are the rules that could be judged this time."""
    wanted = {(rule_finding.rule, rule_finding.subject): rule_finding for rule_finding in findings}
    known = list(Query.objects.filter(participant=participant).exclude(rule=""))
    standing = {
        (known_query.rule, known_query.subject): known_query
        for known_query in known
        if known_query.state != Query.State.CLOSED
    }
    accepted = accepted_of(known)
    judged = set(evaluated)
    if standing or wanted:  # before anything is written: one that is asked takes a number
        numbers.wait_for(participant.pk)
    for key, query in standing.items():
        if key not in wanted and query.rule in judged:
            move(query, "closed", by=by, text=_("The rule was evaluated again and holds now."), now=now, ending="holds")
    for key, finding in wanted.items():
        if key not in standing and (finding.rule, finding.subject, finding.values[:600]) not in accepted:
            text = text_input.quoted(finding.sentence)
            ask(
                participant, by=by, text=text, now=now, rule=finding.rule, subject=finding.subject,
                raised_by_values=finding.values[:600], tail=finding.path, form=finding.form,
                record_id=finding.record_id, field=finding.field, assignee=finding.assignee, priority=finding.priority,
            )  # fmt: skip


def accepted_of(known: Iterable[Query]) -> set[tuple[str, str, str]]:
    """(rule, subject, values) that a person accepted as they are: they are not asked again."""
    return {
        (query.rule, query.subject, query.raised_by_values)
        for query in known
        if query.state == Query.State.CLOSED and query.ending == Query.Ending.ACCEPTED
    }


def open_of(participant: Participant) -> list[Query]:
    """The queries of a participant that are not closed, the oldest first."""
    return list(Query.objects.filter(participant=participant).exclude(state=Query.State.CLOSED))
