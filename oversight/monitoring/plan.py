"""What the monitor compares with the source: the plan (protocol/blend.toml), and the seeded draw of everything else.

A form is in the sample if a hash of the draw's seed and the form's own place lies below the fraction. So the draw says
at once which of the forms to come will be in it, and nobody, whoever enters or monitors, can pick. A later draw is for
the forms entered after it: drawing again takes nothing out.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import site_scope, text_input
from accounts.models import Person
from oversight.casebook.book import Casebook
from protocol.study import STUDY
from records import numbers
from records.advisory_locks import AdvisoryLock
from records.audit.context import audit_context
from records.model import registry
from records.model.base import Audited, ItemGroupRecord, ParticipantRecord, Record, Status
from records.models import Participant
from records.workflow.source_verification import to_compare

_STEPS = 1 << 64
WHOLE, DRAWN, FIELDS = "whole", "drawn", "fields"
WHY = {
    WHOLE: gettext_lazy("every answer, for everybody"),
    DRAWN: gettext_lazy("drawn: every answer"),
    FIELDS: gettext_lazy("what the endpoint rests on"),
}


class MonitoringDraw(Audited):
    """One draw: the seed decides for every form, there or to come; `chosen` are those that were there."""

    number = models.PositiveIntegerField(unique=True)
    seed = models.CharField(max_length=64)
    fraction = models.DecimalField(max_digits=4, decimal_places=3)
    protocol_version = models.CharField(max_length=20)
    reason = models.CharField(max_length=1000)
    chosen = models.JSONField(default=list)
    of = models.PositiveIntegerField()
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta(Audited.Meta):
        ordering = ["number"]

    def __str__(self) -> str:
        return f"draw {self.number}"

    def takes(self, place: str) -> bool:
        """Whether the form at this place is in the sample, also one that does not exist yet."""
        digest = hashlib.sha256(f"{self.seed} {place}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.fraction * _STEPS


def place_of(code: str, record: ParticipantRecord) -> str:
    """What the draw knows of a form: whose, when, which; nothing of what it holds."""
    return f"{code} {getattr(record, 'visit', '-')} {record.slug} {record.number}"


def draw(participants: Iterable[Participant], *, by: Person, reason: str, now: datetime) -> MonitoringDraw:
    """Draw with a seed of the machine's own; every draw is kept, and one after the first wants a reason."""
    with transaction.atomic():
        numbers.one_at_a_time(AdvisoryLock.MONITORING_DRAWS)
        last = next(reversed(seeds()), None)
        if last is not None or reason:
            wanted = _("Say why there is another draw. It is for the forms entered from now on.")
            reason = text_input.reason(reason, empty=wanted)
        new_draw = MonitoringDraw(
            number=last.number + 1 if last else 1,
            seed=secrets.token_hex(16),
            fraction=STUDY.monitoring["fraction"],
            protocol_version=STUDY.version,
            reason=reason or _("The first draw"),
            drawn_at=now,
            drawn_by=by,
        )
        places = list(_sampled_places(participants))
        new_draw.chosen, new_draw.of = [place for place in places if new_draw.takes(place)], len(places)
        with audit_context(by, new_draw.reason):
            new_draw.save()
    return new_draw


def seeds() -> list[MonitoringDraw]:
    """Every draw of the trial, which decides for the forms of each site; without the list of what was there."""
    with site_scope.all_sites():
        return list(MonitoringDraw.objects.defer("chosen"))


def shown(participants: Iterable[Participant]) -> list[tuple[MonitoringDraw, list[str]]]:
    """Every draw of the trial, and of its list the forms of these participants: the others' are nobody's business."""
    codes = {participant.code for participant in participants}
    with site_scope.all_sites():
        draws = list(MonitoringDraw.objects.select_related("drawn_by"))
    return [(draw, [place for place in draw.chosen if place.split(" ")[0] in codes]) for draw in draws]


def _sampled_places(participants: Iterable[Participant]) -> Iterable[str]:
    """Every form that is there and that the plan leaves to the draw, complete or not."""
    codes = {participant.pk: participant.code for participant in participants}
    for slug, model in registry.forms().items():
        if slug not in STUDY.monitoring["forms"]:
            records = model._default_manager.filter(participant__in=codes, voided_at__isnull=True)
            for record in records.order_by("pk"):
                yield place_of(codes[record.participant_id], record)


def draw_for(draws: Sequence[MonitoringDraw], record: ParticipantRecord) -> MonitoringDraw | None:
    """The last draw before the form was begun; the first one for what was there before any."""
    return next(
        (candidate for candidate in reversed(draws) if candidate.drawn_at <= record.created_at), next(iter(draws), None)
    )


def required(
    book: Casebook, record: ParticipantRecord, rows: Sequence[ItemGroupRecord], draws: Sequence[MonitoringDraw]
) -> tuple[str, list[tuple[Record, list[str]]]]:
    """Why, and of the form and each row inside it the answers that the plan wants compared; nothing of a draft."""
    plan = book.study.monitoring
    parts = [record, *rows] if record.status == Status.COMPLETE else []
    drawn = draw_for(draws, record)
    if record.slug in plan["forms"]:
        why = WHOLE
    elif drawn is not None and drawn.takes(place_of(book.participant.code, record)):
        why = DRAWN
    else:
        why = FIELDS
    wanted = [
        (part, [name for name in to_compare(part) if why != FIELDS or name in plan["fields"].get(part.slug, ())])
        for part in parts
    ]
    return why, [(part, names) for part, names in wanted if names]
