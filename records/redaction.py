"""Redaction: taking personal data out of a field, out of its history and out of everything that quotes it.

One person asks, with a reason; another one agrees; then the database blanks the texts (records/redaction_sql.py) and
leaves the stub. What was there is kept nowhere, not even with the request, which names places and no words.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import text_input
from accounts.models import Person
from records.audit.context import audit_context
from records.audit.rows import AuditRow
from records.model.base import Audited
from records.model.fields import Text
from records.model.participant import Participant

STUB = "[redacted]"
MIN_LENGTH = 3  # letters that can be looked for
REASONS = "records_auditrow"  # a place in this table is a reason, named by its number in the chain
# The free texts of what people do about records; those of forms are found by their type.
_OWN_TEXTS = {"sentence", "raised_by_values", "text", "reason", "asked_because", "released_because", "void_reason"}


class Redaction(Audited):
    """One redaction: where and why, who asked, who agreed, and what it left in each row of the chain.

    `places` are {table, record, field}; `blanked` is [number in the chain, digest of what stands there now].
    """

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="redactions")
    places = models.JSONField()
    reason = models.CharField(max_length=1000)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    dropped_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    transaction = models.BigIntegerField(null=True)
    blanked = models.JSONField(null=True)

    class Meta(Audited.Meta):
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agreed_by__isnull=True) | ~models.Q(agreed_by=models.F("asked_by")),
                name="redaction_by_two",
                violation_error_message=gettext_lazy("One person asks for a redaction, another one agrees."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.participant_id}: {len(self.places)} places"

    @property
    def is_open(self) -> bool:
        return self.agreed_at is None and self.dropped_at is None


@dataclasses.dataclass
class RedactableText:
    """One text with everything it ever held: a field of a record, or the reason of a change."""

    table: str
    record: int
    field: str
    title: str
    question: str
    texts: list[str] = dataclasses.field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.table} {self.record} {self.field}"

    def as_dict(self) -> dict[str, Any]:
        return {"table": self.table, "record": self.record, "field": self.field}


def _tables() -> dict[str, type[Audited]]:
    from records.model import registry

    return {model._meta.db_table: model for model in registry.audited_models()}


def _redactable(model: type[Audited] | None, name: str) -> "models.Field[Any, Any] | None":
    """The column of that name, where it holds free text that the stub fits into."""
    columns = model._meta.local_concrete_fields if model else ()
    column = next((candidate for candidate in columns if candidate.attname == name), None)
    if column is None or (column.max_length or len(STUB)) < len(STUB) or column.choices:
        return None
    return column if isinstance(column, Text) or name in _OWN_TEXTS else None


def _every_place(participant: Participant) -> dict[str, RedactableText]:
    """Every free text of a participant, by its key, with what it held in the course of time."""
    from records import named

    tables = _tables()
    places: dict[str, RedactableText] = {}
    rows = list(AuditRow.objects.filter(participant=participant).order_by("seq"))
    titles = named.titles((row.table, row.record_id) for row in rows)
    for row in rows:
        model = tables.get(row.table)
        title = titles.get((row.table, row.record_id), row.table)
        for name, pair in row.changes.items():
            texts = [text for text in pair if isinstance(text, str) and text not in ("", STUB)]
            if texts and (column := _redactable(model, name)) is not None:
                place = RedactableText(row.table, row.record_id, name, title, str(column.verbose_name))
                known_texts = places.setdefault(place.key, place).texts
                known_texts += [text for text in texts if text not in known_texts]
        reason = RedactableText(
            REASONS, row.seq, "reason", title, _("reason of change %(n)s") % {"n": row.seq}, [row.reason]
        )
        if row.reason != STUB:
            places[reason.key] = reason
    return places


def find(participant: Participant, words: str) -> list[RedactableText]:
    """Where these words stand, or once stood, whatever their case. Nothing keeps them."""
    wanted = text_input.sought(words).casefold()
    if len(wanted) < MIN_LENGTH:
        raise ValidationError({"words": _("Type at least three letters of what must go.")})
    return [
        place
        for place in _every_place(participant).values()
        if any(wanted in text_input.sought(text).casefold() for text in place.texts)
    ]


def chosen(participant: Participant, keys: Iterable[str]) -> list[RedactableText]:
    """The places with these keys, with their texts."""
    every = _every_place(participant)
    return [every[key] for key in dict.fromkeys(keys) if key in every]


def places_of(redaction: Redaction) -> list[RedactableText]:
    """The places of a redaction that is still open, with their texts, for who is to agree."""
    keys = [f"{place['table']} {place['record']} {place['field']}" for place in redaction.places]
    return chosen(redaction.participant, keys)


def ask(participant: Participant, keys: Iterable[str], *, by: Person, reason: str, now: datetime) -> Redaction:
    """Ask for a redaction of some places (by their keys); ValidationError by field."""
    places = chosen(participant, keys)
    if not places:
        raise ValidationError({"places": _("Tick what is to be blanked.")})
    reason = text_input.reason(reason, empty=_("Say why, without the words themselves."))
    if _quotes(reason, places):
        raise ValidationError({"reason": _("This reason repeats what is to be blanked. Say it without those words.")})
    with transaction.atomic(), audit_context(by, reason):
        entries = [place.as_dict() for place in places]
        if Redaction.objects.filter(participant=participant, places=entries, agreed_at=None, dropped_at=None).exists():
            raise ValidationError({"places": _("This has been asked for, and waits already for somebody to agree.")})
        return Redaction.objects.create(
            participant=participant,
            places=entries,
            reason=reason,
            asked_at=now,
            asked_by=by,
        )


def _quotes(sentence: str, places: Sequence[RedactableText]) -> bool:
    wording = text_input.sought(sentence).casefold()
    texts = [text_input.sought(text).casefold() for place in places for text in place.texts]
    return any(text and text in wording for text in texts)


def agree(redaction: Redaction, *, by: Person) -> int:
    """Carry out what somebody else asked for; answers the number of audit rows that were blanked."""
    from records.entry import drafts

    if redaction.asked_by_id == by.pk:
        raise ValidationError(_("You asked for this yourself: somebody else has to agree."))
    with transaction.atomic():
        current = Redaction.objects.select_for_update().select_related("participant").get(pk=redaction.pk)
        if not current.is_open:
            raise ValidationError(_("This has been decided already."))
        texts = [text for place in places_of(current) for text in place.texts]
        with audit_context(by, current.reason), connection.cursor() as cursor:
            cursor.execute("SELECT records_redact(%s)", [current.pk])
            blanked: int = cursor.fetchone()[0]
        drafts.forget_quotes(current.participant.code, texts)
    return blanked


def drop(redaction: Redaction, *, by: Person, now: datetime) -> None:
    """Nothing is blanked: somebody, the asker or another, thinks better of it."""
    with transaction.atomic():
        current = Redaction.objects.select_for_update().get(pk=redaction.pk)
        if not current.is_open:
            raise ValidationError(_("This has been decided already."))
        with audit_context(by, _("not to be redacted")):
            current.dropped_at, current.dropped_by = now, by
            current.save(update_fields=["dropped_at", "dropped_by"])
