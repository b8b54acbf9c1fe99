"""Whatever people are shown is called by its number: the database's own id, which is another, stands nowhere."""

import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from adverse_events.models import AdverseEvent, AdverseEventGrade
from records import named, queries, redaction, services
from records.model import registry
from records.model.base import ItemGroupRecord, VisitRecord
from records.models import Participant
from records.workflow import locks
from tests import builders
from tests.conftest import superuser

NOW = datetime(2016, 6, 1, 12, 0, tzinfo=UTC)
FAR = 7654000  # ids begin here, numbers at 1


@pytest.fixture
def study(committed, people, site):
    """One participant with a record of every form and row, whose ids are far from their numbers."""
    with superuser() as server:
        for model in registry.audited_models():
            if model is not Participant:
                server.execute(f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), {FAR})")
    participant = builders.register(site, people["nurse"])
    for model in registry.forms().values():
        record = model(participant=participant)
        if issubclass(model, VisitRecord):
            record.visit = "d60"
        rows = [row(participant=participant) for row in registry.rows_of(model)]
        services.write(record, by=people["nurse"], version=0, rows=rows)
    return participant


def event(participant, people, text):
    return builders.record(
        AdverseEvent, participant, people["nurse"], verbatim=text,
        rows=[AdverseEventGrade().fill(grade=1, from_on="2016-03-01")],
    )  # fmt: skip


def test_no_page_shows_an_id(study, people, login):
    second = event(study, people, "Says Ms Pietersen, of ward 5")
    asked = queries.ask(study, by=people["monitor"], text="Ms Pietersen?", now=NOW, tail="adverse-event/2/")
    keys = [place.key for place in redaction.find(study, "pietersen")]
    redaction.ask(study, keys, by=people["datamanager"], reason="A name", now=NOW)
    for record in (second, *(model.objects.get() for model in registry.forms().values() if model is not AdverseEvent)):
        what = locks.target("record", study, record=record)
        locks.close(what, "freeze", by=people["datamanager"], reason="Closed", now=timezone.now())
    home = f"/participants/{study.code}/"
    pages = [
        home, f"{home}locks/", f"{home}redactions/", f"{home}changes/?since=2016-01-01", "/", "/queries/", "/audit/",
        "/audit/?everything=1", "/audit/reads/", "/messages/", f"/queries/{asked.pk}/", "/monitoring/", "/board/",
    ]  # fmt: skip
    for model in registry.forms().values():
        visit = "d60/" if issubclass(model, VisitRecord) else ""
        tail = f"{visit}{model.slug}/{'1/' if model.repeats else ''}"
        pages += [f"{home}{tail}", f"{home}{tail}history/", f"{home}{tail}sign/"]
    shown = 0
    for who, some in (("pi", pages), ("datamanager", pages[:13])):
        for page in some:
            answer = login(who).get(page)
            text = strip_tags(re.sub(r"(?s)<(script|style).*?</\1>", "", answer.content.decode()))
            shown += answer.status_code == 200
            if page == "/audit/reads/":  # what somebody asked for stands there as an address
                text = re.sub(r"/queries/\d+/", "", text)
            assert not re.search(rf"\b{FAR // 1000}\d\d\d\b", text), (who, page, re.findall(r".{40}7654\d{3}", text))
    assert shown > 60
    assert f"{study.code} · Query 1" in login("pi").get("/audit/reads/").content.decode()


def test_both_persons_are_shown_the_event_by_its_number(study, people, login):
    second_event = event(study, people, "Says Ms Pietersen, of ward 5")
    assert (second_event.number, second_event.pk) == (2, FAR + 2)
    at = f"/participants/{study.code}/redactions/"
    search_page = login("datamanager").post(at, {"act": "find", "words": "pietersen"}).content.decode()
    keys = [place.key for place in redaction.find(study, "pietersen")]
    login("datamanager").post(at, {"act": "ask", "place": keys, "reason": "A name"})
    waiting = login("pi").get(at).content.decode()
    for page in (search_page, waiting):
        row = re.search(r"(?s)<th scope=\"row\">Adverse event 2</th>.*?</tr>", page)[0]
        assert "Says Ms Pietersen, of ward 5" in row


def test_a_title_says_form_number_visit_and_what_a_row_is_in(study, people):
    titles = {}
    for model in registry.clinical_models():
        for record in model.objects.all():
            titles[named.title(record)] = record
            assert str(FAR)[:4] not in named.title(record)
            if issubclass(model, ItemGroupRecord):
                assert named.title(getattr(record, record.parent_field)) in named.title(record)
            if issubclass(model, VisitRecord):
                assert " · " in named.title(record)
    assert "Adverse event 1" in titles
    keys = [(record._meta.db_table, record.pk) for record in titles.values()]
    assert named.titles(keys) == {(record._meta.db_table, record.pk): title for title, record in titles.items()}
