"""A request that did not come whole, or cannot be read as it was sent, changes nothing, wherever it was cut."""

import io
import re
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from adverse_events.models import AdverseEvent, AdverseEventGrade
from enrollment.models import Consent
from records.entry.drafts import Typing
from records.models import AuditRow
from tests import builders
from tests.environment import ROOT

URLENCODED = "application/x-www-form-urlencoded"
EVENT = "/participants/BLEND-01/adverse-event/new/"
CONSENT = "/participants/BLEND-01/consent/"
TWO_GRADES = [
    ("version", "0"),
    ("verbatim", "koorts 38,9 °C"),
    ("grades-TOTAL_FORMS", "2"),
    ("grades-INITIAL_FORMS", "0"),
    ("grades-0-grade", "2"),
    ("grades-0-from_on", "2016-03-01"),
    ("grades-1-grade", "3"),
    ("grades-1-from_on", "2016-03-04"),
    ("action", "save"),
    ("whole", "yes"),
]


@pytest.fixture
def nurse(login, people, site):
    """A nurse's browser, with one participant."""
    builders.register(site, people["nurse"])
    return login("nurse")


def send(browser: Client, path: str, body: bytes, kind: str = URLENCODED, **environ) -> int:
    """As a server passes it on: what came of the body, and what its head says of it."""
    head = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **environ}
    return browser.request(PATH_INFO=path, REQUEST_METHOD="POST", CONTENT_TYPE=kind, **head).status_code


def as_multipart(pairs) -> bytes:
    return encode_multipart(BOUNDARY, dict(pairs))


@pytest.mark.parametrize(
    ("kind", "body"),
    [(URLENCODED, urlencode(TWO_GRADES).encode()), (MULTIPART_CONTENT, as_multipart(TWO_GRADES))],
    ids=["urlencoded", "multipart"],
)
@pytest.mark.parametrize("length", ["as sent", "rewritten by a proxy"])
def test_a_form_that_was_cut_off_anywhere_is_never_stored(kind, body, length, nurse):
    trail = AuditRow.objects.count()
    whole = len(body.rstrip()) if kind == MULTIPART_CONTENT else len(body)

    cuts = range(whole) if kind == URLENCODED else [*range(0, whole - 60, 7), *range(whole - 60, whole)]
    for cut in cuts:
        headers = {"CONTENT_LENGTH": str(len(body))} if length == "as sent" else {}
        assert send(nurse, EVENT, body[:cut], kind, **headers) == 400, body[:cut]

    assert (AdverseEvent.objects.count(), AuditRow.objects.count()) == (0, trail)
    assert send(nurse, EVENT, body, kind) == 302
    assert [grade.grade for grade in AdverseEventGrade.objects.order_by("pk")] == [2, 3]


def test_the_refusal_says_that_nothing_was_written(nurse):
    answer = nurse.post(CONSENT, urlencode({"action": "save", "given": "yes"}), content_type=URLENCODED)

    assert answer.status_code == 400
    assert "Nothing of it was written" in answer.content.decode()
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        f"{EVENT}typing/",
        "/participants/BLEND-01/consent/void/",
        "/participants/new/",
        "/queries/",
        "/locks/",
        "/logout/",
        "/account/password/",
        "/people/invite/",
    ],
)
def test_no_form_of_any_page_is_taken_without_its_last_field(path, nurse):
    trail = AuditRow.objects.count()

    assert send(nurse, path, b"reason=a&version=1&act=x&text=b") == 400
    assert send(nurse, path, b"reason=a&version=1&whole=y") == 400
    assert (AuditRow.objects.count(), Typing.objects.count()) == (trail, 0)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"form_version=caf%ff", URLENCODED),
        (b"form_version=caf%c3", URLENCODED),
        (b"form_version=%ed%a0%80", URLENCODED),
        (b"form_version=%c0%80", URLENCODED),
        (b"form%ff=2", URLENCODED),
        (b"form_version=caf\xff", URLENCODED),
        (b"form_version=caf\xe9", f"{URLENCODED}; charset=latin-1"),
        (b"form_version=2", f"{URLENCODED}; charset=utf-16"),
        (b"form_version=2", f"{URLENCODED}; charset=klingon"),
        (b"form_version=2", f"{URLENCODED}; charset=rot13"),
        (b"form_version=2", "text/plain"),
        (b"form_version=2", "application/json"),
        (b"form_version=2", ""),
    ],
)
def test_what_is_not_utf_8_is_refused_and_not_replaced(body, kind, nurse):
    assert send(nurse, CONSENT, b"action=save&version=0&" + body + b"&whole=yes", kind) == 400
    assert not Consent.objects.exists()


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"'])
def test_utf_8_is_taken_under_all_its_names(charset, nurse):
    body = urlencode({"action": "save", "version": "0", "form_version": "versie é \ufffd", "whole": "yes"}).encode()

    assert send(nurse, CONSENT, body, URLENCODED + charset) == 302
    assert Consent.objects.get().form_version == "versie é \ufffd"


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    head = b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n' % (BOUNDARY.encode(), name)
    return head + more + b"\r\n" + value + b"\r\n"


