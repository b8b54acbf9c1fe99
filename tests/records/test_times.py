"""What people type as dates and times, on Dutch clocks."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError

from records import times
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
        ("-3d", date(2016, 3, 9)),
        ("today", TODAY),
        ("29-2-2016", date(2016, 2, 29)),
        ("1-1-44", date(1944, 1, 1)),
    ],
)
def test_dates_are_read_as_people_type_them(typed, day):
    assert times.read_date(typed, TODAY) == day


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("31-2-2016", "does not exist"),
        ("29-2-2015", "does not exist"),
        ("tomorrow-ish", "is not a date"),
        ("12", "is not a date"),
        ("8 foo 2016", "is not a date"),
        ("8-3-1066", "1900 or later"),
        ("\x00", "is not a date"),
    ],
)
def test_what_is_no_date_is_refused_in_words(typed, said):
    with pytest.raises(ValidationError, match=said):
        times.read_date(typed, TODAY)


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
    assert times.read_partial(typed, TODAY) == kept


@pytest.mark.parametrize("typed", ["2016-13", "0-2016", "1850", "never"])
def test_a_partial_date_that_cannot_be_is_refused(typed):
    with pytest.raises(ValidationError):
        times.read_partial(typed, TODAY)


@pytest.mark.parametrize(
    ("typed", "clock"), [("14:05", time(14, 5)), ("1405", time(14, 5)), ("9.30", time(9, 30)), ("0:00", time(0, 0))]
)
def test_times_are_read_as_people_type_them(typed, clock):
    assert times.read_time(typed) == clock


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("24:00", "00:00 of the next day"),
        ("25:00", "00 to 23"),
        ("half two", "is not a time"),
        ("14:60", "is not a time"),
    ],
)
def test_what_is_no_time_is_refused_in_words(typed, said):
    with pytest.raises(ValidationError, match=said):
        times.read_time(typed)


def test_a_time_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="did not exist"):
        times.read_instant(date(2016, 3, 27), time(2, 30), AMSTERDAM)


@pytest.mark.parametrize(("which", "utc"), [("1", "00:30"), ("2", "01:30")])
def test_a_time_that_happens_twice_is_asked_about(which, utc):
    with pytest.raises(ValidationError, match="happened twice"):
        times.read_instant(date(2016, 10, 30), time(2, 30), AMSTERDAM)

    answered = times.read_instant(date(2016, 10, 30), time(2, 30), AMSTERDAM, which)

    assert answered.astimezone(UTC) == datetime.fromisoformat(f"2016-10-30T{utc}+00:00")
