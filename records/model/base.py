"""What every clinical record is: the abstract parents of all case report forms."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, NoReturn, Self, cast

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models.base import ModelBase
from django.db.models.functions import Coalesce
from django.db.models.sql import Query
from django.utils.translation import gettext_lazy as _

from accounts.lazy_text import StrOrPromise
from accounts.roles import Permission
from protocol.facts import Moment
from records.model.fields import CrfField, Instant, crf_fields
from records.model.missing import MISSING_CODES, MissingCode
from records.model.score import Score


class Status(models.TextChoices):
    """Where a record stands; who may move it is said in records.workflow.states."""

    DRAFT = "draft", _("Draft")
    COMPLETE = "complete", _("Complete")


class RecordBase(ModelBase):
    """Turns the bounds and codes that fields declare into database constraints, so that they are typed once."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any) -> type:
        meta = attrs.get("Meta")
        if meta is not None and "constraints" in vars(meta) and not vars(meta).get("abstract"):
            # Django lets a child's list replace its parent's; here it adds to it.
            inherited = [c for base in bases if hasattr(base, "_meta") for c in base._meta.constraints]
            meta.constraints = [*inherited, *meta.constraints]
        cls = cast("type[Record]", super().__new__(mcs, name, bases, attrs, **kwargs))  # the only class of this kind
        if not cls._meta.abstract:
            cls.declared_constraints = list(cls._meta.constraints)
            field_bounds = [check for field in crf_fields(cls) for check in field.bounds()]
            cls._meta.constraints = [*cls._meta.constraints, *field_bounds]
            cls._meta.original_attrs["constraints"] = cls._meta.constraints
        return cls


class Audited(models.Model):
    """A table of which the database writes down every change, and from which nothing is deleted."""

    class Meta:
        abstract = True
        default_permissions = ()

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused here with a sentence, and by the database whatever the route."""
        raise ValidationError(_("A clinical record is never deleted. Void it, with a reason."))


class Record(Audited, metaclass=RecordBase):
    """A clinical record: written through the door, audited by the database, voided but never deleted."""

    # What a form says of itself; its slug is its address, and stays.
    slug = ""
    repeats = False
    domain = ""
    signed_by = Permission.SIGN  # who may sign it
    field_permissions: dict[str, Permission] = {}  # questions that only a specialist answers

    declared_constraints: ClassVar[list[models.BaseConstraint]]  # typed by hand, without the bounds of its fields

    # What others did about it, as far as workflow.attestations has looked: a lock, a signature, all of it compared.
    lock: Any = None
    signature: Any = None
    verified = False

    entry = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT, editable=False)
    missing = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    updated_at = models.DateTimeField(editable=False)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False)
    void_reason = models.CharField(max_length=1000, blank=True, default="", editable=False)

    class Meta(Audited.Meta):
        abstract = True

    @property
    def title(self) -> str:
        """What tells this record from its siblings on a list. Forms that repeat override it; a draft may have none."""
        return ""

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None

    @property
    def is_complete(self) -> bool:
        return self.status == Status.COMPLETE and not self.is_void

    @classmethod
    def column(cls, name: str) -> "models.Field[Any, Any]":
        """A field with a column of its own, by name."""
        field = cls._meta.get_field(name)
        if not isinstance(field, models.Field):
            raise FieldDoesNotExist(f"{name} of {cls.__name__} is a relation from elsewhere")
        return field

    @classmethod
    def question(cls, name: str) -> CrfField:
        """A question of this form, by name."""
        field = cls.column(name)
        if not isinstance(field, CrfField):
            raise FieldDoesNotExist(f"{name} is no question of {cls.__name__}")
        return field

    def fill(self, **answers: Any) -> Self:
        """Take answers as a form gives them: instants as aware datetimes in the site's zone, or as dates."""
        for name, value in answers.items():
            self.column(name).save_form_data(self, value)
        return self

    def moment(self, name: str) -> Moment:
        """An instant (UTC), or the local date where only the day is known, or None."""
        moment: Moment = self.column(name).value_from_object(self)
        return moment

    def answered(self, name: str) -> bool:
        """Whether a field holds a value (not: a missing-data code)."""
        return self.column(name).value_from_object(self) not in (None, "", [])

    def is_open(self, field: CrfField) -> bool:
        """Whether a dependent question is asked, given the answer to its parent."""
        if field.visible_if is None:
            return True
        parent, codes = field.visible_if
        answer = getattr(self, parent)
        return bool(set(answer or []) & set(codes)) if isinstance(answer, list) else answer in codes

    def unanswered(self) -> list[CrfField]:
        """What still wants an answer, or a code saying why there is none, before the form is complete."""
        return [
            field
            for field in crf_fields(type(self))
            if field.required
            and self.is_open(field)
            and not self.answered(field.name)
            and field.name not in self.missing
        ]

    def cross_checks(self) -> dict[str, Any]:
        """Field -> sentence: what cannot be true of these answers together. Overridden by a form."""
        return {}

    def notices(self) -> dict[str, Any]:
        """Field -> sentence: unusual, so it is said; never refused. Forms add to the ranges that warn."""
        notices = {}
        for field in crf_fields(type(self)):
            value = getattr(self, field.name, None)
            if field.warn_range is None or value is None:
                continue
            low, high = field.warn_range
            if (low is not None and value < low) or (high is not None and value > high):
                notices[field.name] = _("%(value)s is outside what is usual (%(low)s to %(high)s). Please check.") % {
                    "value": field.shown(value),
                    "low": low if low is not None else "…",
                    "high": high if high is not None else "…",
                }
        return notices

    def scores(self, rows: dict[str, list[Any]]) -> list[Score]:
        """What follows from these answers and the rows inside the form (slug of the row -> rows). Forms override it."""
        return []

    def clean(self) -> None:
        super().clean()
        errors: dict[str, Any] = {}
        for name, code in self.missing.items():
            if code not in MISSING_CODES:
                errors[name] = _("“%(code)s” is not a reason why an answer is missing.") % {"code": code}
            elif self.answered(name):
                errors[name] = _("There is an answer and a reason why there is none. Keep one of the two.")
        for name, sentence in self.cross_checks().items():
            errors.setdefault(name, sentence)
        if errors:
            raise ValidationError(errors)

    def full_clean(self, exclude: Any = None, validate_unique: bool = True, validate_constraints: bool = False) -> None:
        """Judge the answers. Constraints cost a question to the database, so only the write door asks them."""
        super().full_clean(exclude, validate_unique=validate_unique, validate_constraints=validate_constraints)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """All hand-written check constraints in one question to the database, instead of one each.

        Bounds and codes were judged by the fields; uniqueness is the database's own. A constraint names the
        field beside which it is said in its `violation_error_code`.
        """
        checks = [c for c in type(self).declared_constraints if isinstance(c, models.CheckConstraint)]
        if not checks:
            return
        query = Query(None)
        for field in self._meta.local_concrete_fields:
            value = models.Value(field.get_prep_value(getattr(self, field.attname)), field)
            for name in {field.name, field.attname}:
                query.add_annotation(value, name, select=False)
        for check in checks:
            holds = Coalesce(models.ExpressionWrapper(check.condition, models.BooleanField()), True)
            query.add_annotation(holds, check.name)
        row = query.get_compiler(using="default").execute_sql("single")
        broken = [check for check, holds in zip(checks, row, strict=True) if not holds]
        if broken:
            raise ValidationError(
                {
                    check.violation_error_code or NON_FIELD_ERRORS: check.get_violation_error_message()
                    for check in broken
                }
            )


