"""The database writes the files: every cell is what the models say, whatever was typed, now and as of an instant."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from exports.data import datasets, sql_format
from exports.documents import dictionary
from exports.selection import Selection
from records.audit import context
from records.model.fields import crf_fields
from tests.exports import oracle
from tests.exports.reading import table
from tests.test_every_record import filled_record

TEXTS = [
    '=HYPERLINK("http://x.example")', '"quoted", and a comma', "line\r\nbreak\nand\ttab", "'s avonds", "Łódź ≥ 3 🦴",
    "\\.", " led by a space", "", "NULL", "%s %% %(at)s", "-", "+31", "a|b;c", "\t=1", "{x}",
]  # fmt: skip
DAYS = [date(2016, 2, 29), date(1900, 1, 1), date(9999, 12, 31), date(2016, 3, 27)]
PARTIAL = ["2016", "2016-02", "2015-02", "2016-12", "2016-02-29"]
INSTANTS = [
    datetime(2016, 10, 30, 0, 30, tzinfo=UTC),
    datetime(2016, 10, 30, 1, 30, 0, 120, tzinfo=UTC),
    datetime(2016, 3, 27, 1, 0, tzinfo=UTC),
    None,
]
ROUNDS = 5


def hostile(field, turn):
    """What goes into the columns of one field this time."""
    if field.crf_type == "instant":
        return {field.name: INSTANTS[turn % len(INSTANTS)], f"{field.name}_date": DAYS[turn % len(DAYS)]}
    codes = [code for code, _label in dictionary.codes(field)]
    choices = {
        "text": [text[: field.max_length] for text in TEXTS if field.crf_type == "text"],
        "integer": [field.min_value, field.max_value, 0],
        "decimal": [field.min_value, field.max_value, Decimal("1.5")],
        "code": codes,
        "codes": [codes, [], codes[:1], codes[::-1]],
        "date": DAYS,
        "partial date": PARTIAL,
    }.get(field.crf_type, [])
    return {field.name: choices[turn % len(choices)]} if choices else {}


def fill(model, people, site):
    """Some records of a form with hostile answers in every column that takes them; answers how many it took."""
    taken = 0
    for turn in range(ROUNDS):
        record = filled_record(model, people, site)
        for place, field in enumerate(crf_fields(model)):
            answers = hostile(field, turn + place * 3)
            if field.required and turn == 0:
                answers = {"missing": {**record.missing, field.name: "UNK"}}
                record.missing = answers["missing"]
            try:
                with transaction.atomic(), context.audit_context(people["nurse"], "hostile"):
                    taken += model._base_manager.filter(pk=record.pk).update(**answers) if answers else 0
            except Error:
                continue  # a constraint of this form refuses it: nobody can store it
    return taken


def files(model, selection):
    return table(b"".join(datasets.blocks(model, selection)))


@pytest.mark.parametrize("model", dictionary.models(), ids=lambda model: model.slug)
def test_every_cell_equals_the_models(model, people, site):
    taken = fill(model, people, site)
    live = Selection(people["datamanager"])

    assert taken > ROUNDS
    assert files(model, live) == oracle.cells(model, live)
    assert len(files(model, live)) == ROUNDS


@pytest.mark.parametrize("model", dictionary.models(), ids=lambda model: model.slug)
def test_as_of_now_is_the_same_bytes_as_live(model, people, site):
    fill(model, people, site)
    live, then = (Selection(people["datamanager"], at) for at in (None, timezone.now() + timedelta(hours=1)))

    assert b"".join(datasets.blocks(model, live)) == b"".join(datasets.blocks(model, then))
    assert files(model, then) == oracle.cells(model, then)


ZONES = [
    "Europe/Amsterdam", "Europe/Lisbon", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Antarctica/Troll", "UTC",
]  # fmt: skip


def changes(zone):
    """Every clock change of a zone from 1990 to 2037, to the second."""
    tz, instants, day = ZoneInfo(zone), [], datetime(1990, 1, 1, tzinfo=UTC)
    while day.year < 2038:
        end = day + timedelta(days=1)
        if day.astimezone(tz).utcoffset() != end.astimezone(tz).utcoffset():
            low, high = day, end
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                same = middle.astimezone(tz).utcoffset() == day.astimezone(tz).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            instants.append(high)
        day = end
    return instants


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ZONES)
def test_instants_are_pythons_isoformat_around_every_clock_change(zone):
    near = [timedelta(hours=-1), timedelta(seconds=-1), timedelta(0), timedelta(microseconds=1500), timedelta(hours=1)]
    instants = [at + by for at in [datetime(2016, 3, 8, 13, 5, tzinfo=UTC), *changes(zone)] for by in near]
    with connection.cursor() as cursor:
        sql = f"SELECT {sql_format.instant('t.at', 't.zone')} FROM unnest(%s::timestamptz[], %s::text[]) AS t(at, zone)"
        cursor.execute(sql, [instants, [zone] * len(instants)])
        written = [text for (text,) in cursor.fetchall()]

    assert written == [at.astimezone(ZoneInfo(zone)).isoformat() for at in instants]


@pytest.mark.django_db
def test_an_offset_of_minutes_and_seconds_as_it_was_before_the_war():
    at = datetime(1935, 1, 1, 12, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {sql_format.instant('t.at', 't.z')} FROM (SELECT %s::timestamptz AS at, 'LMT-1:23:45' AS z) AS t",
            [at],
        )
        assert cursor.fetchone()[0] == "1935-01-01T13:23:45+01:23:45"


def test_for_a_spreadsheet_text_is_defused_and_only_text(people, site):
    from procedures.models import Surgery

    record = filled_record(Surgery, people, site)
    for text in ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "'s avonds", "1=1"]:
        with context.audit_context(people["nurse"], "typed"):
            Surgery.objects.filter(pk=record.pk).update(implant_system=text)
        [exact] = files(Surgery, Selection(people["datamanager"]))
        [safe] = files(Surgery, Selection(people["datamanager"], spreadsheet=True))

        assert exact["implant_system"] == text
        assert safe["implant_system"] == (text if text[0] in "'1" else f"'{text}")
        assert {**safe, "implant_system": ""} == {**exact, "implant_system": ""}
