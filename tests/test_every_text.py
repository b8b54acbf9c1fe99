"""Any text that the door takes can be shown, exported, printed and set, and reads the same wherever it is."""

import csv
import html
import io
import xml.etree.ElementTree as ET
import zipfile
from itertools import count

import pytest
from django.utils import timezone
from icalendar import Calendar

from accounts import text_input
from exports.purposes import PURPOSES
from oversight import scan
from oversight.analysis.pages import FIGURES
from records import queries
from records.fields import LongText, Text, crf_fields
from records.models import Query
from records.places import Place
from tests import builders, population
from tests.oversight.test_calendar import address

TEXTS = [
    "\uf0b7 wound",
    "\u4e2d\u6587",
    "\U0001f469\u200d\u2695\ufe0f \U0001f1f3\U0001f1f1 done",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "e\u0334\u0301\u0323x \u0e25\u0e33",
    r"#let x = $a$ *b* _c_ <d> @e [f] \\ // /* `g` ~",
    "<script>alert('x')</script>\"'&amp;",
    "]]> --> %s %(x)s %d {0} {x} {{ y }} {% z %}",
    "w" * 200,
    '=HYPERLINK("x")',
    ";,\t+1 \\n \\N NULL",
]
LINES = "\n".join(TEXTS)
TEXTS = [text_input.clean(text, lines=False) for text in TEXTS]
LINES = text_input.clean(LINES)


def is_free(field):
    return isinstance(field, Text) and field.editable and not field.choices


@pytest.fixture
def everywhere(people, site):
    """Records of every form whose every text is one of these; the site, the people and the queries are called so."""
    site.name = TEXTS[6][:100]
    site.save()
    for turn, person in enumerate(people.values()):
        person.first_name, person.last_name = TEXTS[turn], (TEXTS[turn + 3])[:150]
        person.save()
    participant = builders.register(site, people["nurse"])
    links, turn, made = {}, count(), []
    for model in population._events_first():
        record, rows = population.blank(model, participant), population.rows_of(model, participant)
        for part in (record, *rows):
            population.fill(part, 0, links)
            free = [field for field in crf_fields(type(part)) if is_free(field)]
            part.fill(
                **{f.name: LINES if isinstance(f, LongText) else TEXTS[next(turn) % len(TEXTS)][: f.max_length]
                   for f in free}
            )  # fmt: skip
        links[model] = population.put(record, rows, people["nurse"], complete=len(made) % 2 == 0)
        made.append(links[model])
    at = Place(participant, type(made[0]), made[0], getattr(made[0], "visit", None))
    tail = at.url().split(f"/{participant.code}/", 1)[1]
    for text in (*TEXTS, LINES):
        query = queries.ask(participant, by=people["monitor"], text=text, now=population.NOW, form=made[0].slug,
                            tail=tail, record_id=made[0].pk, assignee="nurse")  # fmt: skip
        queries.move(query, "answered", by=people["nurse"], text=text, now=population.NOW)
    scan.scan(timezone.now())
    return participant, made


def body(browser, url):
    """What is answered; never an error, never a script."""
    try:
        answer = browser.get(url)
    except Exception as error:
        raise AssertionError(f"{url}: {error!r}") from error
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == 200, (url, answer.status_code, content[:300])
    if answer.headers["Content-Type"].startswith("text/html"):
        assert b"<script>alert" not in content, url
    return content


def shown(content):
    return html.unescape(content.decode()).replace("\r\n", "\n")


PAGES = [
    "/", "/participants/", "/board/", "/queries/", "/audit/", "/safety/", "/progress/", "/outcomes/", "/monitoring/",
    "/protocol/", "/calendar/", "/messages/", "/messages/log/", "/delegation/", "/account/", "/locks/", "/exports/",
    "/forms/blank/", "/report/", "/report/report.html", "/audit/reads/", "/exports/log/", "/snapshots/",
]  # fmt: skip


def _every_page(everywhere, people, client):
    participant, made = everywhere
    client.force_login(people["pi"])
    home = f"/participants/{participant.code}/"
    lacking = []
    for record in made:
        url = Place(participant, type(record), record, getattr(record, "visit", None)).url()
        own = shown(body(client, url))
        body(client, url + "history/")
        values = [getattr(record, field.name) for field in crf_fields(type(record)) if is_free(field)]
        lacking += [(url, value) for value in values if value and value not in own]
    for url in [home, home + "endpoint/", home + "changes/", home + "locks/", *PAGES]:
        body(client, url)
    for query in Query.objects.filter(participant=participant):
        said = shown(body(client, f"/queries/{query.pk}/"))
        lacking += [(query.pk, query.sentence)] * (query.sentence not in said)
    for text in TEXTS:
        assert client.get("/find/", {"q": text}).status_code == 200, text
    assert body(client, "/report/report.pdf").startswith(b"%PDF")
    feed = Calendar.from_ical(body(client, address(client)))

    assert lacking == []
    assert feed.name == "VCALENDAR"


def _every_figure(everywhere, people, client):
    client.force_login(people["pi"])
    for slug, (_page, _entry) in FIGURES.items():
        drawn = client.get(f"/figures/{slug}.svg")
        if drawn.status_code == 200:
            ET.fromstring(drawn.content)  # noqa: S314 - our own
            assert body(client, f"/figures/{slug}.png").startswith(b"\x89PNG")
        list(csv.reader(io.StringIO(body(client, f"/figures/{slug}.csv").decode(), newline="")))


def _every_export(everywhere, people, client):
    _participant, made = everywhere
    client.force_login(people["pi"])
    for purpose in PURPOSES:
        bundle = zipfile.ZipFile(io.BytesIO(body(client, f"/exports/all.zip?purpose={purpose.code}")))
        assert bundle.testzip() is None
        for name in bundle.namelist():
            assert not name.endswith(".html") or b"<script>alert" not in bundle.read(name), name
        if purpose.code == "archive":
            exact = bundle
    told, compared = [], 0
    for record in made:
        row, *_more = csv.DictReader(io.StringIO(exact.read(f"{record.slug}.csv").decode("utf-8-sig"), newline=""))
        single = body(client, f"/exports/{record.slug}.csv?purpose=archive").decode("utf-8-sig")
        alone, *_more = csv.DictReader(io.StringIO(single, newline=""))
        for field in crf_fields(type(record)):
            if is_free(field) and (value := getattr(record, field.name)):
                compared += 1
                told += [(record.slug, field.name, each[field.name]) for each in (row, alone)
                         if each[field.name] != value]  # fmt: skip

    assert told == []
    assert compared > 25


def test_whatever_stands_in_the_texts_is_shown_drawn_and_exported(everywhere, people, client):
    problems = []
    for law in (_every_export, _every_figure, _every_page):
        try:
            law(everywhere, people, client)
        except AssertionError as error:
            problems.append(f"{law.__name__}: {str(error)[:1500]}")
    assert problems == []
