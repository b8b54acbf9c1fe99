"""What people type as dates and times, on Dutch clocks."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from protocol.partial_dates import PartialDate
from records.model import date_input
from records.model.form_fields import DateAsTyped, InstantAsTyped, PartialDateAsTyped
from tests.builders import AMSTERDAM

TODAY = date(2016, 3, 12)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2016-03-08", date(2016, 3, 8)),
        ("8-3-16", date(2016, 3, 8)),
        ("8/3/2016", date(2016, 3, 8)),
        ("08.03.2016", date(2016, 3, 8)),
        ("8 mrt 2016", date(2016, 3, 8)),
        ("8 Mar 2016", date(2016, 3, 8)),
        ("8mrt16", date(2016, 3, 8)),
        ("2016-3-8", date(2016, 3, 8)),
        ("1-1-17", date(2017, 1, 1)),  # two digits: up to next year
        ("1-1-18", date(1918, 1, 1)),
        ("1-1-00", date(2000, 1, 1)),
        ("-0d", TODAY),
        ("\u22123d", date(2016, 3, 9)),
        ("\u00a08-3-2016\u200b", date(2016, 3, 8)),
        ("-3d", date(2016, 3, 9)),
        ("today", TODAY),
        ("29-2-2016", date(2016, 2, 29)),
        ("1-1-44", date(1944, 1, 1)),
    ],
)
def test_dates_are_read_as_people_type_them(typed, day):
    assert date_input.read_date(typed, TODAY) == day


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("31-2-2016", "does not exist"),
        ("29-2-2015", "does not exist"),
        ("tomorrow-ish", "is not a date"),
        ("12", "is not a date"),
        ("8 foo 2016", "is not a date"),
        ("8-3-1066", "1900 or later"),
        ("0001-01-01", "1900 or later"),  # a year of four digits stays what it is
        ("0016-03-08", "1900 or later"),
        ("8-3-0016", "1900 or later"),
        ("8 mrt 0016", "1900 or later"),
        ("0000-01-01", "1900 or later"),
        ("9999-12-31", "in the future"),
        ("2016-00-10", "does not exist"),
        ("0-1-2016", "does not exist"),
        ("00-00-2016", "does not exist"),
        ("8-3-016", "is not a date"),
        ("8-3-6", "is not a date"),
        ("080316", "is not a date"),
        ("016-03-08", "is not a date"),
        ("-99999d", "is not a date"),
        ("\u0668-\u0663-2016", "is not a date"),  # digits of another script
        ("\uff18-3-2016", "is not a date"),
        ("\x00", "is not a date"),
    ],
)
def test_what_is_no_date_is_refused_in_words(typed, sentence):
    with pytest.raises(ValidationError, match=sentence):
        date_input.read_date(typed, TODAY)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2016", "2016"),
        ("2016-03", "2016-03"),
        ("3-2016", "2016-03"),
        ("mrt 2016", "2016-03"),
        ("8-3-16", "2016-03-08"),
    ],
)
def test_a_partial_date_keeps_what_is_known(typed, kept):
    assert date_input.read_partial(typed, TODAY) == kept


NO_PARTIAL_DATES = [
    "2016-13", "0-2016", "1850", "never", "0016", "016", "16", "3-16", "03-0016", "0016-03", "mrt 0016", "9999-12",
    "\u0662\u0660\u0661\u0666", "0000", "2016-00", "-", "",
]  # fmt: skip


@pytest.mark.parametrize("typed", NO_PARTIAL_DATES)
def test_a_partial_date_that_cannot_be_is_refused(typed):
    with pytest.raises(ValidationError):
        date_input.read_partial(typed, TODAY)


@pytest.mark.parametrize(
    ("typed", "clock"), [("14:05", time(14, 5)), ("1405", time(14, 5)), ("9.30", time(9, 30)), ("0:00", time(0, 0)),
     ("930", time(9, 30)), ("0930", time(9, 30)), ("9h30", time(9, 30)), ("\u00a014:05", time(14, 5))],
)  # fmt: skip
def test_times_are_read_as_people_type_them(typed, clock):
    assert date_input.read_time(typed) == clock


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("24:00", "00:00 of the next day"),
        ("25:00", "00 to 23"),
        ("half two", "is not a time"),
        ("14:60", "is not a time"),
        ("9", "is not a time"),
        ("9:5", "is not a time"),
        ("14:05:30", "is not a time"),
        ("2:05 pm", "is not a time"),
        ("\u0661\u0664:05", "is not a time"),
        ("24:01", "no 24:01"),
    ],
)
def test_what_is_no_time_is_refused_in_words(typed, sentence):
    with pytest.raises(ValidationError, match=sentence):
        date_input.read_time(typed)


def test_a_time_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="did not exist"):
        date_input.read_instant(date(2016, 3, 27), time(2, 30), AMSTERDAM)


@pytest.mark.parametrize(("which", "utc"), [("1", "00:30"), ("2", "01:30")])
def test_a_time_that_happens_twice_is_asked_about(which, utc):
    with pytest.raises(ValidationError, match="happened twice"):
        date_input.read_instant(date(2016, 10, 30), time(2, 30), AMSTERDAM)

    answered = date_input.read_instant(date(2016, 10, 30), time(2, 30), AMSTERDAM, which)

    assert answered.astimezone(UTC) == datetime.fromisoformat(f"2016-10-30T{utc}+00:00")


LOOKS_LIKE = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789-/. :hd'mrtaeipn\u0663\uff11\u00b2\u2212\u00a0\x00", max_size=14),
    st.from_regex(re.compile(r"\A-?\d{1,5}[-/. ]?\d{0,4}[-/. ]?\d{0,5}d?\Z"), fullmatch=True),
)
ZONES = st.sampled_from(["Europe/Amsterdam", "Pacific/Apia", "America/Los_Angeles", "Pacific/Kiritimati", "UTC"])


def understood_or_refused(read, *args):
    """What a reader makes of anything at all; any error but a refusal fails the test."""
    try:
        return read(*args)
    except ValidationError:
        return None


@given(LOOKS_LIKE, st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_anything_typed_as_a_date_is_read_or_refused(typed, today):
    day = understood_or_refused(date_input.read_date, typed, today)
    part = understood_or_refused(date_input.read_partial, typed, today)

    years = re.findall(r"\d{4}", typed, re.ASCII)
    assert not (day and years) or f"{day.year:04}" in years
    assert part is None or 1900 <= PartialDate.parse(part).year <= 2200


@given(LOOKS_LIKE, LOOKS_LIKE, LOOKS_LIKE, ZONES)
def test_anything_typed_into_a_field_is_read_or_refused(day, clock, which, zone):
    for kind, typed in ((DateAsTyped, day), (PartialDateAsTyped, day), (InstantAsTyped, [day, clock, which])):
        field = kind(required=False)
        field.zone = ZoneInfo(zone)
        reading, refused = field.understood(typed)
        assert not (reading and refused)
    InstantAsTyped.widget().ask_which(day, clock)


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.times(), ZONES, st.sampled_from(["", "1", "2", "3"]))
def test_any_local_time_is_an_instant_or_refused(day, clock, zone, which):
    clock = clock.replace(second=0, microsecond=0, fold=0)
    instant = understood_or_refused(date_input.read_instant, day, clock, ZoneInfo(zone), which)

    if instant is not None:
        back = instant.astimezone(UTC).astimezone(ZoneInfo(zone))
        assert (back.date(), back.time().replace(fold=0)) == (day, clock)


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        (date(2016, 3, 8), "Tuesday 8 March 2016"),
        (PartialDate(2016), "2016"),
        (PartialDate(2016, 3), "March 2016"),
        (PartialDate(2016, 3, 8), "Tuesday 8 March 2016"),
        (datetime(2016, 3, 8, 13, 5, tzinfo=UTC), "Tuesday 8 March 2016, 14:05"),
        (None, ""),
    ],
)
def test_what_was_understood_is_said_in_full(value, reading):
    assert date_input.in_full(value, AMSTERDAM) == reading
