"""What the endpoint page derives from the database is what the oracle says of the same facts, for 200 histories."""

from datetime import date, datetime, timedelta

import pytest

from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Visit
from enrollment.models import Death, EndOfStudy
from oversight.casebook import loading
from oversight.endpoint import history
from procedures.models import Sbrt, SbrtFraction, Surgery
from records.models import Participant
from tests import builders
from tests.protocol.test_endpoint_oracle import SEEDED, oracle

HISTORIES = SEEDED[:200]


def on_days(document):
    """The same history as the forms can hold it: a grade begins on a day, not at a minute."""
    events = [
        {**event, "grades": [{**row, "from": row["from"] and row["from"][:10]} for row in event["grades"]]}
        for event in document["events"]
    ]
    return {**document, "events": events}


def recorded(document, site, nurse):
    """The history, entered form by form."""
    participant = builders.register(site, nurse)
    start = datetime.fromisoformat(document["sbrt_start"])
    fraction = SbrtFraction().fill(beam_on_at=start, beam_off_at=start + timedelta(minutes=30))
    builders.record(Sbrt, participant, nurse, rows=[fraction], delivery="completed")
    incision = builders.amsterdam(f"{document['surgery_on']} 09:00")
    builders.record(Surgery, participant, nurse, index="yes", performed="yes", incision_at=incision)
    for event in document["events"]:
        rows = [AdverseEventGrade().fill(grade=row["grade"], from_on=row["from"]) for row in event["grades"]]
        before = event["baseline_grade"]
        builders.record(
            AdverseEvent, participant, nurse, rows=rows, verbatim=event["term"], ended_on=event["ended"],
            at_baseline="no" if before is None else "yes", baseline_grade=before, related_sbrt=event["sbrt"],
            related_surgery=event["surgery"], related_combination=event["combination"],
        )  # fmt: skip
    if document["seen_until"]:
        seen = date.fromisoformat(document["seen_until"])
        builders.record(Visit, participant, nurse, visit="u1", done="yes", visited_on=seen)
    if ended := document["ended"]:
        if ended["why"] == "died":
            builders.record(Death, participant, nurse, died_on=ended["on"])
        else:
            on = date.fromisoformat(ended["on"])
            builders.record(EndOfStudy, participant, nurse, outcome=ended["why"], ended_on=on)
    return participant


def test_the_database_says_what_the_oracle_says(people, site):
    documents = [on_days(document) for document in HISTORIES]
    participants = [recorded(document, site, people["nurse"]) for document in documents]
    books = loading.load(Participant.objects.select_related("site"))

    for participant, document in zip(participants, documents, strict=True):
        for variant, judged in history.judged(books[participant.pk]):
            asked = {**document, "days": variant.days, "grades": list(variant.grades)}
            assert judged.verdict == oracle(asked), (variant.code, asked)


@pytest.mark.parametrize("number", range(5))
def test_the_page_says_it(login, people, site, number):
    document = {**on_days(HISTORIES[number]), "days": 60, "grades": [3, 4, 5]}
    participant = recorded(document, site, people["nurse"])

    page = login("pi").get(f"/participants/{participant.code}/endpoint/").content.decode()

    assert f"<h1>Primary endpoint: {oracle(document)}</h1>" in page