class ParticipantRecord(Record):
    """A record of one participant."""

    participant = models.ForeignKey(
        "records.Participant", models.PROTECT, related_name="%(class)s_records", editable=False
    )
    number = models.PositiveIntegerField(default=1, editable=False)

    class Meta(Record.Meta):
        abstract = True
        indexes = [  # the worklist asks every form for the oldest drafts, and for what waits for a signature
            models.Index(
                fields=["status", "updated_at"], condition=models.Q(voided_at__isnull=True), name="%(class)s_state"
            )
        ]


class SingleRecord(ParticipantRecord):
    """A form that a participant has once; a voided one makes room for another."""

    class Meta(ParticipantRecord.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=models.Q(voided_at__isnull=True),
                name="%(class)s_once",
                violation_error_message=_("This participant already has this form."),
            )
        ]


class RepeatingRecord(ParticipantRecord):
    """A form that a participant may have several times, numbered 1, 2, 3; numbers are never used again."""

    repeats = True

    class Meta(ParticipantRecord.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "number"],
                name="%(class)s_number",
                violation_error_message=_("This number is already taken."),
            )
        ]


class VisitRecord(ParticipantRecord):
    """A form filled in once at a visit. The schedule says where it is expected; it may be filled in at any."""

    visit = models.CharField(max_length=10, editable=False)

    class Meta(ParticipantRecord.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "visit"],
                condition=models.Q(voided_at__isnull=True),
                name="%(class)s_visit",
                violation_error_message=_("This visit already has this form."),
            )
        ]


class ItemGroupRecord(ParticipantRecord):
    """A row inside a form, such as one fraction or one grade; it names its form in `parent_field`."""

    parent_field = "parent"
    opens_with_row = True  # an empty row is offered where there is none yet
    adds: StrOrPromise = _("Add a row")
    at_least_one: StrOrPromise = ""  # the sentence said when a form is completed without such a row

    class Meta(ParticipantRecord.Meta):
        abstract = True
        indexes = []


def instants(record: Record) -> dict[str, datetime]:
    """The known instants of a record, by field name."""
    return {
        field.name: value
        for field in crf_fields(type(record))
        if isinstance(field, Instant) and isinstance(value := record.moment(field.name), datetime)
    }


__all__ = [
    "Audited",
    "ItemGroupRecord",
    "MissingCode",
    "ParticipantRecord",
    "Record",
    "RepeatingRecord",
    "Score",
    "SingleRecord",
    "Status",
    "VisitRecord",
    "instants",
]
