"""Form fields and widgets of case report forms: what people type, read forgivingly, refused clearly."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as Number
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from protocol import numbers
from protocol.facts import Moment
from protocol.partial_dates import PartialDate
from records.model import date_input

CLOCK_SKEW = timedelta(minutes=15)  # clocks of theatre and linac differ from ours


class OnSite(forms.Field):
    """What reading a date needs: the site's zone, today there, and now. The form sets them before cleaning."""

    zone: ZoneInfo = ZoneInfo("Europe/Amsterdam")
    today: date = date.max
    now: datetime | None = None

    def understood(self, value: Any) -> tuple[str, str]:
        """What a value, typed or stored, says in full; or why it is not understood."""
        try:
            return date_input.in_full(self.clean(value) if isinstance(value, str | list) else value, self.zone), ""
        except ValidationError as error:
            return "", " ".join(error.messages)


class TypedNumber(forms.Field):
    """A number in a plain text box: what is not one number, or has two readings, comes back to be corrected.

    `min_value` and `max_value` are the hard bounds: what lies outside them is not proposed.
    """

    places: int = 0
    min_value: Any = None
    max_value: Any = None

    def as_typed(self, typed: str) -> Number:
        """The only number this can mean and the field can keep; ValidationError names the readings."""
        value, thousands = numbers.plain(typed), numbers.in_thousands(typed)
        if thousands is not None:
            raise ValidationError(_with_separators(typed, value, thousands, self._kept(value, thousands)))
        if value is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        below, above = numbers.neighbours(value, self.places)
        if below != above:
            raise ValidationError(_too_precise(typed, self.places, below, above))
        exponent = value.as_tuple().exponent
        return below if isinstance(exponent, int) and -exponent > self.places else value

    def _kept(self, *readings: Number | None) -> list[str]:
        """Those of the readings that the field could keep, as they are to be typed."""
        return [
            numbers.written(reading)
            for reading in readings
            if reading is not None
            and len(set(numbers.neighbours(reading, self.places))) == 1
            and (self.min_value is None or reading >= self.min_value)
            and (self.max_value is None or reading <= self.max_value)
        ]


def _with_separators(typed: str, value: Number | None, thousands: Number, kept: list[str]) -> str:
    """What the number can be read as, and what to type instead."""
    params = {"typed": typed.strip()[:40], "thousands": numbers.written(thousands), "kept": _(" or ").join(kept)}
    if value is None:
        sentence = _("“%(typed)s”: type it without a sign between the thousands.") % params
    else:
        params["value"] = numbers.written(value)
        sentence = _("“%(typed)s” can be read as %(value)s or as %(thousands)s.") % params
    return f"{sentence} {_('Type %(kept)s.') % params}" if kept else sentence


def _too_precise(typed: str, places: int, below: Number, above: Number) -> str:
    params = {"typed": typed.strip()[:40], "places": places, "below": f"{below:f}", "above": f"{above:f}"}
    if not places:
        return _("“%(typed)s” is not a whole number. Type %(below)s or %(above)s.") % params
    return (
        _("“%(typed)s” has more decimals than are kept here, which is %(places)s. Type %(below)s or %(above)s.")
        % params
    )


class WholeNumber(TypedNumber, forms.IntegerField):
    """A whole number."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    default_error_messages = {"invalid": _lazy("This must be a whole number in digits only, such as 60.")}

    def to_python(self, value: Any) -> int | None:
        if not isinstance(value, str):
            return super().to_python(value)
        return int(self.as_typed(value)) if numbers.bare(value) else None


class DecimalNumber(TypedNumber, forms.DecimalField):
    """A number that may be typed with a comma or a point before its decimals."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    default_error_messages = {"invalid": _lazy("This must be a number in digits only, such as 5.3.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.places = self.decimal_places or 0

    # To the stubs a DecimalField is an IntegerField; Django's own breaks the promise of a whole number likewise.
    def to_python(self, value: Any) -> Number | None:  # type: ignore[override]
        if not isinstance(value, str):
            return super().to_python(value)
        return self.as_typed(value) if numbers.bare(value) else None


