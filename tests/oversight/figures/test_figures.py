"""Each figure's numbers against a second computation from the exported CSV; files, links, roles, sites, instants."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from adverse_events.models import AdverseEvent, AdverseEventGrade
from assessments.models import Visit
from enrollment.models import Consent, Death, EndOfStudy
from oversight.analysis import events
from oversight.analysis.figure import Column, Figure, Table, columns
from oversight.analysis.pages import FIGURES, Entry
from oversight.figures import report
from oversight.scanning import scan
from procedures.models import Sbrt, SbrtFraction, Surgery
from sbrtspine import demo
from tests import builders
from tests.builders import amsterdam
from tests.conftest import _person
from tests.oversight import many
from tests.oversight.figures import described, recomputed
from tests.oversight.figures.twice import compare, expected, never_filled, not_computed, read
from tests.sizes import examples


@pytest.fixture
def demo_study(people, site):
    demo.seed({**people, "nurse-b": people["nurse_b"]}, timezone.now())
    scan.scan(timezone.now())


@pytest.fixture
def one_participant(people, site):
    participant = builders.register(site, people["nurse"])
    beam = amsterdam("2016-03-08 10:00")
    fraction = SbrtFraction().fill(beam_on_at=beam, beam_off_at=amsterdam("2016-03-08 10:30"))
    builders.record(Sbrt, participant, people["nurse"], rows=[fraction], delivery="completed")
    builders.record(Surgery, participant, people["nurse"], index="yes", incision_at=amsterdam("2016-03-09 14:05"))
    grade = AdverseEventGrade().fill(grade=3, from_on="2016-03-20")
    builders.record(AdverseEvent, participant, people["nurse"], rows=[grade], verbatim="Wound", onset_on="2016-03-20",
                    ctcae_code="10048031", related_surgery="probable")  # fmt: skip
    return participant


@pytest.fixture
def one_of_whom_all_is_known(people, one_participant):
    described.describe(one_participant, people, timezone.now())


@pytest.fixture
def left_and_corrected(people, site):
    """How somebody's part ended is entered without a whole day, and the form corrected later."""
    nurse, first, later = people["nurse"], *(amsterdam(f"2016-{month}-10 09:00") for month in ("05", "09"))
    for model, answers, correction in [
        (Death, {"died_on": "2016"}, {"autopsy": "no"}), (Death, {"died_on": "2016-05"}, {"autopsy": "no"}),
        (Death, {}, {"cause": "unknown"}), (Death, {"died_on": "2016-05-01"}, {"died_on": "2016-08"}),
        (EndOfStudy, {"outcome": "completed"}, {"outcome": "lost"}), (EndOfStudy, {"outcome": "lost"}, {"note": "a"}),
        (Consent, {"withdrawn": "yes", "withdrawn_what": ["visits"]}, {"copy_given": "yes"}),
    ]:  # fmt: skip
        participant = builders.register(site, nurse)
        builders.record(Surgery, participant, nurse, index="yes", incision_at=amsterdam("2016-03-09 14:05"))
        form = builders.record(model, participant, nurse, now=first, **answers)
        builders.change(form, nurse, now=later, **correction)


@pytest.fixture
def many_participants(people, site):
    many.trial(site, people["nurse"], examples(150, 500), timezone.now())
    with connection.cursor() as cursor:  # of tables filled in this very transaction nobody knows the size
        cursor.execute("SET LOCAL enable_nestloop = off")


@pytest.mark.parametrize(
    "trial", ["demo_study", "nobody", "one_participant", "one_of_whom_all_is_known", "left_and_corrected"]
)
def test_the_figures_equal_what_the_exported_files_give(login, people, site, request, trial):
    if trial != "nobody":
        request.getfixturevalue(trial)
    browser = login("pi")

    compare(browser, people["pi"], expected(recomputed.Exported(browser)))


def test_the_figures_of_many_participants_too_and_each_number_leads_to_its_records(login, people, many_participants):
    """They have every verdict and every kind of course, or this would compare little."""
    browser = login("pi")
    tables = expected(recomputed.Exported(browser))

    compare(browser, people["pi"], tables)

    assert never_filled(tables) == set(), sorted(never_filled(tables))
    assert {row["primary"] for row in tables["endpoint"]} == {"yes", "no", "undetermined", "not evaluable"}
    assert {row["what"] for row in tables["first-severe"]} == {"event", "competing", "censored"}
    row = tables["events?related=all&days=all"][0]
    key = row["term"].lower().replace(" ", "-")
    text = browser.get(f"/figures/events/records/?row={key}&column=events").content.decode()
    assert text.count("/adverse-event/") == row["events"] > 1
    assert browser.get("/figures/events/records/?row=horoscope&column=events").status_code == 404
    assert browser.get(f"/figures/events/records/?row={key}&column=horoscope").status_code == 404


