"""What is complete and waits for its signer: a severe event is signed promptly, not once before the lock (EMA 6.3)."""

from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext as _

from accounts.roles import Permission
from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Deviation
from oversight.worklist.item import Item, WorklistRequest, at
from records.model import registry
from records.model.base import ParticipantRecord, Record, Status
from records.models import Participant
from records.selectors import exists_key
from records.workflow.signatures import Signature

AGES_AFTER = timedelta(days=7)  # from then on an unsigned one is late
SEVERE = 3


def lines(asked: WorklistRequest) -> list[Item]:
    """For the worklist: of those who may sign, and of nobody's own day."""
    forms = {
        slug: form
        for slug, form in registry.forms().items()
        if form.signed_by == Permission.SIGN_OFF or form is AdverseEvent
    }
    lists: dict[tuple[bool, bool], list[QuerySet[Any]]] = {}
    for slug, model in forms.items():
        waiting = _waiting(model, asked.participants).annotate(slug=Value(slug))
        for tables, mine in asked.parted([waiting], asked.person.site_ids(model.signed_by)):
            lists.setdefault((mine, mine and model.repeats), []).extend(tables)
    parts = [(tables, mine) for (mine, _today), tables in lists.items()]
    what = {slug: _("Sign: %(form)s") % {"form": model._meta.verbose_name} for slug, model in forms.items()}
    why = _("complete, and not signed as it stands")  # translated once: a list has hundreds of lines
    aged = (asked.now - AGES_AFTER).timestamp()
    return [
        _line(row, forms[row["slug"]], what[row["slug"]], why, row["at"] < aged)
        for row in asked.first(parts, "updated_at", _SEEN)
    ]


_SEEN = ("slug", "pk", "participant__code", "number", "updated_at")


def _line(row: dict[str, Any], model: type[Record], what: str, why: str, aged: bool) -> Item:
    where = f"{model.slug}/{row['number']}/" if model.repeats else f"{model.slug}/"
    return Item(
        row["participant__code"],
        what,
        why,
        at(row["participant__code"], f"{where}sign/"),
        tone="late" if aged else "",
        bucket="others" if not row["mine"] else "today" if model.repeats else "week",
        order=(3, row["at"]),
        about=(model, int(row["pk"])),
        complete=_name,
    )


def _name(item: Item, record: Any) -> None:
    item.why = record.title or item.why


def _waiting(model: type[ParticipantRecord], participants: QuerySet[Participant]) -> QuerySet[Any]:
    """Complete forms that only an investigator signs, without a signature given since their last change."""
    signed = Signature.objects.filter(
        participant=OuterRef("participant"),
        scope=Signature.Scope.RECORD,
        table=model._meta.db_table,
        record_id=OuterRef("pk"),
        signed_at__gte=OuterRef("updated_at"),
    )
    records = model._default_manager.filter(
        _ready(model), participant__in=participants, status=Status.COMPLETE, voided_at__isnull=True
    )
    return records.alias(signed=exists_key(signed)).filter(signed__isnull=True)


def _ready(model: type[Record]) -> Q:
    """A deviation is classified before it is signed; of the adverse events only the severe ones wait."""
    if model is Deviation:
        return Q(classification__isnull=False)
    if model is AdverseEvent:
        severe = AdverseEventGrade.objects.filter(grade__gte=SEVERE, voided_at__isnull=True)
        return Q(pk__in=severe.values("adverse_event"))
    return Q()
