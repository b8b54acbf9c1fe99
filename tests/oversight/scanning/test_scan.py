"""The deadline scan: once, however often; re-judged when a time is corrected; one bad participant stops nobody."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adverse_events.models import AdverseEvent, SeriousEvent
from assessments.models import Visit
from enrollment.models import Deviation, EndOfStudy
from oversight import health
from oversight.models import Alert, Deadline, Finding, ScanFailure, ScanState
from oversight.scanning import scan
from procedures.models import Sbrt, SbrtFraction, Surgery
from records import services
from tests import builders

BEAM_OFF = datetime(2016, 3, 7, 14, 0, tzinfo=UTC)


def hours(after):
    return BEAM_OFF + timedelta(hours=after)


@pytest.fixture
def participant(people, site):
    """Irradiated, and waiting for surgery."""
    subject = builders.register(site, people["nurse"])
    fraction = SbrtFraction().fill(beam_on_at=hours(-0.6), beam_off_at=BEAM_OFF)
    builders.record(Sbrt, subject, people["nurse"], rows=[fraction], delivery="completed")
    return subject


def operate(participant, people, after, **more):
    answers = {"index": "yes", "performed": "yes", "incision_at": hours(after), **more}
    return builders.record(Surgery, participant, people["nurse"], **answers)


def kinds(**which):
    """Everything but the ordinary visits and the endpoint, which have tests of their own."""
    alerts = Alert.objects.filter(**which).exclude(kind__startswith="visit-").exclude(kind="endpoint-changed")
    return sorted(alerts.values_list("kind", flat=True))


def test_the_window_is_told_once_at_36_hours(participant):
    for now in (hours(20), hours(35.9)):
        scan.scan(now)
    assert kinds() == []

    for _again in range(3):
        scan.scan(hours(36.1))

    assert kinds() == ["window-closing"]


def test_a_missed_window_drafts_one_deviation_for_a_person(participant, people):
    for now in (hours(49), hours(50), hours(60)):
        scan.scan(now)

    [deviation] = Deviation.objects.all()
    assert (deviation.kind, deviation.status, deviation.created_by.username) == ("window-not-done", "draft", "system")
    assert "window-missed" in kinds(outcome="open")


def test_a_voided_draft_is_not_drafted_again_for_the_same_values(participant, people):
    scan.scan(hours(49))
    draft = Deviation.objects.get()
    services.void(draft, by=people["nurse"], reason="Not one", version=draft.version)

    scan.scan(hours(51))

    assert Deviation.objects.filter(voided_at__isnull=True).count() == 0


def test_surgery_in_time_settles_it(participant, people):
    scan.scan(hours(40))
    operate(participant, people, 41)

    scan.scan(hours(49))

    assert Alert.objects.get(kind="window-closing").outcome == "met"
    assert kinds(outcome="open") == []
    assert Deviation.objects.count() == 0


def test_a_corrected_time_judges_again_and_the_old_alert_stays(participant, people):
    scan.scan(hours(40))
    fraction = SbrtFraction.objects.get()
    fraction.fill(beam_off_at=hours(3))
    sbrt = Sbrt.objects.get()
    services.write(sbrt, by=people["nurse"], version=sbrt.version, reason="Machine log checked", rows=[fraction])

    scan.scan(hours(40.5))

    assert list(Alert.objects.order_by("due_at").values_list("due_at", "outcome")) == [
        (hours(48), "moved"),
        (hours(51), "open"),
    ]


def test_three_days_without_a_worker_are_made_up_at_once(participant, people):
    scan.scan(hours(1))

    scan.scan(hours(75))

    assert kinds() == ["window-missed"]  # nothing is closing any more
    assert Deviation.objects.count() == 1


def test_day_60_is_told_on_day_60_and_when_its_window_has_closed(participant, people):
    operate(participant, people, 20)
    opens = datetime(2016, 5, 6, 22, 0, tzinfo=UTC)  # 7 May, Dutch midnight: 60 days after 8 March

    scan.scan(opens - timedelta(minutes=1))
    assert kinds() == []
    scan.scan(opens)
    assert kinds() == ["day-60-due"]
    scan.scan(opens + timedelta(days=16))
    assert kinds() == ["day-60-due", "day-60-overdue"]

    builders.record(Visit, participant, people["nurse"], visit="d60", done="yes", visited_on=opens.date())
    scan.scan(opens + timedelta(days=16, minutes=1))
    assert kinds(outcome="open") == []


def test_after_a_death_nobody_is_reminded(participant, people):
    operate(participant, people, 20)
    scan.scan(hours(24))
    builders.record(EndOfStudy, participant, people["nurse"], outcome="died", ended_on=hours(500).date())

    scan.scan(hours(24 * 100))

    assert kinds() == []


def test_without_surgery_day_60_counts_from_sbrt(participant, people):
    scan.scan(hours(49))

    assert Deadline.objects.get(kind="day-60-due").raise_at == datetime(2016, 5, 5, 22, 0, tzinfo=UTC)


def test_a_serious_event_has_its_clocks(participant, people):
    operate(participant, people, 20)
    event = builders.record(AdverseEvent, participant, people["nurse"], verbatim="Sepsis", life_threatening="yes")
    case = builders.record(
        SeriousEvent,
        participant,
        people["nurse"],
        adverse_event=event,
        kind="life-threatening",
        site_aware_at=hours(100),
    )

    scan.scan(hours(101))
    assert kinds() == ["sae-site-report"]
    scan.scan(hours(124.1))
    assert kinds() == ["sae-site-late", "sae-site-report"]

    builders.change(case, people["nurse"], site_reported_at=hours(125))
    scan.scan(hours(126))
    assert kinds(outcome="open") == []


def test_one_bad_participant_is_remembered_and_stops_nobody(participant, people, site, monkeypatch):
    other = builders.register(site, people["nurse"])
    whole = scan.judge

    def judge(book, now, since):
        if book.participant.pk == other.pk:
            raise ValueError("cannot be judged")
        whole(book, now, since)

    monkeypatch.setattr(scan, "judge", judge)
    report = scan.scan(hours(40))

    assert (report.failed, ScanFailure.objects.get().participant) == (1, other)
    assert kinds() == ["window-closing"]

    monkeypatch.undo()
    scan.scan(hours(41))
    assert ScanFailure.objects.count() == 0


def test_a_rehearsal_writes_nothing(participant, capsys):
    call_command("scan", "--dry-run", "--now", hours(49).isoformat())

    output = capsys.readouterr().out
    assert f"{participant.code} window-missed" in output
    assert (Alert.objects.count(), Deviation.objects.count(), ScanState.objects.count()) == (0, 0, 0)


def test_two_scans_at_once_are_one(committed, participant, people):
    import threading

    from django.db import connection

    barrier = threading.Barrier(4)
    failures = []

    def work():
        try:
            barrier.wait()
            scan.scan(hours(49))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert kinds() == ["window-missed"]
    assert Deviation.objects.count() == 1


def test_an_alert_that_reaches_nobody_is_counted(participant, people):
    for person in people.values():
        person.email = ""
        person.save()

    scan.scan(hours(36.5))

    assert health.check(hours(40))["alerts_unsent"] == 1


def test_after_a_restore_everybody_is_judged_again(participant):
    """The restored cursor is ahead of a server whose transactions count from the beginning again."""
    scan.scan(hours(1))  # by the rules of today: they are no reason to judge anybody again
    ScanState.objects.update(cursor=2**40)

    assert scan.scan(hours(40)).judged == 1
    assert kinds() == ["window-closing"]


def test_the_clock_alone_makes_a_window_of_unknown_time_a_missed_one(people, site):
    subject = builders.register(site, people["nurse"])
    fraction = SbrtFraction().fill(beam_on_at=BEAM_OFF.date(), beam_off_at=BEAM_OFF.date())
    builders.record(Sbrt, subject, people["nurse"], rows=[fraction], delivery="completed")
    scan.scan(hours(1))
    assert Finding.objects.get().code == "no-beam-off"

    for after in (40, 100, 24 * 65):
        scan.scan(hours(after))

    assert {"window-closing", "window-missed", "day-60-due"} <= set(kinds())
    assert Deviation.objects.filter(kind="window-not-done").exists()


def test_an_ordinary_visit_is_told_when_it_opens_and_when_it_is_over(participant, people):
    operate(participant, people, 20)
    scan.scan(hours(24 * 13))
    assert set(Alert.objects.filter(subject="w2").values_list("kind", flat=True)) == {"visit-due"}

    scan.scan(hours(24 * 20))
    builders.record(Visit, participant, people["nurse"], visit="w2", done="yes")
    scan.scan(hours(24 * 21))

    alerts = Alert.objects.filter(subject="w2").values_list("kind", "outcome")
    assert set(alerts) == {("visit-due", "met"), ("visit-overdue", "met")}


def test_where_nothing_changed_the_boundary_is_not_counted_again(committed, people, site):
    def counted():
        with CaptureQueriesContext(connection) as asked:
            scan.scan(hours(1))
        return any("oversight_endpointverdict" in query["sql"] for query in asked.captured_queries)

    builders.register(site, people["nurse"])
    assert counted()
    scan.scan(hours(1))  # what the first one wrote itself

    assert not counted()
    builders.register(site, people["nurse"])
    assert counted()
