"""Queries that rules raise and settle: what does not fit together in a casebook, and answers outside what is usual."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from accounts.roles import Role
from accounts.services import system
from oversight.casebook.book import Casebook
from oversight.casebook.paths import path_of
from oversight.checks import rules
from records import queries
from records.model.base import ItemGroupRecord, ParticipantRecord
from records.queries import Query, RuleFinding

log = structlog.get_logger("rules")
UNUSUAL = "unusual"  # the soft bounds and notices of a form
FAILED = "rule-failed"


@dataclass
class Judged:
    """What the rules over a casebook found, which could not be evaluated and why, and the codes of those that could."""

    results: list[rules.CheckResult]
    failed: list[RuleFinding]
    evaluated: set[str]


def judge(book: Casebook, now: datetime) -> Judged:
    """Evaluate every rule that is on; one that cannot be evaluated is a finding of its own, never a pass."""
    judged = Judged([], [], {FAILED, UNUSUAL})
    for rule in rules.RULES:
        try:
            judged.results += list(rule.find(book, now)) if rule.on else []
            judged.evaluated |= set(rule.codes)  # one that is off has nothing to say: what it raised is closed
        except Exception as error:
            log.error("rule could not be evaluated", rule=rule.name, error=type(error).__name__)
            judged.failed.append(_failed(rule.name, type(error).__name__))
    return judged


def _failed(rule: str, error: str) -> RuleFinding:
    params = {"rule": rule, "error": error}
    sentence = _("The check “%(rule)s” could not be evaluated (%(error)s). Tell the data manager.") % params
    return RuleFinding(FAILED, rule, error, sentence, "", assignee=Role.DATA_MANAGER, priority=Query.Priority.HIGH)


def follow(book: Casebook, judged: Judged, now: datetime) -> None:
    """Raise, keep and close the queries of rules, as the data now say."""
    asked = [*(_asked(result) for result in judged.results), *judged.failed, *_unusual(book)]
    queries.follow(book.participant, asked, judged.evaluated, by=system(), now=now)


def _asked(result: rules.CheckResult) -> RuleFinding:
    """To whom, and how urgently, the rule says."""
    rule = next(rule for rule in rules.RULES if result.code in rule.codes)
    priority = Query.Priority.HIGH if rule.urgent else Query.Priority.NORMAL
    return RuleFinding(
        result.code, result.subject, result.rests_on, result.sentence, result.path, assignee=rule.to, priority=priority
    )  # fmt: skip


def _unusual(book: Casebook) -> Iterator[RuleFinding]:
    """Each answer of a complete form that its form finds unusual."""
    for record in book.forms():
        if record.is_complete:
            for part in (record, *book.rows_of(record)):
                yield from _notices(record, part)


def _notices(record: ParticipantRecord, part: ParticipantRecord) -> Iterator[RuleFinding]:
    for name, sentence in part.notices().items():
        field = next((field for field in type(part)._meta.fields if field.name == name), None)
        value = getattr(part, field.attname) if field else ""
        question = f"{record._meta.verbose_name}, {field.verbose_name}" if field else str(record._meta.verbose_name)
        own = not isinstance(part, ItemGroupRecord)
        yield RuleFinding(
            UNUSUAL,
            f"{part.slug} {part.pk} {name}",
            str(value),
            f"{question}: {sentence}",
            f"{path_of(record)}#q-{name}" if own else path_of(record),
            record.slug if own else part.slug,
            part.pk,
            name,
        )


def not_accepted(known: Iterable[Query], results: list[rules.CheckResult]) -> list[rules.CheckResult]:
    """The findings whose values nobody has accepted, with a reason, as they are; `known`: the participant's queries."""
    accepted = queries.accepted_of(known)
    return [result for result in results if (result.code, result.subject, result.rests_on[:600]) not in accepted]
