"""What the page says back of a date being typed: the reading of the server, which will store it."""

from urllib.parse import urlencode

import pytest
from django.utils import timezone

from enrollment.models import Consent
from records.audit.read_log import Read
from records.models import AuditRow
from tests import builders
from tests.builders import AMSTERDAM


def ask(browser, kind, *typed, zone="Europe/Amsterdam"):
    answer = browser.post("/understood/", {"kind": kind, "zone": zone, "typed": list(typed)})
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(
    ("kind", "typed", "reading"),
    [
        ("whole", ["8-3-16"], "Tuesday 8 March 2016"),
        ("whole", [""], ""),
        ("partial", ["3-2016"], "March 2016"),
        ("partial", ["2016"], "2016"),
        ("instant", ["8 mrt 2016", "1405", ""], "Tuesday 8 March 2016, 14:05"),
        ("instant", ["8-3-2016", "", ""], "Tuesday 8 March 2016"),
        ("instant", ["30-10-2016", "2:30", "2"], "Sunday 30 October 2016, 02:30"),
    ],
)
def test_it_says_in_full_what_would_be_stored(kind, typed, reading, login):
    assert ask(login("nurse"), kind, *typed) == {"said": reading, "refused": ""}


@pytest.mark.parametrize(
    ("kind", "typed", "refused"),
    [
        ("whole", ["0001-01-01"], "1900 or later"),
        ("whole", ["8-3-0016"], "1900 or later"),
        ("whole", ["31-2-2016"], "does not exist"),
        ("whole", ["1-1-2150"], "in the future"),
        ("whole", ["<b>8</b>"], "is not a date"),
        ("instant", ["", "14:05", ""], "Give the date"),
        ("instant", ["27-3-2016", "2:30", ""], "did not exist"),
        ("instant", ["30-10-2016", "2:30", ""], "happened twice"),
        ("instant", ["8-3-2016", "24:00", ""], "Midnight"),
        ("instant", ["8-3-2016\x00", "14:05", ""], "cannot be stored"),
    ],
)
def test_it_refuses_with_the_sentence_of_saving(kind, typed, refused, login):
    echo = ask(login("nurse"), kind, *typed)

    assert echo["said"] == ""
    assert refused in echo["refused"]


@pytest.mark.parametrize(
    "asked",
    [{}, {"kind": "whole"}, {"kind": "whole", "zone": "../etc/passwd", "typed": "8-3-16"},
     {"kind": "instant", "zone": "Europe/Amsterdam", "typed": "8-3-16"}, {"kind": "x", "zone": "UTC", "typed": "1"}],
)  # fmt: skip
def test_what_no_page_asks_is_refused(asked, login):
    assert login("nurse").post("/understood/", asked).status_code == 422


def test_what_the_script_sends_passes_the_door_as_it_is(login):
    """Without the last field that pages have: nothing of it is stored."""
    sent = {"kind": "whole", "zone": "Europe/Amsterdam", "typed": "8-3-16"}
    answer = login("nurse").post("/understood/", urlencode(sent), content_type="application/x-www-form-urlencoded")

    assert answer.json()["said"] == "Tuesday 8 March 2016"


def test_nothing_of_it_is_kept(login):
    browser = login("nurse")
    rows, reads = AuditRow.objects.count(), Read.objects.count()
    ask(browser, "whole", "8-3-16")

    assert (AuditRow.objects.count(), Read.objects.count()) == (rows, reads)


def test_a_stored_date_is_said_when_the_form_is_opened(people, site, login):
    participant = builders.register(site, people["nurse"])
    on = timezone.now().astimezone(AMSTERDAM)
    builders.record(Consent, participant, people["nurse"], given="yes", consented_at=on)
    page = login("nurse").get(f"/participants/{participant.code}/consent/").content.decode()

    assert f'aria-live="polite">{on:%A} {on.day} {on:%B} {on.year}, {on:%H:%M}</span>' in page