def test_there_is_no_figure_no_column_and_no_table_of_the_report_without_a_second_computation(
    login, people, one_of_whom_all_is_known, monkeypatch
):
    """And one that is added without it is named."""
    tables = expected(recomputed.Exported(login("pi")))
    assert not_computed(people["pi"], tables) == set()

    def new(everybody, grade=""):
        return Figure("new", "New", "", Table(columns(("n", "N", True))))

    def wider(everybody):
        drawn = events.deaths(everybody)
        return replace(drawn, table=replace(drawn.table, columns=(*drawn.table.columns, Column("n", "N", True))))

    monkeypatch.setitem(FIGURES, "new", (FIGURES["deaths"][0], Entry("new", new, {"grade": ("all", "3")})))
    monkeypatch.setattr(report, "CONTENTS", (*report.CONTENTS, report.Part("", new), report.Part("", wider)))

    assert not_computed(people["pi"], tables) == {"new?grade=all", "new?grade=3", "new", "deaths: n"}


@pytest.mark.parametrize("kind", ["svg", "png", "csv"])
def test_every_figure_can_be_taken_away_whatever_the_size_of_the_trial(login, people, site, kind):
    """Also of a trial that has not begun."""
    browser = login("pi")
    begins = {"svg": b"<svg", "png": b"\x89PNG", "csv": b""}[kind]

    for slug, (page, _entry) in FIGURES.items():
        answer = browser.get(f"/figures/{slug}.{kind}")
        if answer.status_code == 404:
            assert kind != "csv", slug
            continue
        assert answer.content.startswith(begins), (page.name, slug)
        assert f"{slug}.{kind}" in answer.headers["Content-Disposition"]


def test_a_drawing_has_a_title_a_description_and_no_style_of_its_own(login, one_participant):
    browser = login("pi")
    text = browser.get("/safety/").content.decode()
    alone = browser.get("/figures/boundary.svg").content.decode()

    assert '<title id="boundary-title">Stopping boundary</title>' in text
    assert '<desc id="boundary-desc">1 of 1 evaluable had an event' in text
    assert "<style" not in text
    assert " style=" not in text
    assert "var(" not in alone
    assert ".stop-region" in alone


def test_a_participant_of_another_site_counts_but_has_neither_name_nor_link(login, people, site, site_b):
    participant = builders.register(site_b, people["nurse_b"])
    fraction = SbrtFraction().fill(beam_on_at=amsterdam("2016-03-08 10:00"), beam_off_at=amsterdam("2016-03-08 11:00"))
    builders.record(Sbrt, participant, people["nurse_b"], rows=[fraction], delivery="completed")

    text = login("pi").get("/safety/").content.decode()

    assert "Of 1 treated" in text
    assert participant.code not in text


def test_the_independent_monitor_sees_the_safety_page_and_no_participant(client, people, site, one_participant):
    client.force_login(_person("dsmb", "Dina", "Prins", Role.SAFETY_MONITOR, site))

    text = client.get("/safety/").content.decode()

    assert "1 of 1 evaluable had an event" in text
    assert "BLEND-01" not in text


def test_figures_as_of_an_instant(login, one_participant):
    browser = login("pi")
    before = "/figures/swimmer.csv?as_of=2016-03-08"

    assert len(read(browser, "/figures/swimmer.csv")) == 1
    assert read(browser, before) == []
    assert "replayed from the audit trail" in browser.get("/safety/?as_of=2016-03-08").content.decode()
    assert browser.get("/safety/?as_of=yesterday-ish").status_code == 422
    assert browser.get("/figures/swimmer.svg?as_of=yesterday-ish").status_code == 422


def test_the_boundary_counts_in_the_order_of_treatment(login, people, site):
    """Not in the order in which codes were given out."""
    for beam in ("2016-03-08", "2016-02-01"):
        participant = builders.register(site, people["nurse"])
        times = {"beam_on_at": amsterdam(f"{beam} 10:00"), "beam_off_at": amsterdam(f"{beam} 10:30")}
        fraction = SbrtFraction().fill(**times)
        builders.record(Sbrt, participant, people["nurse"], rows=[fraction], delivery="completed")

    lines = read(login("pi"), "/figures/boundary.csv")

    assert [row["participant"] for row in lines] == ["BLEND-02", "BLEND-01"]


def test_an_event_that_nobody_graded_cannot_count_before_it_began(login, people, site):
    """It began on day 75, so it can still count for 90 days, and never for 60."""
    participant = builders.register(site, people["nurse"])
    beam = amsterdam("2016-03-08 10:00")
    fraction = SbrtFraction().fill(beam_on_at=beam, beam_off_at=amsterdam("2016-03-08 10:30"))
    builders.record(Sbrt, participant, people["nurse"], rows=[fraction], delivery="completed")
    builders.record(Surgery, participant, people["nurse"], index="yes", incision_at=amsterdam("2016-03-09 14:05"))
    builders.record(Visit, participant, people["nurse"], visit="d90", done="yes", visited_on=date(2016, 6, 7))
    builders.record(AdverseEvent, participant, people["nurse"], verbatim="Fever", onset_on="2016-05-23",
                    ctcae_code="10016558", related_surgery="possible")  # fmt: skip

    [row] = read(login("pi"), "/figures/endpoint.csv")

    assert (row["primary"], row["secondary"]) == ("no", "undetermined")
