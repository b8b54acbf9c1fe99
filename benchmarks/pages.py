"""Pages at 50,000 participants beside the same page at 13: time, and the same number of SQL statements.

Pages of figures show what is kept (oversight/figures/cache.py); what it takes to work them out is told without a bar.
"""

import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from benchmarks import study
from benchmarks.results import Result
from oversight.analysis.pages import PAGES as FIGURES
from oversight.figures import cache

ROUNDS = 5
MAX_RATIO = 1.6
PAGES = {
    "worklist": ("nurse", "/"),
    "participants": ("nurse", "/participants/"),
    "casebook": ("nurse", "/participants/BLEND-01/"),
    "board": ("nurse", "/board/"),
    "safety": ("pi", "/safety/"),
    "progress": ("pi", "/progress/"),
    "outcomes": ("pi", "/outcomes/"),
    "queries": ("datamanager", "/queries/"),
    "exports": ("datamanager", "/exports/"),
}


def run(pages: dict[str, tuple[str, str]] = PAGES) -> list[Result]:
    """Every page in both databases, in turns."""
    measurements = []
    for name, (who, address) in pages.items():
        if name in FIGURES:
            measurements.append(_worked_out(name, who))
        times: dict[str, list[float]] = {study.SMALL: [], study.LARGE: []}
        asked: dict[str, int] = {}
        for _ in range(ROUNDS):
            for database, kept in times.items():
                taken, asked[database] = _open(database, who, address)
                kept.append(taken)
                if taken > 5 and len(kept) > 2:
                    break
        small, large = asked[study.SMALL], asked[study.LARGE]
        note = f"{small} statements" if small == large else f"{small} statements at 13, {large} at 50,000"
        if not small:
            note = "there is no such page yet"
        measurements.append(
            Result(f"page {name}: 50,000 to 13", times[study.LARGE], times[study.SMALL], MAX_RATIO, note)
        )
    return measurements


def _worked_out(name: str, who: str) -> Result:
    """The figures of a page, as a worker works them out, in both databases."""
    readings = {
        entry.slug: {option: allowed[0] for option, allowed in entry.options.items()} for entry in FIGURES[name].figures
    }
    times = {}
    for database in (study.SMALL, study.LARGE):
        study.use(database)
        what = cache.asked(Person.objects.get(username=who), name, readings)
        times[database] = cache.work_out(what, timezone.now).seconds
    note = "by a worker, after something was entered"
    return Result(f"figures {name}: 50,000 to 13", [times[study.LARGE]], [times[study.SMALL]], None, note)


def _open(database: str, who: str, address: str) -> tuple[float, int]:
    """Seconds of the third request of a browser, and its statements; 0 statements where there is no such page."""
    study.use(database)
    browser = Client()
    browser.force_login(Person.objects.get(username=who))
    if browser.get(address).status_code != 200:
        return 1.0, 0
    with CaptureQueriesContext(connection) as statements:
        browser.get(address)
        asked = len(statements)  # the next request empties the list
    started = time.perf_counter()
    answer = browser.get(address)
    _ = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return time.perf_counter() - started, asked
