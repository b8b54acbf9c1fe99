"""Electronic signatures: who, when, meaning what, over exactly which content (21 CFR 11.50, 11.70).

The content that was signed is kept word for word, with its digest; whether a signature still holds is found out each
time it is shown, by making the content anew.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from records.model.base import Audited, ItemGroupRecord, Record
from records.model.participant import Participant

# Who, when and which version: an act that changes no answer must not break a signature.
_BOOKKEEPING = {
    "id", "entry", "version", "status", "created_at", "created_by_id", "updated_at", "updated_by_id", "completed_at",
    "voided_at", "voided_by_id", "void_reason", "participant_id",
}  # fmt: skip


class Signature(Audited):
    """One signature. It is never changed; what it was given for can change, and then it does not hold any more."""

    class Scope(models.TextChoices):
        RECORD = "record", gettext_lazy("this form")
        ENDPOINT = "endpoint", gettext_lazy("the primary endpoint")
        CASEBOOK = "casebook", gettext_lazy("the casebook")

    class Meaning(models.TextChoices):
        REVIEWED = "reviewed", gettext_lazy("I have reviewed this, and it is complete and correct")
        APPROVED = "approved", gettext_lazy("I approve this")
        RESPONSIBLE = "responsible", gettext_lazy("I take responsibility for this")

    participant = models.ForeignKey("records.Participant", models.PROTECT, related_name="signatures")
    scope = models.CharField(max_length=20, choices=Scope.choices)
    table = models.CharField(max_length=63, blank=True, default="")
    record_id = models.BigIntegerField(null=True)
    meaning = models.CharField(max_length=20, choices=Meaning.choices)
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    role = models.CharField(max_length=300)
    organisation = models.CharField(max_length=200)
    signed_at = models.DateTimeField()
    zone = models.CharField(max_length=50)
    content = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta(Audited.Meta):
        ordering = ["-pk"]
        indexes = [models.Index(fields=["participant", "scope", "table", "record_id"], name="signature_of")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_meaning_display()}"


@dataclass(frozen=True)
class SignatureCheck:
    """A signature, whether it holds for what is there now, and if not what differs: (what, signed, now)."""

    signature: Signature
    holds: bool
    differs: tuple[tuple[str, str, str], ...] = ()


def content_of(record: Record, rows: Iterable[ItemGroupRecord] = ()) -> dict[str, Any]:
    """Everything that a signature of a record is about: each answer, each reason for none, each row, whether void."""
    content = {"form": record.slug, "void": record.is_void, "answers": _columns(record)}
    content["rows"] = {f"{row.slug} {row.number}-{row.pk}": _columns(row) for row in rows if not row.is_void}
    return content


def _columns(record: Record) -> dict[str, Any]:
    return {
        field.attname: getattr(record, field.attname)
        for field in record._meta.local_concrete_fields
        if field.attname not in _BOOKKEEPING
    }


def canonical(content: Any) -> str:
    """One text for one content, whatever the order it was made in."""
    return json.dumps(content, cls=_Encoder, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class _Encoder(DjangoJSONEncoder):
    """Partial dates and whatever else a column may hold, as its text."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


def digest_of(text: str) -> str:
    """SHA-256 of a canonical content."""
    return hashlib.sha256(text.encode()).hexdigest()


def make(
    participant: Participant,
    scope: str,
    content: Any,
    *,
    by: Person,
    meaning: str,
    now: datetime,
    record: Record | None = None,
) -> Signature:
    """The signature row, within the caller's transaction and inside `audit_context`; who may is asked further up."""
    if meaning not in Signature.Meaning.values:
        raise ValidationError({"meaning": _("Choose what your signature means.")})
    text = canonical(content)
    return Signature.objects.create(
        participant=participant,
        scope=scope,
        table=record._meta.db_table if record is not None else "",
        record_id=record.pk if record is not None else None,
        meaning=meaning,
        signer=by,
        name=str(by),
        role=", ".join(str(role.label) for role in by.roles),
        organisation=participant.site.name,
        signed_at=now,
        zone=participant.site.zone,
        content=text,
        digest=digest_of(text),
    )


def check_all(participant: Participant, scope: str, content: Any, record: Record | None = None) -> list[SignatureCheck]:
    """The signatures of something, the newest first, each compared with its content now."""
    signatures = Signature.objects.filter(participant=participant, scope=scope)
    if record is not None:
        signatures = signatures.filter(table=record._meta.db_table, record_id=record.pk)
    return compare(list(signatures), content)


def compare(signatures: Sequence[Signature], content: Any) -> list[SignatureCheck]:
    """Each signature with whether it holds for this content."""
    text = canonical(content)
    return [_compared(signature, text) for signature in signatures]


def _compared(signature: Signature, text: str) -> SignatureCheck:
    if digest_of(signature.content) != signature.digest:
        return SignatureCheck(
            signature, False, ((str(_("what was signed")), str(_("altered after it was signed")), ""),)
        )
    if signature.digest == digest_of(text):
        return SignatureCheck(signature, True)
    # A question that a later version of the form asks, and nobody has answered, is no change of what was signed.
    differs = tuple(differences(json.loads(signature.content), json.loads(text)))
    return SignatureCheck(signature, not differs, differs)


def differences(before: Any, after: Any, path: str = "") -> list[tuple[str, str, str]]:
    """(what, then, now) of everything that differs in two contents."""
    if isinstance(before, dict) and isinstance(after, dict):
        lines = []
        for key in sorted({*before, *after}):
            inner = f"{path} › {key}" if path else key
            lines += differences(before.get(key), after.get(key), inner)
        return lines
    return [] if before == after else [(path, _in_words(before), _in_words(after))]


def _in_words(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
