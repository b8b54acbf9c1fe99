"""Any text that the door takes can be shown, exported, printed and set, and reads the same wherever it is."""

import csv
import html
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from email import message_from_bytes
from email.policy import default
from functools import partial
from itertools import count

import pytest
import typst
from django.utils import timezone
from icalendar import Calendar

from accounts import invitations, text_input
from accounts.models import Person
from exports.purposes import PURPOSES
from oversight.analysis.pages import FIGURES
from oversight.figures import report
from oversight.scanning import scan
from records import queries, selectors
from records.entry.target import FormTarget
from records.formula_injection import defused
from records.model.base import ItemGroupRecord
from records.model.fields import LongText, Text, crf_fields
from records.models import Query, QueryMessage
from tests import builders, population
from tests.oversight.views.test_calendar import address

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
    links, turn, records = {}, count(), []
    for model in population._events_first():
        record, rows = population.blank(model, participant), population.rows_of(model, participant)
        for part in (record, *rows):
            population.fill(part, 0, links)
            free = [field for field in crf_fields(type(part)) if is_free(field)]
            part.fill(
                **{f.name: LINES if isinstance(f, LongText) else TEXTS[next(turn) % len(TEXTS)][: f.max_length]
                   for f in free}
            )  # fmt: skip
        links[model] = population.put(record, rows, people["nurse"], complete=len(records) % 2 == 0)
        records.append(links[model])
    at = FormTarget(participant, type(records[0]), records[0], getattr(records[0], "visit", None))
    tail = at.url().split(f"/{participant.code}/", 1)[1]
    for text in (*TEXTS, LINES):
        query = queries.ask(participant, by=people["monitor"], text=text, now=population.NOW, form=records[0].slug,
                            tail=tail, record_id=records[0].pk, assignee="nurse")  # fmt: skip
        queries.move(query, "answered", by=people["nurse"], text=text, now=population.NOW)
    scan.scan(timezone.now())
    return participant, records


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


def texts_of(*parts):
    """Every free text of a record and of the rows inside it."""
    values = [getattr(part, field.name) for part in parts for field in crf_fields(type(part)) if is_free(field)]
    return [value for value in values if value]


def lacking(where, values, content):
    """Those of these texts that cannot be read there."""
    content = shown(content) if isinstance(content, bytes) else content
    return [(where, value) for value in values if value not in content]


def _every_page(everywhere, people, client):
    participant, records = everywhere
    client.force_login(people["pi"])
    home = f"/participants/{participant.code}/"
    unread = []
    for record in records:
        url = FormTarget(participant, type(record), record, getattr(record, "visit", None)).url()
        values = texts_of(record, *selectors.child_rows(record))
        unread += lacking(url, values, body(client, url))
        unread += lacking(f"{url}history/", values, body(client, f"{url}history/"))
    for url in [home, home + "endpoint/", home + "changes/", home + "locks/", *PAGES]:
        body(client, url)
    for query in Query.objects.filter(participant=participant):
        thread = body(client, f"/queries/{query.pk}/")
        unread += lacking(query.pk, [query.sentence, *query.messages.values_list("text", flat=True)], thread)
    for text in TEXTS:
        assert client.get("/find/", {"q": text}).status_code == 200, text
    feed = Calendar.from_ical(body(client, address(client)))

    assert unread == []
    assert feed.name == "VCALENDAR"


def _every_line_of_the_trail(everywhere, people, client):
    participant, records = everywhere
    client.force_login(people["pi"])
    address, pages = f"/audit/?participant={participant.code}&all=1", ""
    while address:
        pages += shown(body(client, address))
        older = re.findall(r'href="(\?[^"]+)" rel="next"', pages[pages.rindex("<main") :])
        address = f"/audit/{older[-1]}" if older else ""

    lines = {
        f"<em>{field.verbose_name}</em>: {value}"
        for record in records
        for part in (record, *selectors.child_rows(record))
        for field in crf_fields(type(part))
        if is_free(field) and (value := getattr(part, field.name))
    }
    assert lacking("audit", sorted(lines), pages) == []


def _every_line_of_work(everywhere, people, client):
    participant, _made = everywhere
    unread = []
    for who in ("nurse", "monitor"):
        client.force_login(people[who])
        lines = shown(body(client, "/?all=1"))
        asked = Query.objects.filter(participant=participant, state="answered" if who == "monitor" else "open")
        unread += lacking(who, asked.values_list("sentence", flat=True), lines)
    for page in ("/queries/", f"/participants/{participant.code}/"):
        unread += lacking(page, asked.values_list("sentence", flat=True), body(client, page))

    assert unread == []
    assert asked.count() == len(TEXTS) + 1


def or_its_codes(text):
    """The text, any character of which may be said by its code."""
    return re.compile("".join(rf"(?:{re.escape(letter)}|U\+{ord(letter):04X})" for letter in text))


