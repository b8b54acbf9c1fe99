"""The report: one command and one button, PDF and HTML, with where it comes from and what is open."""

import re
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from adverse_events.models import AdverseEvent
from enrollment.models import Death
from exports import snapshots
from oversight.figures import report
from procedures.models import Sbrt, SbrtFraction, Surgery
from records.audit import seals
from tests import builders
from tests.builders import amsterdam


@pytest.fixture
def treated(people, site):
    participant = builders.register(site, people["nurse"])
    times = {"beam_on_at": amsterdam("2016-03-08 10:00"), "beam_off_at": amsterdam("2016-03-08 10:30")}
    builders.record(Sbrt, participant, people["nurse"], rows=[SbrtFraction().fill(**times)], delivery="completed")
    builders.record(Surgery, participant, people["nurse"], index="yes", incision_at=date(2016, 3, 9))
    return participant


def html(browser, query=""):
    return browser.get(f"/report/report.html{query}").content.decode()


def test_all_tables_of_the_reporting_set_are_in_it_in_their_order(login, treated):
    text = html(login("pi"))
    numbers = re.findall(r"<h2>\s*(\d+[a-z]?)\. ", text)

    assert numbers == sorted(numbers, key=lambda number: (int(re.sub("[a-z]", "", number)), number))
    assert {int(re.sub("[a-z]", "", number)) for number in numbers} == set(range(1, 12))
    assert text.count("<svg") >= 16
    assert "Changes of technique" in text


def test_it_says_the_protocol_the_instant_the_seal_and_what_is_open(login, treated, settings, tmp_path):
    settings.SEALS = tmp_path
    browser = login("pi")
    assert "none yet" in html(browser)

    seal = seals.make(timezone.now())

    text = html(browser)
    assert seal.digest in text
    assert "<dd>1.0</dd>" in text
    assert "How was the patient on or after 2016-05-08?" in text
    assert "knife to skin was between" not in text  # the day alone is enough to tell that it was in time


@pytest.mark.parametrize(("demo", "wording"), [(True, True), (False, False)])
def test_fictional_data_are_called_so(login, treated, settings, demo, wording):
    settings.DEMO = demo

    assert ("Generated from fictional data" in html(login("pi"))) is wording


def test_as_of_an_instant(login, treated):
    browser = login("pi")

    assert "Nobody has consented yet" in html(browser)
    assert "1 were irradiated" in html(browser)
    assert "0 were irradiated" in html(browser, "?as_of=2016-01-01")
    refused = browser.get("/report/report.pdf?as_of=soon")
    assert refused.status_code == 422
    assert "is not a day or a time" in refused.content.decode()
    assert 'value="soon"' in refused.content.decode()


def test_the_pdf_is_tagged_and_the_same_for_the_same_moment(people, treated):
    now = timezone.now()
    first, again = (report.as_pdf(report.build(people["pi"], now)) for _each in range(2))

    assert first.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in first or b"/MarkInfo" in first
    assert first == again


def test_another_sites_participants_are_in_no_report(login, people, treated):
    assert treated.code in html(login("pi"))
    assert treated.code not in html(login("nurse_b"))


def test_the_command_writes_both_files(people, treated, tmp_path):
    call_command("report", str(tmp_path / "out"), "--as", "pi")

    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert treated.code in (tmp_path / "out" / "report.html").read_text()
    with pytest.raises(CommandError, match="nobody called horoscope"):
        call_command("report", str(tmp_path), "--as", "horoscope")
    with pytest.raises(CommandError, match="is not a day or a time"):
        call_command("report", str(tmp_path), "--as", "pi", "--as-of", "soon")


def test_from_a_snapshot_as_it_was_cut_with_its_seal(login, people, treated, tmp_path):
    taken = snapshots.take(by=people["pi"], name="First look", purpose="statistician", freeze=False, now=timezone.now())
    builders.record(Death, treated, people["nurse"], died_on="2016-03-20", learned_on=date(2016, 3, 21))
    browser = login("pi")

    then, now = html(browser, f"?snapshot={taken.number}"), html(browser)

    assert f"{taken.number}. First look" in then
    assert taken.sha256 in then
    assert taken.seal in then
    assert "0 died" in then
    assert "1 died" in now
    assert "First look" in browser.get("/report/").content.decode()
    call_command("report", str(tmp_path), "--as", "pi", "--snapshot", str(taken.number))
    assert "0 died" in (tmp_path / "report.html").read_text()


def test_a_snapshot_that_is_not_what_was_sealed_makes_no_report(login, people, treated, monkeypatch):
    taken = snapshots.take(by=people["pi"], name="First look", purpose="statistician", freeze=False, now=timezone.now())
    monkeypatch.setattr(snapshots, "_wrong", lambda snapshot, kept: "the file of this snapshot was exchanged")

    answer = login("pi").get(f"/report/report.pdf?snapshot={taken.number}")

    assert answer.status_code == 422
    assert "the file of this snapshot was exchanged" in answer.content.decode()
    assert login("pi").get("/report/report.pdf?snapshot=99").status_code == 422
    assert login("nurse_b").get(f"/report/report.pdf?snapshot={taken.number}").status_code == 422


HOSTILE = ["\uf0b7 wound", "\u4e2d", "\U0001f469\u200d\u2695", "\u0e25\u0e33", "e\u0301\u0334", "#$*_`<>@[]\\{{ %s"]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_text_holds_the_report_is_set(text, people, site):
    participant = builders.register(site, people["nurse"])
    builders.record(AdverseEvent, participant, people["nurse"], verbatim=text, onset_on="2016-03-08")

    assert report.as_pdf(report.build(people["pi"], timezone.now())).startswith(b"%PDF")