class DateAsTyped(OnSite):
    """A whole date."""

    widget = forms.TextInput(attrs={"data-date": "whole", "autocomplete": "off", "placeholder": "2016-03-08"})

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def to_python(self, value: Any) -> date | None:
        if not numbers.bare(str(value or "")):
            return None
        day = date_input.read_date(str(value), self.today)
        date_input.not_later(day, self.today, str(value))
        return day

    def has_changed(self, initial: date | None, data: Any) -> bool:
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True


class PartialDateAsTyped(OnSite):
    """A date, or the part of it that is known."""

    widget = forms.TextInput(attrs={"data-date": "partial", "autocomplete": "off", "placeholder": "2016-03"})

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, PartialDate) else value

    def to_python(self, value: Any) -> PartialDate | None:
        if not numbers.bare(str(value or "")):
            return None
        partial_date = PartialDate.parse(date_input.read_partial(str(value), self.today))
        date_input.not_later(partial_date.earliest, self.today, str(value))
        return partial_date

    def has_changed(self, initial: PartialDate | None, data: Any) -> bool:
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True


class InstantWidget(forms.Widget):
    """Date, time and, where the time happens twice, which of the two: x_at_0, x_at_1, x_at_2."""

    template_name = "crf/widgets/instant.html"
    zone: ZoneInfo = OnSite.zone
    today: date = date.max
    use_fieldset = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [data.get(f"{name}_{part}", "") for part in range(3)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}_0" not in data

    def id_for_label(self, id_: str, index: str = "0") -> str:
        return f"{id_}_0" if id_ else id_

    def parts(self, value: Any) -> list[str]:
        """What the three inputs show, for a stored Moment or for what was typed."""
        if isinstance(value, datetime):
            local = value.astimezone(self.zone)
            twice = date_input.happens_twice(local.date(), local.time().replace(fold=0), self.zone)
            return [local.date().isoformat(), f"{local:%H:%M}", str(local.fold + 1) if twice else ""]
        if isinstance(value, date):
            return [value.isoformat(), "", ""]
        return list(value or ["", "", ""])

    def ask_which(self, day: str, clock: str) -> bool:
        try:
            return bool(clock) and date_input.happens_twice(
                date_input.read_date(day, self.today), date_input.read_time(clock), self.zone
            )
        except ValidationError:
            return False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        day, clock, which = self.parts(value)
        context["widget"].update(
            {
                "day": day,
                "clock": clock,
                "which": which,
                "twice": self.ask_which(day, clock),
                "zone": str(self.zone),
            }
        )
        return context


class InstantAsTyped(OnSite):
    """An instant; with an empty time it is known to the day only."""

    widget = InstantWidget

    def clean(self, value: list[str]) -> Moment:
        day_typed, clock_typed, which = (numbers.bare(part or "") for part in value or ["", "", ""])
        if not day_typed:
            if clock_typed:
                raise ValidationError(_("Give the date that belongs to %(time)s.") % {"time": clock_typed[:10]})
            if self.required:
                raise ValidationError(self.error_messages["required"])
            return None
        for part in (day_typed, clock_typed):
            if "\x00" in part:
                raise ValidationError(_("This holds a character that cannot be stored."))
        day = date_input.read_date(day_typed, self.today)
        date_input.not_later(day, self.today, day_typed)
        if not clock_typed:
            return day
        instant = date_input.read_instant(day, date_input.read_time(clock_typed), self.zone, which)
        if self.now is not None and instant > self.now + CLOCK_SKEW:
            raise ValidationError(_("%(time)s has not come yet. Check date and time.") % {"time": f"{instant:%H:%M}"})
        return instant

    def has_changed(self, initial: Moment, data: Any) -> bool:
        try:
            moment = self.clean(data)
        except ValidationError:
            return True
        if isinstance(moment, datetime) and isinstance(initial, datetime):
            return moment.astimezone(UTC) != initial.astimezone(UTC).replace(second=0, microsecond=0)
        return moment != initial
