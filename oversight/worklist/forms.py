"""Forms that wait: begun and not completed, and the next one on the way to surgery."""

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext as _

from accounts.roles import Permission
from enrollment.models import Consent, Death, Deviation, EndOfStudy, Screening
from oversight.worklist.item import Item, WorklistRequest, at
from records.model import registry
from records.model.base import Record, Status, VisitRecord
from records.models import Participant
from records.selectors import exists_key

URGENT_RULES = {"window-late", "window-not-done", "window-reversed", "sbrt-incomplete", "eligibility", "consent-order"}
PATH = ["screening", "consent", "eligibility", "baseline", "sbrt", "surgery"]
_COUNTED = 50  # who has all forms is passed over at ten looks each: beyond so many the first page says a plus
_OVER = "is_over"
_PATH_AND_END = [*PATH, "end-of-study"]


def drafts(asked: WorklistRequest) -> list[Item]:
    """Forms begun and not completed; of the deviations that a rule drafted the urgent ones first."""
    forms, urgent, others = registry.forms(), [], []
    for model in forms.values():
        begun: QuerySet[Any] = model._default_manager.filter(
            participant__in=asked.participants, status=Status.DRAFT, voided_at__isnull=True
        )
        if model is Deviation:
            urgent.append(_told(begun.filter(rule__in=URGENT_RULES), model))
            begun = begun.exclude(rule__in=URGENT_RULES)
        others.append(_told(begun, model))
    enters = asked.person.site_ids(Permission.ENTER)
    parts = asked.parted(urgent, enters) + asked.parted(others, enters)
    what = {slug: _("Complete: %(form)s") % {"form": model._meta.verbose_name} for slug, model in forms.items()}
    why = _("a draft")  # translated once: a list has hundreds of lines
    return [_draft(row, forms[row["slug"]], what[row["slug"]], why) for row in asked.first(parts, "updated_at", _SEEN)]


_SEEN = ("slug", "pk", "participant__code", "number", "at_visit", "drafted_by", "updated_at")


def _told(begun: QuerySet[Any], model: type[Record]) -> QuerySet[Any]:
    """With the columns that only some forms have."""
    annotated: QuerySet[Any] = begun.annotate(
        slug=Value(model.slug),
        at_visit=F("visit") if issubclass(model, VisitRecord) else Value(""),
        drafted_by=F("rule") if model is Deviation else Value(""),
    )
    return annotated


def _draft(row: dict[str, Any], model: type[Record], what: str, why: str) -> Item:
    """A deviation that a rule drafted says so, and may be urgent."""
    urgent = row["drafted_by"] in URGENT_RULES
    visit = f"{row['at_visit']}/" if row["at_visit"] else ""
    number = f"{row['number']}/" if model.repeats else ""
    return Item(
        row["participant__code"],
        what,
        why,
        at(row["participant__code"], f"{visit}{model.slug}/{number}"),
        tone="late" if urgent else "",
        bucket="others" if not row["mine"] else "now" if urgent else "today",
        order=(1 if urgent else 3, row["at"]),
        whole=True,
        about=(model, int(row["pk"])),
        complete=_look,
    )


def _look(item: Item, record: Any) -> None:
    """The first question of a draft that wants an answer, as the path of its address; what a rule found."""
    if getattr(record, "rule", ""):
        item.what = _("Complete the deviation: %(kind)s") % {"kind": record.get_kind_display()}
        item.why = record.description
    item.url += next((f"#q-{field.name}" for field in record.unanswered()), "")


def next_forms(asked: WorklistRequest) -> list[Item]:
    """The first form on the way to surgery that a participant does not have yet."""
    forms = registry.forms()
    what = {slug: _("Fill in: %(form)s") % {"form": forms[slug]._meta.verbose_name} for slug in _PATH_AND_END}
    why, items, most = _("the next form"), [], _COUNTED if asked.drawn else asked.most
    enters = asked.person.site_ids(Permission.ENTER)
    waiting = list(_on_the_way(asked).only("code", "site").order_by("-pk")[: most + 1])
    if len(waiting) > most:
        asked.beyond.append("next form")
    for participant in waiting[:most]:
        slug = _next(participant)
        path = "surgery/new/" if slug == "surgery" else f"{slug}/"
        items.append(
            Item(
                participant.code,
                what[slug],
                why,
                at(participant.code, path),
                bucket="today" if participant.site_id in enters else "others",
                order=(4, float(participant.pk)),
                whole=True,
            )
        )
    return items


def _next(participant: Participant) -> str:
    """After a death or a withdrawal nothing but how the study ended."""
    if getattr(participant, _OVER):
        return "end-of-study"
    return next(slug for slug in PATH if getattr(participant, _has(slug)) is None)


def _on_the_way(asked: WorklistRequest) -> QuerySet[Participant]:
    """Who lacks one of those forms, and has not left the way to them."""
    waiting, lacks, forms = asked.participants, Q(), registry.forms()
    for slug in PATH:
        standing = forms[slug]._default_manager.filter(participant=OuterRef("pk"), voided_at__isnull=True)
        waiting = waiting.annotate(**{_has(slug): exists_key(standing)})
        lacks |= Q(**{f"{_has(slug)}__isnull": True})
    own = Q(participant=OuterRef("pk"), voided_at__isnull=True)
    left: dict[str, QuerySet[Any]] = {
        "ended": EndOfStudy.objects.filter(own),
        "failed": Screening.objects.filter(own, outcome="failed"),
        "refused": Consent.objects.filter(own, given="no"),
    }
    withdrew = Consent.objects.filter(own, withdrawn="yes", withdrawn_what__contains=["visits"])
    waiting = waiting.alias(**{name: exists_key(records) for name, records in left.items()})
    waiting = waiting.alias(died=exists_key(Death.objects.filter(own)), withdrew=exists_key(withdrew))
    over = Q(died__isnull=False) | Q(withdrew__isnull=False)
    waiting = waiting.annotate(**{_OVER: ExpressionWrapper(over, BooleanField())})
    on = Q(failed__isnull=True, refused__isnull=True)
    return waiting.filter((lacks & on) | over, ended__isnull=True)


def _has(slug: str) -> str:
    return f"has_{slug}"
