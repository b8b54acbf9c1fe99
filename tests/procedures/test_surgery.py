"""What follows from an operation: levels bridged, operating time, and two lengths of stay that are not one number."""

from datetime import date

import pytest

from procedures.models import Sbrt, Surgery
from records.model.vertebrae import count_bridged
from tests.builders import amsterdam


def scores(**answers):
    record = Surgery().fill(**answers)
    return {str(score.label): score.value for score in record.scores({})}


def test_both_lengths_of_stay_have_their_names():
    stays = scores(
        admission_on=date(2016, 1, 10), incision_at=amsterdam("2016-01-12 09:00"), discharge_on=date(2016, 1, 17)
    )

    assert (stays["Stay from surgery"], stays["Stay from admission"]) == ("5 days", "7 days")


def test_operating_time_is_elapsed_time_also_over_a_clock_change():
    times = scores(incision_at=amsterdam("2016-03-27 01:00"), closed_at=amsterdam("2016-03-27 04:00"))

    assert times["Operating time"] == "120 minutes"


@pytest.mark.parametrize(
    ("upper", "lower", "count"),
    [("T10", "L2", 5), ("T9", "L2", 6), ("T12", "T12", 1), ("T12", "L6", 7), ("T12", "T13", 2), ("L2", "T12", None)],
)
def test_levels_bridged_count_both_ends(upper, lower, count):
    assert count_bridged(upper, lower) == count


@pytest.mark.parametrize(("volume", "warned"), [("0.34", False), ("0.35", True)])
def test_an_organ_above_its_published_volume_is_said_and_never_refused(volume, warned):
    from decimal import Decimal

    record = Sbrt(cord_v10_cc=Decimal(volume))

    assert ("cord_v10_cc" in record.notices()) is warned
    record.clean()
