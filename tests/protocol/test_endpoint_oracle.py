"""The endpoint against an oracle that knows nothing of the code: it tries every day, every grade, every opinion.

Written from study.md 5.5 alone. A row that is open is completed in every way that what is recorded allows; the verdict
is what all completions have in common.
"""

import json
import random
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.endpoint import primary_endpoint
from protocol.endpoint_json import read_endpoint
from tests.environment import ROOT

WORDS = ["none", "unlikely", "possible", "probable", "definite"]
SURGERIES = [date(2016, 1, 12), date(2015, 12, 15), date(2016, 2, 29), date(2015, 10, 23), date(2016, 3, 26)]
ZONE = "Europe/Amsterdam"


def first_and_last(partial):
    """The days that "2016", "2016-03" or "2016-03-12" may be."""
    parts = [int(part) for part in partial.split("-")]
    if len(parts) == 3:
        return date(*parts), date(*parts)
    if len(parts) == 1:
        return date(parts[0], 1, 1), date(parts[0], 12, 31)
    after = date(parts[0] + parts[1] // 12, parts[1] % 12 + 1, 1)
    return date(parts[0], parts[1], 1), after - timedelta(days=1)


def days(first, last):
    while first <= last:
        yield first
        first += timedelta(days=1)


def instants(day, zone):
    """A day stands for its first and its last instant: what holds for both holds in between."""
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    return [start, end - timedelta(microseconds=1)]


def onsets(row, event, zone):
    """Every instant (two a day) at which the grade can have begun, as far as the event's end allows."""
    since = row["from"]
    if since is not None and "T" in since:
        return [datetime.fromisoformat(since).astimezone(UTC)]
    first, last = first_and_last(since) if since else (date(2014, 1, 1), date(2018, 12, 31))
    if event["ended"]:
        last = min(last, first_and_last(event["ended"])[1])
    return [instant for day in days(first, last) for instant in instants(day, zone)]


def completions(row, event, document):
    """Whether the row qualifies, for every way of filling in what is unknown."""
    zone, wanted = document["zone"], document["grades"]
    start = datetime.fromisoformat(document["sbrt_start"]).astimezone(UTC)
    end = instants(date.fromisoformat(document["surgery_on"]) + timedelta(days=document["days"]), zone)[1]
    grades = [row["grade"]] if row["grade"] else [1, 2, 3, 4, 5]
    before = event["baseline_grade"]
    opinions = [event["sbrt"], event["surgery"], event["combination"]]
    highest = max((WORDS.index(word) for word in opinions if word), default=0)
    related = {highest >= 2} if None not in opinions or highest >= 2 else {False, True}
    when = onsets(row, event, zone) or [None]
    return {
        grade in wanted and (before is None or grade > before) and (at is None or start <= at <= end) and is_related
        for grade in grades
        for at in when
        for is_related in related
    } | ({False} if when == [None] else set())


def oracle(document):
    """yes, no, undetermined or not evaluable."""
    rows = [
        completions(row, event, document)
        for event in document["events"]
        for row in event["grades"] or [{"grade": None, "from": None}]
    ]
    if any(row == {True} for row in rows):
        return "yes"
    if any(True in row for row in rows):
        return "undetermined"
    last = date.fromisoformat(document["surgery_on"]) + timedelta(days=document["days"])
    ended = document["ended"]
    if ended and date.fromisoformat(ended["on"]) < last:
        return "not evaluable"
    seen = document["seen_until"]
    return "no" if seen and date.fromisoformat(seen) >= last else "undetermined"


def history(pick, number):
    """One random participant. `pick(list)` chooses, `number(low, high)` counts: hypothesis or a seeded generator."""
    surgery = pick(SURGERIES)
    length = pick([60, 90])
    edge = [
        surgery + timedelta(days=offset) for offset in (-3, -1, 0, 1, 20, length - 1, length, length + 1, length + 20)
    ]
    sbrt = datetime.combine(surgery - timedelta(days=1), time(15, 0), ZoneInfo(ZONE))

    def since():
        day = pick(edge)
        exact = datetime.combine(day, time(number(0, 23), 30), ZoneInfo(ZONE)).isoformat()
        return pick([day.isoformat(), day.isoformat(), f"{day:%Y-%m}", f"{day:%Y}", exact, None])

    def event(index):
        return {
            "term": f"event {index}",
            "baseline_grade": pick([None, None, 0, 1, 3, 4]),
            **{name: pick([*WORDS, *WORDS, None]) for name in ("sbrt", "surgery", "combination")},
            "ended": pick([None, None, pick(edge).isoformat(), f"{pick(edge):%Y-%m}"]),
            "grades": [{"grade": pick([1, 2, 3, 3, 4, 5, None]), "from": since()} for _each in range(number(0, 3))],
        }

    return {
        "sbrt_start": sbrt.isoformat(),
        "surgery_on": surgery.isoformat(),
        "zone": ZONE,
        "seen_until": pick([None, *(day.isoformat() for day in edge[4:])]),
        "ended": pick([None, {"on": pick(edge[4:]).isoformat(), "why": pick(["died", "withdrew", "lost"])}]),
        "events": [event(index) for index in range(pick([0, 1, 1, 2, 3, 4]))],
        "days": length,
        "grades": pick([[3, 4, 5], [3, 4, 5], [3, 4]]),
    }


def ours(document):
    facts, length, grades = read_endpoint(json.dumps(document))
    return primary_endpoint(facts, length, grades).verdict


@st.composite
def histories(draw):
    return history(lambda choices: draw(st.sampled_from(choices)), lambda low, high: draw(st.integers(low, high)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(histories())
def test_the_derivation_agrees_with_the_oracle(document):
    assert ours(document) == oracle(document)


def _seeded(seed):
    chance = random.Random(seed)  # noqa: S311 - a sample that is the same each time, no secret
    return history(chance.choice, chance.randint)


SEEDED = [_seeded(seed) for seed in range(300)]


def test_the_sample_holds_every_verdict_often():
    verdicts = [oracle(document) for document in SEEDED]

    assert verdicts == [ours(document) for document in SEEDED]
    assert {verdict for verdict in verdicts if verdicts.count(verdict) >= 10} == {
        "yes", "no", "undetermined", "not evaluable",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_the_command_line_says_the_same(seed):
    done = subprocess.run(
        [sys.executable, "-m", "protocol", "endpoint"],
        input=json.dumps(SEEDED[seed]),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )

    assert json.loads(done.stdout)["verdict"] == oracle(SEEDED[seed])
