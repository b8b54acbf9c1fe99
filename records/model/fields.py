"""Fields of case report forms: each says its question, unit, bounds, codes and standard variable once.

Form, dictionary, export, constraint and annotated form are all read from here. Columns are nullable, because
a draft may lack anything; `required` says what completing asks for.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts import text_input
from accounts.lazy_text import StrOrPromise
from protocol.facts import Moment
from protocol.partial_dates import PartialDate
from records.model.form_fields import DateAsTyped, DecimalNumber, InstantAsTyped, PartialDateAsTyped, WholeNumber

if TYPE_CHECKING:  # Django's fields take the type of their answer only from a type checker
    from django.db.models.fields import _FieldDescriptor

    _Field = models.Field[Any, Any]
    _IntegerField = models.IntegerField[Any, Any]
    _DecimalField = models.DecimalField[Any, Any]
    _CharField = models.CharField[Any, Any]
    _ArrayField = ArrayField[Any, Any]
    _DateField = models.DateField[Any, Any]
    _DateTimeField = models.DateTimeField[Any, Any]
else:
    _Field, _IntegerField, _DecimalField = models.Field, models.IntegerField, models.DecimalField
    _CharField, _ArrayField = models.CharField, ArrayField
    _DateField, _DateTimeField = models.DateField, models.DateTimeField

Answer = TypeVar("Answer")
_To = TypeVar("_To")
_From = TypeVar("_From")


def _doubled(sentence: StrOrPromise) -> str:
    """Django formats a constraint's sentence with its name."""
    return str(sentence).replace("%", "%%")


_verbatim = lazy(_doubled, str)
VisibleIf = tuple[str, Sequence[str]]
MAX_RADIO_CHOICES = 7  # up to so many codes stand side by side
_NAMING = (_("grade"), _("event"), _("year"))  # units that are said before their number: grade 3


class Answers(Generic[Answer]):
    """What a type checker takes the answer to a question of this kind for; it may be lacking whatever the question."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> _FieldDescriptor[Any]: ...
        @overload
        def __get__(self, instance: models.Model, owner: Any) -> Answer | None: ...
        @overload
        def __get__(self, instance: Any, owner: Any) -> Self: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: Answer | None) -> None: ...


class CrfField(_Field):
    """What a case report form says of a field besides its type.

    `visible_if=("interrupted", ["yes"])` makes a dependent question; `warn_range=(45, 360)` warns and never refuses.
    """

    crf_type = "text"

    def __init__(
        self,
        *args: Any,
        unit: StrOrPromise = "",
        standard: str = "",
        required: bool = True,
        warn_range: tuple[Any, Any] | None = None,
        visible_if: VisibleIf | None = None,
        min_value: Any = None,
        max_value: Any = None,
        **kwargs: Any,
    ) -> None:
        self.unit, self.standard, self.required = unit, standard, required
        self.warn_range, self.visible_if = warn_range, visible_if
        self.min_value, self.max_value = min_value, max_value
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        validators = list(kwargs.get("validators", []))
        if min_value is not None:
            validators.append(MinValueValidator(min_value))
        if max_value is not None:
            validators.append(MaxValueValidator(max_value))
        super().__init__(*args, **{**kwargs, "validators": validators})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Only what the column is: rewording a question is no migration."""
        name, _path, args, kwargs = super().deconstruct()
        for wording in ("verbose_name", "help_text", "choices", "validators"):
            kwargs.pop(wording, None)
        return name, self.column_class(), args, kwargs

    def column_class(self) -> str:
        """The plain Django field that migrations name."""
        plain = next(cls for cls in type(self).__mro__ if cls.__module__.startswith("django."))
        return f"django.db.models.{plain.__name__}"

    def bounds(self) -> list[models.CheckConstraint]:
        """What the database refuses of this field alone, whatever door it comes through."""
        checks = []
        if self.min_value is not None or self.max_value is not None:
            condition = models.Q()
            if self.min_value is not None:
                condition &= models.Q(**{f"{self.name}__gte": self.min_value})
            if self.max_value is not None:
                condition &= models.Q(**{f"{self.name}__lte": self.max_value})
            checks.append(self.check_named("range", condition, self._bounds_with(self.unit)))
        if self.choices and isinstance(self, models.CharField):
            codes = sorted(code for code, _label in self.flatchoices)
            checks.append(
                self.check_named("code", models.Q(**{f"{self.name}__in": codes}), _("This is not one of the codes."))
            )
        return checks

    def check_named(self, what: str, condition: models.Q, sentence: StrOrPromise) -> models.CheckConstraint:
        """A constraint of this field, named after table and field (63 characters at most)."""
        name = f"{self.model._meta.db_table}_{self.name}"[: 62 - len(what)] + "_" + what
        return models.CheckConstraint(condition=condition, name=name, violation_error_message=_verbatim(sentence))

    def bounds_sentence(self) -> str:
        """The bounds in words, as the form says them before one hits them: 1900 to 2100, not 1900 to 2100 year."""
        return self._bounds_with("" if self.unit in _NAMING else self.unit)

    def _bounds_with(self, unit: StrOrPromise) -> str:
        """With the unit even where it only names what is counted: so migrations know the constraint's sentence."""
        unit = f" {unit}" if unit and not str(unit).startswith("/") else ""
        if self.min_value is None and self.max_value is None:
            return ""
        if self.max_value is None:
            return _("%(low)s%(unit)s or more") % {"low": self.min_value, "unit": unit}
        if self.min_value is None:
            return _("%(high)s%(unit)s or less") % {"high": self.max_value, "unit": unit}
        return _("%(low)s to %(high)s%(unit)s") % {"low": self.min_value, "high": self.max_value, "unit": unit}

    def within(self, typed: Any) -> Any:
        """The form field of a number, which proposes nothing outside the bounds."""
        typed.min_value, typed.max_value = self.min_value, self.max_value
        return typed

    def shown(self, value: Any) -> str:
        """A stored value in words: the label of a code, the unit behind a number."""
        if value is None or value == "":
            return "–"
        if self.choices:
            return str(dict(self.flatchoices).get(value, value))
        return f"{self.unit} {value}" if self.unit in _NAMING else f"{value} {self.unit}".strip()


