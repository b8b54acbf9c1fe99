"""The 28 situations of study.md 8, each played through the real door, with the behaviour of the right-hand column."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.roles import Role
from adverse_events.models import AdverseEvent, SeriousEvent
from assessments.models import Function, OpioidDose, Pain, Quality, SinsLevel, Visit
from assessments.models import Imaging as Images
from enrollment import enrolment_lock
from enrollment.models import Consent, Contact, Death, Deviation, Eligibility, EndOfStudy, Screening
from exports import snapshot_changes, snapshots
from oversight.alert_types import ALERT_TYPES
from oversight.casebook import visit_matrix
from oversight.endpoint import stopping_boundary
from oversight.models import Alert, Message
from oversight.worklist import build
from procedures.models import OutsideCare, Sbrt, SbrtFraction, Surgery
from protocol import schedule
from protocol.study import STUDY
from records import services
from records.models import AuditRow
from records.workflow import locks
from tests.builders import amsterdam
from tests.situations.conftest import Story


def deviations(story):
    return set(Deviation.objects.filter(participant=story.participant).values_list("kind", flat=True))


def visit(story, code, now="2016-06-01 12:00"):
    return next(row for row in visit_matrix.rows(story.book, amsterdam(now)) if row.code == code)


def lines(login, slug):
    text = b"".join(login("datamanager").get(f"/exports/{slug}.csv").streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_01_surgery_before_sbrt(story):
    story.consented()
    story.irradiated("2016-01-12 15:00")
    story.operated("2016-01-12 09:00")
    story.scan()

    assert story.window().verdict == "reversed"
    assert "reversed" in story.findings()
    assert "window-reversed" in deviations(story)
    assert story.endpoint().window_last_day == date(2016, 3, 12)  # stays in the safety set


def test_02_surgery_aborted_after_the_incision(story):
    story.consented()
    story.irradiated()
    story.operated(completed="no", abort_reason="bleeding (fictional)")

    assert story.window().verdict == "compliant"
    assert story.window().elapsed_hours == 18
    assert schedule.anchor(story.facts(), amsterdam("2016-06-01 12:00")).kind == "surgery"


def test_03_surgery_cancelled_after_sbrt(story):
    story.consented()
    story.irradiated()
    story.operated(at=None, performed="no", cancelled_reason="instability")
    story.scan()

    assert story.window().verdict == "not done"
    assert schedule.anchor(story.facts(), amsterdam("2016-01-12 12:00")).kind == "SBRT"
    assert visit(story, "d60").opens == date(2016, 3, 11)
    assert visit(story, "d90").opens == date(2016, 4, 10)


def test_04_sbrt_in_two_sessions(story):
    story.consented()
    sbrt = story.irradiated("2016-01-11 15:00", "2016-01-12 08:00", delivered_fractions=2)
    story.change(sbrt)
    story.operated("2016-01-14 07:30")

    assert story.window().verdict == "compliant"
    assert story.window().elapsed_hours == 47.5  # from the last beam off
    sbrt.refresh_from_db()
    sbrt.missing = {field.name: "UNK" for field in sbrt.unanswered()}
    services.write(sbrt, by=story.people["nurse"], version=sbrt.version, complete=True, reason="done")
    story.scan()
    assert "fractions" in deviations(story)


@pytest.mark.parametrize(
    ("off", "knife", "verdict", "hours"),
    [
        ("2015-10-24 16:00", "2015-10-26 15:00", "compliant", 48),
        ("2015-10-24 16:00", "2015-10-26 15:30", "late", 48.5),
        ("2016-03-26 16:00", "2016-03-28 16:30", "compliant", 47.5),
        ("2016-10-29 16:00", "2016-10-31 15:30", "late", 48.5),
    ],
)
def test_05_the_window_spans_a_clock_change(story, login, off, knife, verdict, hours):
    story.irradiated(off)
    story.operated(knife)

    assert (story.window().verdict, story.window().elapsed_hours) == (verdict, hours)
    page = login("nurse").get(f"/participants/{story.participant.code}/").content.decode()
    assert "CEST" in page
    assert "CET" in page


def test_06_only_the_date_of_surgery_is_known(story):
    story.irradiated("2016-01-11 15:00")
    story.operated(date(2016, 1, 13))

    window = story.window()
    assert window.verdict == "undetermined"
    assert (window.earliest_hours, round(window.latest_hours)) == (33, 57)
    assert "window-unknown" in story.findings()
    assert Surgery.objects.get().incision_at is None  # no guess is written


def test_07_death_from_progression_without_an_event(story):
    story.treated()
    story.record(Visit, visit="w2", done="yes", visited_on=date(2016, 1, 26), any_adverse_event="no")
    story.record(Death, died_on="2016-02-01", cause="progression", related_sbrt="none", related_surgery="none")
    story.scan()

    assert story.endpoint().verdict == "not evaluable"
    assert visit(story, "d60").words == "not expected: died"
    assert visit(story, "m12").status == "not-expected"
    assert not Alert.objects.filter(kind__startswith="day-").exists()
    assert stopping_boundary.summary().worst == (1, 1)
    assert stopping_boundary.summary().best == (0, 1)


def test_08_death_possibly_related(story):
    story.treated()
    event = story.event((3, "2016-01-28"), (5, "2016-02-01"), death="yes", outcome="fatal", ended_on="2016-02-01",
                       ongoing="no")  # fmt: skip
    aware = amsterdam("2016-02-01 10:00")
    story.record(
        SeriousEvent, adverse_event=event, kind="fatal", site_aware_at=aware, sponsor_aware_at=aware, exempt="no"
    )
    story.scan("2016-02-09 12:00")

    assert story.endpoint().verdict == "yes"
    assert "fatal-without-death" in story.findings()
    due = Alert.objects.get(kind="sae-authority-late").due_at
    assert due == amsterdam("2016-02-09 00:00").astimezone(UTC)  # the end of 8 February: seven days
    assert stopping_boundary.summary().events == 1


def test_09_consent_withdrawn_for_the_use_of_data(story):
    story.treated()
    story.event((2, "2016-01-20"))
    consent = Consent.objects.get()
    story.change(consent, withdrawn="yes", withdrawn_on=date(2016, 1, 22), withdrawn_what=["visits", "data-use"])
    story.record(Pain, visit="w4", assessed_on=date(2016, 2, 9))

    assert visit(story, "d60").words == "not expected: withdrew"
    assert "after-withdrawal" in story.findings()
    assert AdverseEvent.objects.get().ongoing == "yes"  # stays as it was, unresolved


def test_10_an_event_ongoing_at_day_60(story):
    story.treated()
    story.event((3, "2016-03-11"))
    story.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14), any_adverse_event="no")

    assert story.endpoint().verdict == "yes"  # judged on when grade 3 began
    assert "review-day-60" in story.findings()


def test_11_an_event_of_which_only_the_month_is_known(story):
    story.treated()
    event = story.event((3, "2016-03"))
    story.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14))

    judged = story.endpoint()
    assert judged.verdict == "undetermined"
    assert any("when exactly" in question for question in judged.settle)
    assert str(event.grades.get().from_on) == "2016-03"


def test_12_grade_one_three_two(story):
    story.treated()
    event = story.event((1, "2016-01-14"), (3, "2016-01-20"), (2, "2016-02-20"))

    assert story.endpoint().at == "2016-01-20"
    assert event.grades.count() == 3


def test_13_the_same_comes_back_after_a_gap(story):
    story.treated()
    first = story.event((2, "2016-01-20"), ended_on="2016-02-01", ongoing="no")
    again = story.event((2, "2016-01-30"))
    assert "twin-events" in story.findings()

    story.change(again, recurs_from=first.number)

    assert again.number == 2
    assert "twin-events" not in story.findings()


def test_14_pain_of_grade_three_at_baseline(story):
    story.treated()
    event = story.event((3, "2016-01-20"), verbatim="Back pain", ctcae_code="10003988", at_baseline="yes",
                       baseline_grade=3)  # fmt: skip
    story.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14))
    assert story.endpoint().verdict == "no"

    story.change(event, baseline_grade=2)

    assert story.endpoint().verdict == "yes"


def test_15_two_units_of_blood_in_theatre(story):
    story.consented()
    story.irradiated()
    operation = story.operated(red_cells_during_units=2)

    assert "transfusion_beyond_protocol" in operation.notices()
    assert "transfusion" in story.findings()

    story.change(operation, transfusion_beyond_protocol="no")

    assert "transfusion" not in story.findings()
    assert not AdverseEvent.objects.exists()  # nothing is graded by itself


def test_16_a_screen_failure(story, login):
    story.record(Screening, outcome="failed", failure_reason="E3", screened_on=date(2016, 1, 5))
    story.record(EndOfStudy, outcome="screen-failure", ended_on=date(2016, 1, 6))

    assert story.participant.code == "BLEND-01"
    assert lines(login, "screening")[0]["failure_reason"] == "E3"
    work = build.for_person(story.people["nurse"], amsterdam("2016-02-01 09:00")).lines
    assert not [item for bucket in work.values() for item in bucket if "Fill in" in item.what]


def test_17_screened_again_later(story, people, site):
    story.record(Screening, outcome="failed", failure_reason="E3")
    later = Story(people, site)

    later.record(Screening, outcome="pending", earlier_screening="BLEND-01")

    with pytest.raises(ValidationError, match="There is no participant BLEND-77"):
        Story(people, site).record(Screening, earlier_screening="BLEND-77")
    assert Screening.objects.filter(voided_at__isnull=True).count() == 2  # both stay in the log


def test_18_eligibility_found_wrong_after_treatment(story):
    story.treated()
    record = story.eligible(bilsky="1c")
    story.scan("2016-02-01 09:00")
    assert "eligibility" not in deviations(story)

    story.change(record, bilsky="2")
    story.scan("2016-02-02 09:00")

    deviation = Deviation.objects.get(kind="eligibility")
    assert deviation.discovered_on == date(2016, 2, 2)
    assert story.endpoint().window_last_day == date(2016, 3, 12)  # kept in the safety analysis


def test_19_karnofsky_falls_between_screening_and_sbrt(story):
    story.consented()
    story.eligible(kps=60)
    story.record(Function, visit="bas", kps=50)

    assert "karnofsky-fell" in story.findings()
    assert Eligibility.objects.get().kps == 60  # the investigator decides, the system does not overwrite


def test_20_operated_again_on_day_12_for_infection(story):
    story.treated()
    pain = story.record(Pain, visit="bas", assessed_on=date(2016, 1, 10), worst_pain=8, takes_opioids="no")
    story.operated("2016-01-24 10:00", index="no", at_index_level="no", reason_for_reoperation="infection")
    later = story.record(Pain, visit="w4", assessed_on=date(2016, 2, 9), worst_pain=4, takes_opioids="no")

    assert story.endpoint().window_last_day == date(2016, 3, 12)  # the anchor has not moved
    response = {str(score.label): score for score in later.scores({})}["Pain response"]
    assert (response.value, response.table) == ("PR", "")
    again = Surgery.objects.get(index="no")
    story.change(again, at_index_level="yes")
    assert "censored" in {str(score.label): score for score in later.scores({})}["Pain response"].table
    assert pain.worst_pain == 8


def test_21_treated_in_another_hospital(story):
    story.treated()
    event = story.event((3, "2016-01-25"), hospitalisation="yes")
    learned = amsterdam("2016-02-20 09:00")
    story.record(OutsideCare, provider="hospital", what="admitted (fictional)", from_on="2016-01-25",
                learned_at=learned, source_requested_on=date(2016, 2, 20),
                adverse_event_number=event.number)  # fmt: skip
    story.record(SeriousEvent, adverse_event=event, kind="other", site_aware_at=learned, exempt="no")
    story.scan("2016-02-22 09:00")

    assert Alert.objects.get(kind="sae-site-late").due_at == learned.astimezone(UTC) + timedelta(hours=24)
    assert "letter-awaited" in story.findings("2016-03-10 09:00")
    assert "letter-awaited" not in story.findings("2016-03-01 09:00")


def test_22_one_frozen_conversion_table(story):
    story.irradiated()
    rows = [OpioidDose().fill(drug="oxycodone_po_mg", dose=40)]
    story.record(Pain, visit="bas", assessed_on=date(2016, 1, 10), worst_pain=7, takes_opioids="yes", rows=rows)
    same = [OpioidDose().fill(drug="oxycodone_po_mg", dose=40)]
    later = story.record(Pain, visit="m12", assessed_on=date(2017, 1, 10), worst_pain=7, takes_opioids="yes", rows=same)

    scores = {str(score.label): score for score in later.scores({"opioid-dose": same})}
    assert scores["Opioids (OMED)"].table == STUDY.opioids["table"]
    assert scores["Pain response"].value == "IR"  # the same dose before and after November 2016 is no response


def test_23_two_index_lesions_in_one_session(story):
    points = {
        "location": "3",
        "pain": "3",
        "bone_lesion": "2",
        "alignment": "0",
        "collapse": "2",
        "posterolateral": "1",
    }
    rows = [SinsLevel().fill(level="T12", **points), SinsLevel().fill(level="T6", **{**points, "location": "1"})]
    record = story.record(Images, visit="scr", rows=rows)
    story.irradiated(levels=["T6", "T12"])

    told_scores = {str(score.label): score.value for score in record.scores({"sins-level": rows})}
    assert told_scores["Highest SINS"] == "11"
    assert told_scores["SINS T6"].endswith("9, indeterminate")
    assert "levels-not-screened" not in story.findings()


def test_24_a_questionnaire_by_the_spouse_or_after_death(story, login):
    story.treated()
    story.record(Death, died_on="2016-02-01")
    story.record(Quality, visit="w2", completed_on=date(2016, 1, 26), informant="spouse")

    with pytest.raises(ValidationError, match="after the death"):
        story.record(Quality, visit="w4", completed_on=date(2016, 2, 9))
    assert lines(login, "quality")[0]["informant_label"] == "Spouse or partner"


def test_25_the_specialists_disagree(story, login):
    story.treated()
    event = story.event((3, "2016-01-20"), related="unlikely")
    story.change(event, by="surgeon", related_surgery="unlikely", reason="judged")
    story.change(event, by="radonc", second_surgery="possible", reason="judged")

    assert story.endpoint().verdict == "yes"  # the higher opinion counts provisionally
    assert "adjudicate" in story.findings()

    story.change(event, by="pi", decided_surgery="unlikely", decided_because="imaging reviewed", reason="adjudicated")
    story.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14))

    assert story.endpoint().verdict == "no"
    assert "adjudicate" not in story.findings()
    event.refresh_from_db()
    assert (event.related_surgery, event.second_surgery) == ("unlikely", "possible")  # both are kept


def test_25_nobody_decides_on_an_opinion_of_his_own(story, login):
    story.treated()
    event = story.event((3, "2016-01-20"))
    story.change(event, by="pi", related_surgery="unlikely", second_surgery="possible", reason="judged")
    sent = {"version": "2", "action": "save", "verbatim": event.verbatim, "decided_surgery": "unlikely",
            "related_surgery": "unlikely", "second_surgery": "possible"}  # fmt: skip

    page = login("pi").post(f"/participants/{story.participant.code}/adverse-event/1/", sent)

    assert page.status_code == 422
    assert "One of these opinions is yours" in page.content.decode()


def test_26_a_serious_event_on_the_sunday_of_the_clock_change(story):
    story.treated()
    event = story.event((3, "2016-03-25"))
    story.record(
        SeriousEvent, adverse_event=event, kind="other", site_aware_at=amsterdam("2016-03-26 20:00"), exempt="no"
    )
    story.scan("2016-03-28 09:00")

    due = Alert.objects.get(kind="sae-site-late").due_at
    assert due == datetime(2016, 3, 27, 19, 0, tzinfo=UTC)
    assert f"{due.astimezone(story.site.tz):%d %B %H:%M %Z}" == "27 March 21:00 CEST"


def test_27_number_fourteen_consents(story, people, site):
    for _each in range(STUDY.participants - 1):
        Story(people, site).consented()
    story.consented()
    one_more = Story(people, site)

    one_more.consented()

    assert "enrolled-beyond" in one_more.findings()  # said, not refused
    assert "enrolled-beyond" not in story.findings()
    assert Consent.objects.count() == STUDY.participants + 1


def test_28_a_correction_flips_the_endpoint_after_the_lock(story):
    story.treated()
    event = story.event((3, "2016-03-13"))
    story.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14))
    story.scan("2016-04-01 09:00")
    now, people = amsterdam("2016-04-01 10:00"), story.people
    closed = locks.target("participant", story.participant)
    lock = locks.close(closed, "lock", by=people["datamanager"], reason="Interim look", now=now)
    choice = {"by": people["datamanager"], "purpose": "safety", "freeze": False, "now": now}
    cut = snapshots.take(name="Interim look", **choice)
    grade = event.grades.get()
    grade.fill(from_on="2016-03-12")

    def correct():
        event.refresh_from_db()
        services.write(event, by=people["nurse"], version=event.version, reason="letter re-read", rows=[grade])

    with pytest.raises(ValidationError, match="This is locked"):
        correct()
    locks.ask(lock, by=people["datamanager"], reason="letter from elsewhere (fictional)", now=now)
    locks.agree(lock, by=people["pi"], now=now)
    correct()
    story.scan("2016-04-02 09:00")

    first, second = story.kept()
    assert (first.verdict, second.before, second.verdict) == ("no", "no", "yes")  # what was judged before stays
    assert any("from 2016-03-13 to 2016-03-12" in line and "letter re-read" in line for line in second.cause)
    told_of = Message.objects.filter(alert__kind="endpoint-changed")
    assert sorted(told_of.values_list("person__username", flat=True)) == ["datamanager", "pi"]
    told_to = ALERT_TYPES["endpoint-changed"].roles
    assert {Role.SAFETY_OFFICER, Role.STATISTICIAN, Role.PRINCIPAL_INVESTIGATOR} <= set(told_to)
    assert AuditRow.objects.filter(reason="letter re-read").exists()
    changed = snapshot_changes.between(
        snapshots.content(cut), snapshots.content(snapshots.take(name="After", **choice))
    )
    assert [change.fields for change in changed if change.title.startswith("Grade")] == [
        [("From", "2016-03-13", "2016-03-12")]
    ]  # the old snapshot is kept, and says what it said


def test_the_boundary_locks_new_enrolment_until_somebody_decides(people, site, login, whole_study):
    for _each in range(3):
        one = Story(people, site)
        one.treated()
        one.event((3, "2016-01-20"))
    one.scan()

    refused = login("nurse").post("/participants/new/", {})
    login("pi").post("/safety/", {"decision": "resume", "reason": ""})
    still = login("nurse").post("/participants/new/", {})
    login("pi").post("/safety/", {"decision": "resume", "reason": "reviewed case by case (fictional)"})
    allowed = login("nurse").post("/participants/new/", {})

    assert (refused.status_code, still.status_code, allowed.status_code) == (422, 422, 302)
    assert [message.person.username for message in Message.objects.filter(lock__isnull=False)] == ["pi"]
    assert "New enrolment is locked: 3 of 3 evaluable had an event" in refused.content.decode()
    assert enrolment_lock.open_lock() is None
    one.scan()
    assert enrolment_lock.open_lock() is None  # decided once for this look


@pytest.mark.parametrize("what", ["relatedness", "grade date", "surgery time"])
def test_a_change_after_day_60_is_on_the_worklists_of_those_who_must_know(story, login, what):
    operation = story.treated()
    event = story.event((3, "2016-03-13"), related="possible" if what != "relatedness" else "unlikely")
    if what == "relatedness":
        story.change(event, ongoing="yes")
        grade = event.grades.get()
        assert grade.grade == 3
    story.record(Visit, visit="d60", done="yes", visited_on=date(2016, 3, 14))
    story.scan("2016-04-01 09:00")
    before = story.endpoint().verdict
    event.refresh_from_db()
    if what == "surgery time":
        story.change(operation, incision_at=amsterdam("2016-01-13 09:00"))
    else:
        row = event.grades.get().fill(from_on="2016-03-01")
        event.fill(related_surgery="possible")
        services.write(event, by=story.people["surgeon"], version=event.version, reason="re-read", rows=[row])
    story.scan("2016-04-02 09:00")

    assert (before, story.endpoint().verdict) == ("no", "yes")
    for who in ("pi", "datamanager"):
        assert "The primary endpoint changed: no → yes" in login(who).get("/").content.decode()
    assert "The primary endpoint changed" not in login("nurse").get("/").content.decode()
    login("pi").post(f"/participants/{story.participant.code}/endpoint/seen/")
    assert "The primary endpoint changed" not in login("pi").get("/").content.decode()
    assert "The primary endpoint changed" in login("datamanager").get("/").content.decode()


def test_vital_status_is_known_from_others(story):
    story.treated()
    record = story.record(Contact, tried_on=date(2016, 5, 1), how="gp", reached="yes", vital_status="alive")

    with pytest.raises(ValidationError, match="after the attempt"):
        story.change(record, known_alive_on=date(2016, 5, 2))


@pytest.mark.parametrize(
    ("zone", "off", "knife", "verdict"),
    [
        ("Europe/Lisbon", "2015-10-24 16:00", "2015-10-26 15:00", "compliant"),
        ("Europe/Lisbon", "2015-10-24 16:00", "2015-10-26 15:01", "late"),
        ("America/New_York", "2015-10-31 16:00", "2015-11-02 15:01", "late"),
        ("America/New_York", "2015-10-24 16:00", "2015-10-26 16:00", "compliant"),  # no clock changed there that night
    ],
)
def test_a_site_in_another_zone_counts_on_its_own_clocks(people, site_b, zone, off, knife, verdict):
    site_b.zone = zone
    site_b.save()
    there = Story({**people, "nurse": people["nurse_b"]}, site_b)
    tz = site_b.tz
    end, cut = (datetime.fromisoformat(moment).replace(tzinfo=tz) for moment in (off, knife))
    row = SbrtFraction().fill(beam_on_at=end - timedelta(minutes=35), beam_off_at=end)
    there.record(Sbrt, rows=[row], delivery="completed")
    there.record(Surgery, index="yes", performed="yes", incision_at=cut)

    assert there.window().verdict == verdict
    assert there.endpoint().window_last_day == cut.date() + timedelta(days=60)
