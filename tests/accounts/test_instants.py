"""An instant that somebody types is read alike by every page and every command, or refused with a sentence."""

from datetime import UTC, datetime
from io import StringIO
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts import instants
from enrollment.models import Consent
from tests import builders

ZONE = ZoneInfo("Europe/Amsterdam")
GAP, TWICE = "2016-03-27 02:30", "2016-10-30 02:30"
REFUSED = {
    GAP: "02:30 did not exist on 27 Mar 2016",
    "2016-03-27T02:00:00": "02:00 did not exist",
    TWICE: "happened twice on 30 Oct 2016: write 2016-10-30 02:30+02:00 or 2016-10-30 02:30+01:00.",
    **dict.fromkeys(
        ["0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31", "9999-12-31T23:59-12:00", "1899-12-31", "2201-01-01",
         "2016-02-30", "2016-03-08 24:00", "2016-03-08 14:60", "2016-03-08 14", "soon", "20160308", "2016-W10-2",
         "٢٠١٦-٠٣-٠٨", "2016-03-08 14:05+99:00", "2016-03-08 14:05 CET", "8-3-2016", "2016-03-08 14:05+24:00",
         "2016-03-08x", "NaN", "9" * 5000],
        "is not a day or a time, such as 2016-03-08",
    ),
}  # fmt: skip
READ = {
    "2016-03-08": "2016-03-08T22:59:59", "2016-03-08 14:05": "2016-03-08T13:05:00",
    " 2016-03-08T14:05 ": "2016-03-08T13:05:00", "2016-03-08T14:05Z": "2016-03-08T14:05:00",
    "2016-03-08T14:05:00.25z": "2016-03-08T14:05:00.250000", "2016-03-08 14:05 +0500": "2016-03-08T09:05:00",
    "2016-03-27 03:00": "2016-03-27T01:00:00", "2016-03-27 01:59": "2016-03-27T00:59:00",
    "2016-03-27": "2016-03-27T21:59:59", "2016-10-30": "2016-10-30T22:59:59",
    "2016-10-30 02:30+02:00": "2016-10-30T00:30:00", "2016-10-30 02:30+01:00": "2016-10-30T01:30:00",
    "2016-10-30 03:00": "2016-10-30T02:00:00", "2016-10-30 01:59": "2016-10-29T23:59:00",
}  # fmt: skip


@pytest.mark.parametrize("typed", READ)
def test_what_is_read(typed):
    assert instants.read(typed, ZONE) == datetime.fromisoformat(READ[typed]).replace(tzinfo=UTC)


@pytest.mark.parametrize("typed", REFUSED, ids=lambda typed: typed[:30])
def test_what_is_refused(typed):
    with pytest.raises(ValidationError) as refused:
        instants.read(typed, ZONE)

    assert REFUSED[typed] in refused.value.messages[0]


PAGES = [
    "/participants/?as_of=", "/participants/BLEND-01/?as_of=", "/participants/BLEND-01/consent/as-of/?at=",
    "/participants/BLEND-01/changes/?since=", "/participants/BLEND-01/changes/?until=", "/exports/?as_of=",
    "/exports/consent.csv?as_of=", "/exports/all.zip?as_of=", "/exports/rows/?as_of=", "/safety/?as_of=",
    "/figures/boundary.csv?as_of=", "/report/report.html?as_of=", "/report/report.pdf?as_of=", "/audit/?since=",
    "/audit/?until=", "/people/as-of/?at=",
]  # fmt: skip
COMMANDS = [("scan", "--dry-run", "--now"), ("report", "/nowhere", "--as", "pi", "--as-of")]


@pytest.mark.parametrize("typed", [GAP, TWICE, "0001-01-01", "9999-12-31", "2016-02-30"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_refuses_it_with_the_same_sentence(login, people, site, page, typed):
    builders.record(Consent, builders.register(site, people["nurse"]), people["nurse"], given="yes")
    answer = login("admin" if page.startswith("/people/") else "pi").get(page + quote(typed))

    assert answer.status_code == 422
    assert REFUSED.get(typed, "is not a day or a time") in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_reads_the_one_that_is_meant(login, people, site, page):
    builders.record(Consent, builders.register(site, people["nurse"]), people["nurse"], given="yes")
    answer = login("admin" if page.startswith("/people/") else "pi").get(page + quote("2036-10-30 02:30+01:00"))

    assert answer.status_code in (200, 404), answer.content[:200]


@pytest.mark.parametrize("typed", REFUSED, ids=lambda typed: typed[:30])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_refuses_it_too(people, command, typed):
    with pytest.raises(CommandError, match=r"did not exist|happened twice|is not a day or a time"):
        call_command(*command, typed, stdout=StringIO())