@pytest.mark.parametrize(
    "odd",
    [
        part(b"form_version", b"caf\xe9"),
        part(b"form_version", b"Y2Fm/w==", b"Content-Transfer-Encoding: base64\r\n"),
        part(b"form_version", b"caf\xe9", b"Content-Type: text/plain; charset=latin-1\r\n"),
        part(b"form\xff", b"2"),
    ],
)
def test_a_part_that_is_not_utf_8_is_refused(odd, nurse):
    body = part(b"action", b"save") + part(b"version", b"0") + odd + part(b"whole", b"yes")
    body += b"--%s--\r\n" % BOUNDARY.encode()

    assert send(nurse, CONSENT, body, MULTIPART_CONTENT) == 400
    assert send(nurse, CONSENT, body, "multipart/form-data") == 400  # no boundary
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    "environ",
    [
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "many"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "99999999"},
        {"QUERY_STRING": "field=%ff"},
    ],
)
def test_a_head_that_says_something_else_than_the_body_is_refused(environ, nurse):
    assert send(nurse, CONSENT, b"action=save&version=0&form_version=2&whole=yes", **environ) == 400
    assert not Consent.objects.exists()


def test_a_connection_that_breaks_while_it_sends_is_refused(nurse):
    class Breaks(io.BytesIO):
        def read(self, *_size):
            raise ConnectionResetError

    assert send(nurse, CONSENT, b"action=save&whole=yes", **{"wsgi.input": Breaks()}) == 400


def test_more_fields_than_any_form_has_are_refused(nurse):
    body = urlencode([(f"x{number}", "1") for number in range(2100)] + [("whole", "yes")]).encode()

    assert send(nurse, CONSENT, body) == 400


ROWS = {
    "a row beyond their number": {"grades-12-grade": "3"},
    "the row after the last": {"grades-2-grade": "3"},
    "a number with a zero before it": {"grades-01-grade": "3"},
    "a number below zero": {"grades--1-grade": "3"},
    "a number that is none": {"grades-x-grade": "3"},
    "a number in other digits": {"grades-٢-grade": "3"},
    "a question that rows do not have": {"grades-1-grades": "3"},
    "the row of the page's own template": {"grades-__prefix__-grade": "3"},
    "their number is not there": {"grades-TOTAL_FORMS": None},
    "their number is empty": {"grades-TOTAL_FORMS": ""},
    "their number is none": {"grades-TOTAL_FORMS": "two"},
    "their number is below zero": {"grades-TOTAL_FORMS": "-2"},
    "their number is smaller": {"grades-TOTAL_FORMS": "1"},
    "their number is larger, so that one is missing": {"grades-TOTAL_FORMS": "3"},
    "more than there can be": {"grades-TOTAL_FORMS": "41"},
    "more than can be counted": {"grades-TOTAL_FORMS": "9" * 5000},
    "a gap": {"grades-0-grade": None, "grades-0-from_on": None},
}


@pytest.mark.parametrize("wrong", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("tail", ["", "typing/"])
def test_rows_that_are_not_those_that_were_counted_are_refused(wrong, tail, nurse):
    sent = {name: value for name, value in {**dict(TWO_GRADES), **wrong}.items() if value is not None}

    assert nurse.post(EVENT + tail, sent).status_code == 400
    assert (AdverseEvent.objects.count(), Typing.objects.count()) == (0, 0)


@pytest.mark.parametrize("name", ["verbatim", "version", "grades-1-grade", "grades-TOTAL_FORMS", "action"])
def test_two_answers_to_a_question_that_takes_one_are_refused(name, nurse):
    body = urlencode([*TWO_GRADES[:-1], (name, "1"), TWO_GRADES[-1]]).encode()

    assert send(nurse, EVENT, body) == 400
    assert not AdverseEvent.objects.exists()


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_every_form_that_is_posted_ends_with_the_last_field():
    forms = 0
    for path in TEMPLATES:
        for form in re.findall(r"<form\b[^>]*?(?:method=\"post\"|hx-post).*?</form>", path.read_text(), re.DOTALL):
            forms += 1
            assert re.search(r'\{% include "_whole.html" %\}\s*(\{% endif %\})?\s*</form>$', form), path

    assert forms > 30
