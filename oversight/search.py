"""One box finds anything: participants, forms and questions, events, queries. Few statements, whatever is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import text_input
from accounts.models import Person
from adverse_events.models import AdverseEvent
from oversight.casebook import loading, trial_status
from protocol.study import STUDY
from records import selectors
from records.model import registry
from records.model.base import ItemGroupRecord, ParticipantRecord, VisitRecord
from records.model.fields import crf_fields
from records.models import Participant, Query

MAX_HITS = 8  # of each group
MAX_LENGTH = 80
MIN_LENGTH = 2
_CODE = re.compile(r"[A-Za-z]+-\d{2,}")


@dataclass(frozen=True)
class Hit:
    """One thing found, and where it is."""

    what: str
    where: str
    url: str


@dataclass
class SearchResults:
    """What was found, in groups; `participant` is the one in whose forms questions were looked for."""

    asked: str
    participant: Participant | None = None
    groups: list[tuple[str, list[Hit], bool]] = field(default_factory=list)

    @property
    def only(self) -> Hit | None:
        """The participant, where exactly that code was typed."""
        if self.participant is None or self.asked.upper() != self.participant.code:
            return None
        return Hit(self.asked, "", _casebook(self.participant))


def search_for(person: Person, asked: str, inside: str = "") -> SearchResults:
    """Everything this person may see that holds what was asked; `inside` is the participant whose page is open.

    A code among the words ("BLEND-03 worst pain") says whose forms are meant.
    """
    asked = text_input.sought(asked)[:MAX_LENGTH]
    participants = selectors.participants(person)
    typed = _CODE.search(asked)
    code = typed[0] if typed else inside.replace("\x00", "")[:20]
    participant = participants.filter(code=code.upper()).first() if code else None
    results = SearchResults(asked, participant)
    if len(asked) < MIN_LENGTH:
        return results
    words = _CODE.sub("", asked).strip() if typed and participant else asked
    named = _participants(participants, typed[0] if typed else asked)
    groups = [(_("Participants"), named)]
    if len(words) >= MIN_LENGTH:
        where = Q(participant=participant) if typed and participant else Q(participant__in=participants)
        groups += [
            (_("Forms and questions of %(code)s") % {"code": participant.code}, _questions(participant, words))
            if participant
            else ("", []),
            (_("Adverse events"), _events(where, words)),
            (_("Queries"), _queries(where, words)),
        ]
    results.groups = [(title, hits[:MAX_HITS], len(hits) > MAX_HITS) for title, hits in groups if hits]
    return results


def _casebook(participant: Participant) -> str:
    return reverse("casebook", args=[participant.code])


def _participants(participants: QuerySet[Participant], words: str) -> list[Hit]:
    matches = participants.filter(code__icontains=words).select_related("site")
    ordered = matches.annotate(length=Length("code")).order_by("length", "code")[: MAX_HITS + 1]
    books = loading.load(ordered, loading.TREATMENT)
    return [
        Hit(
            book.participant.code,
            f"{book.participant.site.name} · {trial_status.trial_status_of(book).words}",
            _casebook(book.participant),
        )
        for book in books.values()
    ]


def _events(where: Q, words: str) -> list[Hit]:
    wording = Q(verbatim__icontains=words) | Q(ctcae_term__icontains=words)
    events = AdverseEvent.objects.filter(where, wording, voided_at__isnull=True).select_related("participant")
    return [
        Hit(
            event.title,
            f"{event.participant.code} · {event.verbatim or ''}",
            _casebook(event.participant) + f"adverse-event/{event.number}/",
        )
        for event in events.order_by("-pk")[: MAX_HITS + 1]
    ]


def _queries(where: Q, words: str) -> list[Hit]:
    queries = Query.objects.filter(where, sentence__icontains=words).select_related("participant")
    return [
        Hit(
            query.sentence,
            f"{query.participant.code} · {query.get_state_display()}",
            reverse("query", args=[query.pk]),
        )
        for query in queries.order_by("state", "-pk")[: MAX_HITS + 1]
    ]


def _questions(participant: Participant, words: str) -> list[Hit]:
    """Forms by their names, then questions by their words, with the address of the very question."""
    hits: list[Hit] = []
    addresses: dict[type[ParticipantRecord], str] = {}
    for model, name, what in _named(words):
        if len(hits) > MAX_HITS:
            break
        if model not in addresses:
            addresses[model] = _address(participant, model)
        hits.append(
            Hit(
                what,
                str(model._meta.verbose_name) if name else _("form"),
                addresses[model] + (f"#q-{name}" if name else ""),
            )
        )
    return hits


def _named(words: str) -> Iterator[tuple[type[ParticipantRecord], str, str]]:
    """(form, field or nothing, its words), forms first."""
    sought = words.casefold()
    forms = [model for model in registry.forms().values() if not issubclass(model, ItemGroupRecord)]
    for model in forms:
        if sought in str(model._meta.verbose_name).casefold() or sought in model.slug:
            yield model, "", str(model._meta.verbose_name)
    for model in forms:
        for question in crf_fields(model):
            if question.editable and sought in str(question.verbose_name).casefold():
                yield model, question.name, str(question.verbose_name)


def _address(participant: Participant, model: type[ParticipantRecord]) -> str:
    """The form as it was filled in last: of that visit, or that number; else a new one."""
    if not (model.repeats or issubclass(model, VisitRecord)):
        return _casebook(participant) + f"{model.slug}/"
    last = model._default_manager.filter(participant=participant, voided_at__isnull=True).order_by("-pk").first()
    if issubclass(model, VisitRecord):
        planned = next((visit.code for visit in STUDY.visits if model.slug in visit.forms), STUDY.visit_codes[0])
        visit = last.visit if isinstance(last, VisitRecord) else planned
        return _casebook(participant) + f"{visit}/{model.slug}/"
    return _casebook(participant) + f"{model.slug}/{last.number if last else 'new'}/"