def _report(everywhere, people, client, monkeypatch):
    """What a cell of the report says is read in the page, and given to the typesetter with codes for lacking signs."""
    _participant, records = everywhere
    client.force_login(people["pi"])
    values = {value for record in records for value in texts_of(record, *selectors.child_rows(record))}
    cells = {cell.value for _number, figure in report.build(people["pi"], timezone.now()).figures
             for row in figure.table.rows for cell in row.cells if cell.value in values}  # fmt: skip
    inputs = []
    compile_it = typst.compile
    monkeypatch.setattr(
        typst, "compile", lambda *all, **how: inputs.append(how["sys_inputs"]) or compile_it(*all, **how)
    )
    assert body(client, "/report/report.pdf").startswith(b"%PDF")
    rows = json.loads(next(texts_read["report"] for texts_read in reversed(inputs) if "report" in texts_read))[
        "figures"
    ]
    texts = {cell for figure in rows for row in figure["rows"] for cell in row}

    assert len(cells) > 1
    assert lacking("report", cells, body(client, "/report/report.html")) == []
    assert [cell for cell in cells if not any(map(or_its_codes(cell).fullmatch, texts))] == []


def _every_figure(everywhere, people, client):
    client.force_login(people["pi"])
    for slug, (_page, _entry) in FIGURES.items():
        drawn = client.get(f"/figures/{slug}.svg")
        if drawn.status_code == 200:
            ET.fromstring(drawn.content)  # noqa: S314 - our own
            assert body(client, f"/figures/{slug}.png").startswith(b"\x89PNG")
        list(csv.reader(io.StringIO(body(client, f"/figures/{slug}.csv").decode(), newline="")))


def _every_export(everywhere, people, client):
    _participant, records = everywhere
    client.force_login(people["pi"])
    for purpose in PURPOSES:
        bundle = zipfile.ZipFile(io.BytesIO(body(client, f"/exports/all.zip?purpose={purpose.code}")))
        assert bundle.testzip() is None
        for name in bundle.namelist():
            assert not name.endswith(".html") or b"<script>alert" not in bundle.read(name), name
        if purpose.code == "archive":
            exact = bundle
        if purpose.code == "safety":
            spreadsheet = bundle
    faults, compared = [], 0
    for record in records:
        single = lines_of(body(client, f"/exports/{record.slug}.csv?purpose=archive"))
        faults += [(record.slug, "alone")] * (single != lines_of(exact.read(f"{record.slug}.csv")))
        for part in (record, *selectors.child_rows(record)):
            written = told_of(exact, part)
            values = {field.name: getattr(part, field.name) for field in crf_fields(type(part)) if is_free(field)}
            values = {name: value for name, value in values.items() if value}
            compared += len(values)
            faults += [(part.slug, name, written[name]) for name, value in values.items() if written[name] != value]
            if f"{part.slug}.csv" in spreadsheet.namelist():
                safe = told_of(spreadsheet, part)
                faults += [(part.slug, name) for name, value in values.items() if safe[name] != defused(value)]
    log = lines_of(exact.read("queries.csv"))
    messages = QueryMessage.objects.all()
    assert {line["question"] for line in log} == {message.query.sentence for message in messages}
    assert {line["said"] for line in log} == {message.text for message in messages}
    trail = {line["new"] for line in lines_of(exact.read("audit.csv"))}
    assert {value for record in records for value in texts_of(record, *selectors.child_rows(record))} <= trail

    assert faults == []
    assert compared > 25


def lines_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def told_of(bundle, part):
    """The line of a record or of a row inside one, in its own file."""
    key = str(part.pk if isinstance(part, ItemGroupRecord) else getattr(part, "number", 1))
    lines = [line for line in lines_of(bundle.read(f"{part.slug}.csv")) if line["record"] == key]
    assert len(lines) == 1, part
    return lines[0]


def test_whatever_stands_in_the_texts_is_shown_drawn_and_exported(everywhere, people, client, monkeypatch):
    problems = []
    report_law = partial(_report, monkeypatch=monkeypatch)
    report_law.__name__ = "_report"
    for law in (_every_export, _every_figure, _every_page, _every_line_of_the_trail, _every_line_of_work, report_law):
        try:
            law(everywhere, people, client)
        except AssertionError as error:
            problems.append(f"{law.__name__}: {str(error)[:1500]}")
    assert problems == []


@pytest.mark.parametrize("text", TEXTS)
def test_a_mail_names_whom_it_is_for_as_the_account_does(text, mailoutbox):
    """The only mail that holds a text which somebody typed; those about records hold none."""
    person = Person(username="kok", first_name=text[:150], last_name="Kok", email="kok@example.org")
    invitations._mail(person, "https://example.org/welcome/x/")

    received = message_from_bytes(mailoutbox[-1].message().as_bytes(), policy=default)
    assert f"Dear {person}," in received.get_content()
