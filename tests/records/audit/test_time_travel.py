"""As of T, each page says what it said at T; and what changed between two instants is listed."""

import io
import json
import re
import zipfile
from datetime import date

import hypothesis.strategies as st
import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings

from accounts import instants
from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Visit
from enrollment.models import Consent, Screening
from records import queries, services, signing
from records.workflow import locks
from tests import builders
from tests.builders import AMSTERDAM, amsterdam
from tests.sizes import examples


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


def clock():
    """The database's own, which stamps the trail; within a transaction it goes on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def shown(browser, query=""):
    """The casebook without its own way of saying when, and without what only counts minutes."""
    page = browser.get(f"/participants/BLEND-01/{query}").content.decode()
    main = page.split("<main", 1)[1].split("<h2>Earlier</h2>")[0]
    main = re.sub(r'<p class="notice as-of">.*?</p>', "", main, flags=re.S)
    main = re.sub(r"as-of/\?at=[^\"]*", "", main)
    main = re.sub(r"<time.*?</time>|asked .*? ago", "", main, flags=re.S)
    return " ".join(main.split())


WORDS = st.sampled_from(["1.0", "2.0", "3.0"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["consent", "screening", "visit", "event", "complete", "void", "verify", "sign", "lock", "ask"]
        ),
        WORDS,
    ),
    min_size=2,
    max_size=7,
)


def step(what, word, participant, people):
    """Do one thing, if it can be done as things stand."""
    nurse, consent = people["nurse"], Consent.objects.filter(participant=participant, voided_at=None).first()
    if what == "consent":
        if consent is None:
            builders.record(Consent, participant, nurse, given="yes", form_version=word)
        else:
            builders.change(consent, nurse, form_version=word)
    elif what == "screening" and not Screening.objects.filter(participant=participant).exists():
        builders.record(Screening, participant, nurse, outcome="eligible", index_levels=["T12"])
    elif what == "visit" and not Visit.objects.filter(participant=participant, visit="w4").exists():
        builders.record(Visit, participant, nurse, visit="w4", done="yes", visited_on=date(2016, 2, 9))
    elif what == "event":
        rows = [AdverseEventGrade().fill(grade=3, from_on="2016-01-20")]
        builders.record(AdverseEvent, participant, nurse, rows=rows, verbatim=f"Wound {word}")
    elif what == "complete" and consent and not consent.is_complete:
        consent.missing = {field.name: "UNK" for field in consent.unanswered()}
        services.write(consent, by=nurse, version=consent.version, complete=True)
    elif what == "void" and consent:
        services.void(consent, by=nurse, reason="Twice", version=consent.version)
    elif what == "verify" and consent:
        signing.verify(consent, by=people["monitor"], version=consent.version, now=clock())
    elif what == "sign" and consent:
        signing.sign_record(consent, by=people["pi"], version=consent.version, meaning="approved", now=clock())
    elif what == "lock":
        closed = locks.target("participant", participant)
        locks.close(closed, "freeze", by=people["datamanager"], reason="Look", now=clock())
    elif what == "ask":
        queries.ask(participant, by=people["monitor"], text=f"Is it {word}?", now=clock())


@settings(max_examples=examples(5, 40), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_the_casebook_as_of_an_instant_is_what_the_page_showed(login, people, site, steps):
    browser = login("monitor")
    point = transaction.savepoint()
    participant = builders.register(site, people["nurse"])
    seen = []
    for what, word in steps:
        try:
            with transaction.atomic():
                step(what, word, participant, people)
        except ValidationError:
            continue  # refused as things stand: nothing happened
        seen.append((clock(), shown(browser)))

    for at, page in seen:
        assert shown(browser, f"?as_of={at.isoformat().replace('+', '%2B')}") == page
    transaction.savepoint_rollback(point)


def test_a_form_as_it_stood_with_its_rows(login, people, participant):
    row = AdverseEventGrade().fill(grade=1, from_on="2016-03-01")
    event = builders.record(AdverseEvent, participant, people["nurse"], rows=[row], verbatim="Wound red")
    then = clock()
    row.fill(grade=3)
    event.fill(verbatim="Wound opened")
    services.write(event, by=people["nurse"], version=1, rows=[row])
    at = f"/participants/BLEND-01/adverse-event/1/as-of/?at={then.isoformat().replace('+', '%2B')}"

    page = login("monitor").get(at).content.decode()

    assert "Wound red" in page
    assert "Wound opened" not in page
    assert "Grade: grade 1" in page
    before = login("monitor").get("/participants/BLEND-01/adverse-event/1/as-of/?at=2016-01-01").content.decode()
    assert "did not exist yet" in before
    assert login("monitor").get("/participants/BLEND-01/adverse-event/1/as-of/?at=2016-13-01").status_code == 422
    assert login("monitor").get("/participants/BLEND-01/?as_of=yesterday").status_code == 422


def test_what_changed_since_an_instant_is_net(login, people, participant):
    consent = builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")
    then = clock()
    builders.change(consent, people["nurse"], form_version="2.0")
    builders.change(consent, people["nurse"], form_version="3.0")
    builders.record(Visit, participant, people["nurse"], visit="d60", done="yes")

    page = login("monitor").get(f"/participants/BLEND-01/changes/?since={then.isoformat().replace('+', '%2B')}")
    text = " ".join(page.content.decode().split())

    assert '<td class="old">1.0</td> <td class="new">3.0</td>' in text
    assert "2.0" not in text
    assert "Visit · d60" in text
    assert login("monitor").get("/participants/BLEND-01/changes/?since=soon").status_code == 422


def test_a_day_is_its_end_and_a_time_is_read_on_the_sites_clocks(site):
    assert instants.read("2016-03-08", site.tz) == amsterdam("2016-03-08 23:59:59")
    assert instants.read("2016-03-08 14:05", site.tz) == amsterdam("2016-03-08 14:05")
    assert instants.read("2016-03-08T14:05:00+00:00", site.tz) == amsterdam("2016-03-08 15:05")


def test_the_listing_and_the_export_as_of_an_instant(login, people, site, participant):
    builders.record(Consent, participant, people["nurse"], given="yes", form_version="1.0")
    then = clock()
    builders.change(Consent.objects.get(), people["nurse"], form_version="2.0")
    builders.register(site, people["nurse"])
    asked = f"?as_of={then.isoformat().replace('+', '%2B')}"

    listing = login("datamanager").get("/participants/" + asked).content.decode()
    export = b"".join(login("datamanager").get("/exports/consent.csv" + asked)).decode()
    bundle = b"".join(login("datamanager").get("/exports/all.zip" + asked))
    with zipfile.ZipFile(io.BytesIO(bundle)) as files:
        content = files.read("consent.csv").decode()
        manifest = json.loads(files.read("manifest.json"))

    assert "BLEND-01" in listing
    assert "BLEND-02" not in listing
    assert ",1.0," in export
    assert ",2.0," not in export
    assert content == export
    assert manifest["as_of"] == then.isoformat()
    assert login("datamanager").get("/exports/consent.csv?as_of=soon").status_code == 422


@pytest.mark.parametrize("typed", ["0001-01-01", "0016-03-08 14:05", "9999-12-31", "0001-01-01T00:00+14:00"])
def test_an_instant_in_a_year_that_cannot_be_meant_is_refused(typed):
    with pytest.raises(ValidationError, match="is not a day or a time"):
        instants.read(typed, AMSTERDAM)