class Integer(Answers[int], CrfField, _IntegerField):
    """A whole number, with its unit and hard bounds (`min_value`, `max_value`)."""

    crf_type = "integer"

    def formfield(self, **kwargs: Any) -> Any:
        return self.within(super().formfield(**{"form_class": WholeNumber, **kwargs, "widget": WholeNumber.widget}))


class Decimal(Answers[Number], CrfField, _DecimalField):
    """A number with `places` decimals, with its unit and hard bounds."""

    crf_type = "decimal"

    def __init__(self, *args: Any, places: int = 1, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 9)
        kwargs.setdefault("decimal_places", places)
        for bound in ("min_value", "max_value"):
            if kwargs.get(bound) is not None:
                kwargs[bound] = Number(str(kwargs[bound]))
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return self.within(super().formfield(**{"form_class": DecimalNumber, **kwargs, "widget": DecimalNumber.widget}))


class Text(Answers[str], CrfField, _CharField):
    """A line of text. Never a name, a hospital number or a birth date. It comes in by accounts.text_input."""

    crf_type = "text"
    lines = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        super().__init__(*args, **kwargs)

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Whatever writes: a form, an import, a shell; all of them have their record cleaned by records.services."""
        return super().clean(self.kept(value), model_instance)

    def kept(self, value: Any) -> Any:
        """As it is kept; ValidationError where it holds what is not."""
        kept = text_input.clean(value, lines=self.lines) if isinstance(value, str) else value
        return kept or (None if self.null else "")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": text_input.FreeText, **kwargs})


class LongText(Text):
    """A few sentences."""

    lines = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 4000)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(
            **{**kwargs, "form_class": text_input.FreeLines, "widget": forms.Textarea({"rows": 3})}
        )


class Choice(Answers[str], CrfField, _CharField):
    """One code of a list."""

    crf_type = "code"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        """Few codes stand side by side, one click each; many are a list."""
        if len(self.flatchoices) > MAX_RADIO_CHOICES:
            return super().formfield(**kwargs)
        codes = [(code, label) for code, label in self.flatchoices]
        return super().formfield(
            **{
                **kwargs,
                "choices_form_class": forms.TypedChoiceField,
                "widget": forms.RadioSelect(choices=codes),
            }
        )

    def get_choices(self, include_blank: bool = True, *args: Any, **kwargs: Any) -> list[tuple[str, Any]]:
        return list(super().get_choices(include_blank and len(self.flatchoices) > MAX_RADIO_CHOICES, *args, **kwargs))


class YesNo(Choice):
    """Yes or no. That nobody knows is a missing-data code, not an answer."""

    YES, NO = "yes", "no"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("choices", [("yes", _("Yes")), ("no", _("No"))])
        super().__init__(*args, **kwargs)


class MultiChoice(Answers[list[str]], CrfField, _ArrayField):
    """Any number of codes of a list, in the list's order."""

    crf_type = "codes"

    def __init__(self, verbose_name: Any = None, *, choices: Sequence[tuple[str, Any]] = (), **kwargs: Any) -> None:
        kwargs.pop("base_field", None)
        self.codes = list(choices)
        super().__init__(models.CharField(max_length=40), verbose_name=verbose_name, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        """Boxes to tick."""
        wanted = {name: kwargs[name] for name in ("label", "help_text", "initial") if name in kwargs}
        return forms.MultipleChoiceField(
            **{"label": self.verbose_name, "help_text": self.help_text, **wanted},
            choices=self.codes,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Kept in the order of the list; nothing ticked is no answer."""
        codes = set(data or [])
        listed = [code for code, _label in self.codes if code in codes]
        setattr(instance, self.attname, (listed + sorted(codes - set(listed))) or None)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, kwargs

    def bounds(self) -> list[models.CheckConstraint]:
        codes = sorted(code for code, _label in self.codes)
        return [
            self.check_named(
                "codes",
                models.Q(**{f"{self.name}__contained_by": codes}),
                _("There is a code that is not on the list."),
            )
        ]

    def validate(self, value: Any, instance: models.Model | None) -> None:
        super().validate(value, instance)
        known = dict(self.codes)
        for code in value or []:
            if code not in known:
                raise ValidationError(_("%(code)s is not on the list."), params={"code": code})

    def shown(self, value: Any) -> str:
        labels = dict(self.codes)
        return ", ".join(str(labels.get(code, code)) for code in value or []) or "–"


class LocalDate(Answers[date], CrfField, _DateField):
    """A whole date on the site's calendar (`_on`)."""

    crf_type = "date"

    def formfield(self, **kwargs: Any) -> Any:
        return forms_field(self, DateAsTyped, kwargs)


class PartialDateField(Answers[PartialDate], CrfField, _CharField):
    """A date of which only the year or the month may be known: 2016, 2016-03, 2016-03-12; kept as given."""

    crf_type = "partial date"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 10)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return forms_field(self, PartialDateAsTyped, kwargs)

    def from_db_value(self, value: str | None, *_args: Any) -> PartialDate | None:
        return PartialDate.parse(value) if value else None

    def to_python(self, value: Any) -> PartialDate | None:
        if value is None or value == "" or isinstance(value, PartialDate):
            return value or None
        try:
            return PartialDate.parse(value.isoformat() if isinstance(value, date) else str(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def get_prep_value(self, value: Any) -> str | None:
        value = self.to_python(value)
        return None if value is None else str(value)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj) or "")

    def run_validators(self, value: Any) -> None:
        """A PartialDate is valid by construction; the length of its text is the column's business."""

    def bounds(self) -> list[models.CheckConstraint]:
        return [
            self.check_named(
                "form",
                models.Q(**{f"{self.name}__regex": r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"}),
                _("Give a date such as 2016-03-12, or what is known of it: 2016-03, 2016."),
            )
        ]


class Instant(Answers[datetime], CrfField, _DateTimeField):
    """A moment, in UTC; beside it `<name>_date`, the local date, which is all that is kept when the time is unknown.

    So a constraint between two instants never refuses what is only known to the day: the instant is then NULL.
    A form that reads that date by name says so: `sampled_at_date: date | None`.
    """

    crf_type = "instant"

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False, **kwargs: Any
    ) -> None:
        super().contribute_to_class(cls, name, private_only=private_only, **kwargs)
        if f"{name}_date" not in cls.__dict__:
            day = models.DateField(null=True, blank=True, editable=False)
            cls.add_to_class(f"{name}_date", day)

    def formfield(self, **kwargs: Any) -> Any:
        return forms_field(self, InstantAsTyped, kwargs)

    def value_from_object(self, obj: models.Model) -> Moment:
        """The instant, or the local date where only that is known."""
        at: datetime | None = getattr(obj, self.attname)
        on: date | None = getattr(obj, f"{self.name}_date")
        return at or on

    def save_form_data(self, instance: models.Model, data: Moment) -> None:
        """Take an aware datetime in the site's zone, or a date, or None."""
        if isinstance(data, datetime):
            setattr(instance, self.attname, data.astimezone(UTC))
            setattr(instance, f"{self.name}_date", data.date())
        else:
            setattr(instance, self.attname, None)
            setattr(instance, f"{self.name}_date", data)

    def bounds(self) -> list[models.CheckConstraint]:
        both = models.Q(**{f"{self.name}__isnull": True}) | models.Q(**{f"{self.name}_date__isnull": False})
        return [self.check_named("date", both, _("An instant needs its local date beside it."))]


class RecordLink(CrfField, models.ForeignKey[_To, _From]):
    """The record of this participant that this one belongs to or was caused by."""

    crf_type = "link"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("on_delete", models.PROTECT)
        super().__init__(*args, **kwargs)

    def column_class(self) -> str:
        return "django.db.models.ForeignKey"


def forms_field(field: CrfField, form_class: type[forms.Field], kwargs: dict[str, Any]) -> forms.Field:
    """A form field of our own kind, which takes no `max_length` and is never required in a draft."""
    wanted = {name: kwargs[name] for name in ("label", "help_text", "initial") if name in kwargs}
    return form_class(**{"label": field.verbose_name, "help_text": field.help_text, **wanted}, required=False)


def crf_fields(model: type[models.Model]) -> list[CrfField]:
    """The questions of a form, in the order of the model."""
    return [field for field in model._meta.local_fields if isinstance(field, CrfField)]


def crf_field(model: type[models.Model], name: str) -> CrfField:
    """One question of a form, by its name."""
    field = model._meta.get_field(name)
    if not isinstance(field, CrfField):
        raise FieldDoesNotExist(f"{model.__name__} asks nothing called {name}")
    return field
