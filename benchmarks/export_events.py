"""500,000 adverse events as CSV over HTTP, beside `psql \\copy` of the same query and beside django-import-export."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Person
from adverse_events.models import AdverseEvent
from benchmarks import study
from benchmarks.results import Result, in_turns
from exports.selection import Selection
from sbrtspine.env import ROOT
from sbrtspine.devserver import embedded_servers
from exports.data import datasets

EVENTS, ROUNDS, SLOW = 500_000, 5, 20_000
MAX_RATIO = 1.25  # at least 0.8 of the speed of \copy


def run() -> list[Result]:
    study.use(study.EVENTS)
    person = Person.objects.get(username="datamanager")
    copy = _psql(person)
    with _served() as (port, server):
        cookie = _logged_in(person)
        _lines(port, cookie, "serious-report")  # all code is loaded
        before = _memory(server)
        grown: list[int] = []

        def download() -> None:
            with _watching(server, grown):
                assert _lines(port, cookie) > EVENTS

        ours, baseline = in_turns(ROUNDS, download, lambda: subprocess.run(copy, check=True, capture_output=True))
    note = f"web server grew by {(max(grown) - before) / 1e6:.0f} MB at most while it streamed"
    slow, memory = _import_export()
    times = EVENTS / SLOW
    note_slow = f"measured on {SLOW:,} and multiplied; it holds all of it: {memory * times / 1e6:.0f} MB"
    return [
        Result("export of 500,000 events over HTTP to psql \\copy", ours, baseline, MAX_RATIO, note),
        Result("the same to django-import-export", ours, [slow * times], None, note_slow),
    ]


def _psql(person: Person) -> list[str]:
    """The same query, by the same role, into nothing."""
    sql, params = datasets.statement(AdverseEvent, Selection(person))
    with connection.cursor() as cursor:
        query = cursor.mogrify(sql, params)
    program = embedded_servers.programs() / "psql"
    first = ["-c", f"SET sbrtspine.sites = '{{{','.join(map(str, sorted(person.site_ids())))}}}'"]
    return [str(program), study.address(study.EVENTS), *first, "-c", f"\\copy ({query}) TO '/dev/null' CSV HEADER"]


@contextmanager
def _served() -> Iterator[tuple[int, psutil.Process]]:
    """The real web server, as production runs it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["gunicorn", "sbrtspine.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4"]
    env = {**os.environ, "DATABASE_URL": study.address(study.EVENTS)}
    web = subprocess.Popen([sys.executable, "-m", *words, "--worker-class", "gthread", "--log-level", "error",
                            "--timeout", "600"], cwd=ROOT, env=env)  # fmt: skip
    try:
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, psutil.Process(web.pid)
    finally:
        web.terminate()
        web.wait()


def _logged_in(person: Person) -> str:
    browser = Client()
    browser.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def _lines(port: int, cookie: str, form: str = "adverse-event") -> int:
    """One download to its end; answers its number of lines."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    wire.request("GET", f"/exports/{form}.csv", headers={"Cookie": cookie})
    answer, count = wire.getresponse(), 0
    assert answer.status == 200, answer.status
    while block := answer.read(1 << 18):
        count += block.count(b"\n")
    wire.close()
    return count


def _memory(server: psutil.Process) -> int:
    return sum(process.memory_info().rss for process in [server, *server.children(recursive=True)])


@contextmanager
def _watching(server: psutil.Process, grown: list[int]) -> Iterator[None]:
    """The greatest memory of the server meanwhile."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            grown.append(_memory(server))

    grown.append(_memory(server))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _import_export() -> tuple[float, int]:
    """Seconds and bytes of memory for SLOW events."""
    from import_export import resources

    resource = resources.modelresource_factory(AdverseEvent)()
    before, started = psutil.Process().memory_info().rss, time.perf_counter()
    dataset = resource.export(AdverseEvent.objects.order_by("participant__code", "number")[:SLOW])
    assert len(dataset.csv) > SLOW
    return time.perf_counter() - started, psutil.Process().memory_info().rss - before
