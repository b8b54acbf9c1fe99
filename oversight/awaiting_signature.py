"""What is complete and waits for its signer: a severe event is signed promptly, not once before the lock (EMA 6.3)."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.roles import May
from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Deviation
from oversight.work_item import Asked, Item, at
from records import crf
from records.base import Record, Status
from records.models import Participant
from records.selectors import first_of
from records.signatures import Signature

AGES_AFTER = timedelta(days=7)  # from then on an unsigned one is late
SEVERE = 3


def lines(asked: Asked) -> Iterator[list[Item]]:
    """For the worklist, one list a form: of those who may sign, and of nobody's own day."""
    for found in records(asked.participants, asked.most):
        yield [_line(record, asked) for record in found]


def _line(record: Record, asked: Asked) -> Item:
    where = f"{record.slug}/{record.number}/" if record.repeats else f"{record.slug}/"
    return Item(
        record.participant.code,
        _("Sign: %(form)s") % {"form": record._meta.verbose_name},
        record.title or _("complete, and not signed as it stands"),
        at(record.participant, f"{where}sign/"),
        tone="late" if asked.now - record.updated_at > AGES_AFTER else "",
        bucket=("today" if record.repeats else "week") if asked.person.may(record.signed_by) else "others",
        order=(3, record.updated_at.timestamp()),
    )


def records(participants: QuerySet[Participant], most: int) -> Iterator[list[Record]]:
    """Complete forms that only an investigator signs, without a signature given since their last change."""
    for model in crf.forms().values():
        if model.signed_by != May.SIGN_OFF and model is not AdverseEvent:
            continue
        signed = Signature.objects.filter(
            participant=OuterRef("participant"),
            scope=Signature.Scope.RECORD,
            table=model._meta.db_table,
            record_id=OuterRef("pk"),
            signed_at__gte=OuterRef("updated_at"),
        )
        found = model._default_manager.filter(
            _ready(model), participant__in=participants, status=Status.COMPLETE, voided_at__isnull=True
        )
        waiting = found.alias(signed=first_of(signed)).filter(signed__isnull=True)
        yield list(waiting.select_related("participant").order_by("updated_at")[:most])


def _ready(model: type[Record]) -> Q:
    """A deviation is classified before it is signed; of the adverse events only the severe ones wait."""
    if model is Deviation:
        return Q(classification__isnull=False)
    if model is AdverseEvent:
        severe = AdverseEventGrade.objects.filter(grade__gte=SEVERE, voided_at__isnull=True)
        return Q(pk__in=severe.values("adverse_event"))
    return Q()
