"""What somebody typed and has not saved: kept for that person alone, and offered again when the form is next opened."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.http import QueryDict

from accounts import text_input
from accounts.models import Person
from accounts.sent import to_hold
from records.model.base import Record

RETENTION = timedelta(days=14)
MAX_LENGTH = 200_000  # characters of one form


class Typing(models.Model):
    """The form as it was last typed, at its address; offered until it is saved or thrown away."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    address = models.CharField(max_length=300)
    data = models.TextField()
    typed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "address"], name="typing_once")]

    def __str__(self) -> str:
        return self.address


def keep(person: Person, address: str, sent: QueryDict, now: datetime) -> bool:
    """Keep what a page sent; False where it is more than a form can be. What is older than two weeks goes."""
    kept = QueryDict(mutable=True)
    for name, value in to_hold(sent):
        kept.appendlist(name, value)
    text = kept.urlencode()
    if len(text) > MAX_LENGTH:
        return False
    Typing.objects.update_or_create(person=person, address=address[:300], defaults={"data": text, "typed_at": now})
    Typing.objects.filter(typed_at__lt=now - RETENTION).delete()
    return True


def draft_of(person: Person, address: str, record: Record) -> Typing | None:
    """What this person typed at an address and has not saved since; saving itself has nothing to tidy up."""
    kept = Typing.objects.filter(person=person, address=address[:300]).first()
    if kept is None:
        return None
    if record.pk is None:
        entry = as_data(kept).get("entry", "")
        saved = _is_uuid(entry) and type(record)._default_manager.filter(entry=entry).exists()
    else:
        saved = record.updated_by_id == person.pk and record.updated_at > kept.typed_at
    return None if saved else kept


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def as_data(typing: Typing) -> Any:
    """As the form would have been sent."""
    return QueryDict(typing.data, mutable=True)


def forget_quotes(code: str, texts: Iterable[str]) -> None:
    """Throw away what anybody has typed about a participant and not saved, where it holds one of these texts."""
    quotes = [sought for text in texts if (sought := text_input.sought(text))]
    for kept in Typing.objects.filter(address__startswith=f"/participants/{code}/"):
        values = [text_input.sought(value) for _name, values in as_data(kept).lists() for value in values]
        if any(text in value for text in quotes for value in values):
            kept.delete()


def forget(person: Person, address: str) -> None:
    """It was thrown away."""
    Typing.objects.filter(person=person, address=address[:300]).delete()
