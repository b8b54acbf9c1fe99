"""Comparing with the source, and signing: acts about a record as it stood when its page was opened."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from records import selectors, services
from records.advisory_locks import AdvisoryLock
from records.audit.context import audit_context
from records.model.base import ParticipantRecord
from records.model.participant import Participant
from records.workflow import signatures
from records.workflow.signatures import Signature
from records.workflow.source_verification import Verification, answers, digest_of, to_compare, valid_verifications


def verify(
    record: ParticipantRecord, *, by: Person, version: int, now: datetime, names: Sequence[str] | None = None
) -> list[Verification]:
    """Mark answers as compared with the source: those named, or all of the form and its rows. Raises as `write` does.

    What is marked already leaves no second trace.

    Who entered an answer may not verify it: roles see to that (accounts.roles.INCOMPATIBLE_ROLES).
    """
    reason = _("Compared with the source")
    with transaction.atomic():
        current = services.as_opened(record, version=version, action="verify")
        parts: list[ParticipantRecord] = [current] if names is not None else [current, *selectors.child_rows(current)]
        done = valid_verifications(parts)
        new = [
            Verification(
                participant_id=current.participant_id,
                table=part._meta.db_table,
                record_id=part.pk,
                field=name,
                digest=digest_of(values[name]),
                verified_at=now,
                verified_by=by,
            )
            for part in parts
            for values in [answers(part)]
            for name in to_compare(part)
            if (names is None or name in names) and name not in done.get((part._meta.db_table, part.pk), {})
        ]
        if not new:
            return []
        services.claim_version(current, by=by, reason=reason)
        with audit_context(by, reason):
            return Verification.objects.bulk_create(new)


def sign_record(record: ParticipantRecord, *, by: Person, version: int, meaning: str, now: datetime) -> Signature:
    """Sign a form and its rows as they stood at `version`. The caller has asked for the password again."""
    with transaction.atomic():
        reason = _("Signed")
        current = services.as_opened(record, version=version, action="sign")
        services.claim_version(current, by=by, reason=reason)
        content = signatures.content_of(current, selectors.child_rows(current))
        with audit_context(by, reason):
            return signatures.make(
                record.participant, Signature.Scope.RECORD, content, by=by, meaning=meaning, now=now, record=current
            )


def sign_whole(
    participant: Participant,
    scope: str,
    content_now: Callable[[], Any],
    *,
    by: Person,
    seen: str,
    meaning: str,
    now: datetime,
) -> Signature:
    """Sign what is derived from many records. `content_now()` makes it anew while nobody can write the participant.

    `seen` is the digest that the signer's page showed: what has changed since is not signed unseen.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [AdvisoryLock.PARTICIPANT, participant.pk])
        content = content_now()
        if signatures.digest_of(signatures.canonical(content)) != seen:
            raise ValidationError(_("This has changed since you opened the page. Look again, then sign."))
        with audit_context(by, _("Signed")):
            return signatures.make(participant, scope, content, by=by, meaning=meaning, now=now)
