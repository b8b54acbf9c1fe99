"""Forms that wait: begun and not completed, and the next one on the way to surgery."""

from collections.abc import Iterator

from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.roles import May
from enrollment.models import Consent, EndOfStudy, Screening
from oversight.work_item import Asked, Item, at
from records import crf
from records.base import Record, RowRecord, Status, VisitRecord
from records.models import Participant
from records.selectors import first_of

URGENT_RULES = {"window-late", "window-not-done", "window-reversed", "sbrt-incomplete", "eligibility", "consent-order"}
PATH = ["screening", "consent", "eligibility", "baseline", "sbrt", "surgery"]


def drafts(asked: Asked) -> Iterator[list[Item]]:
    """Forms begun and not completed, one list a form."""
    for model in crf.forms().values():
        if not issubclass(model, RowRecord):
            begun = model._default_manager.filter(
                participant__in=asked.participants, status=Status.DRAFT, voided_at__isnull=True
            )
            found = begun.select_related("participant").order_by("updated_at")[: asked.most]
            yield [_draft(record, asked) for record in found]


def _draft(record: Record, asked: Asked) -> Item:
    """A deviation that a rule drafted says so, and may be urgent."""
    rule = getattr(record, "rule", "")
    urgent = rule in URGENT_RULES
    visit = f"{record.visit}/" if isinstance(record, VisitRecord) else ""
    number = f"{record.number}/" if record.repeats else ""
    return Item(
        record.participant.code,
        _("Complete the deviation: %(kind)s") % {"kind": record.get_kind_display()}
        if rule
        else _("Complete: %(form)s") % {"form": record._meta.verbose_name},
        record.description if rule else _("a draft"),
        at(record.participant, f"{visit}{record.slug}/{number}{_first_open(record)}"),
        tone="late" if urgent else "",
        bucket="others" if not asked.person.may(May.ENTER) else "now" if urgent else "today",
        order=(1 if urgent else 3, record.updated_at.timestamp()),
        whole=True,
    )


def _first_open(record: Record) -> str:
    """The first question of a draft that wants an answer, as the tail of an address."""
    return next((f"#q-{field.name}" for field in record.unanswered()), "")


def next_forms(asked: Asked) -> list[Item]:
    """The first form on the way to surgery that a participant does not have yet."""
    models = crf.forms()
    items = []
    for participant in _on_the_way(asked).order_by("-pk")[: asked.most]:
        slug = next(slug for slug in PATH if getattr(participant, _has(slug)) is None)
        tail = "surgery/new/" if slug == "surgery" else f"{slug}/"
        items.append(
            Item(
                participant.code,
                _("Fill in: %(form)s") % {"form": models[slug]._meta.verbose_name},
                _("the next form"),
                at(participant, tail),
                bucket="today" if asked.person.may(May.ENTER) else "others",
                order=(4, float(participant.pk)),
                whole=True,
            )
        )
    return items


def _on_the_way(asked: Asked) -> QuerySet[Participant]:
    """Who lacks one of those forms, and has not left the way to them."""
    waiting, lacks = asked.participants, Q()
    for slug in PATH:
        standing = crf.forms()[slug]._default_manager.filter(participant=OuterRef("pk"), voided_at__isnull=True)
        waiting = waiting.annotate(**{_has(slug): first_of(standing)})
        lacks |= Q(**{f"{_has(slug)}__isnull": True})
    left = {
        "ended": EndOfStudy.objects.filter(participant=OuterRef("pk"), voided_at__isnull=True),
        "failed": Screening.objects.filter(participant=OuterRef("pk"), voided_at__isnull=True, outcome="failed"),
        "refused": Consent.objects.filter(participant=OuterRef("pk"), voided_at__isnull=True, given="no"),
    }
    waiting = waiting.alias(**{name: first_of(records) for name, records in left.items()})
    return waiting.filter(lacks, **{f"{name}__isnull": True for name in left})


def _has(slug: str) -> str:
    return f"has_{slug}"
