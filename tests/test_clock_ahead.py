"""A clock that was a year ahead and came back: what it dated in the future is late, is said so, and work goes on."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts import invitations, recertification, selectors
from accounts.due import SKEW, due, is_ahead
from accounts.login import attempts, factors, session_timeout, sessions
from accounts.login.attempts import Attempt
from accounts.models import Recertification
from accounts.security_log import Act
from oversight import health
from oversight.figures import cache
from oversight.models import Alert, BackupRun, Judgement, KeptFigures, Mail, Message, ScanState, Snooze, Urgency
from oversight.notifications import notify, outbox
from oversight.scanning import alerts, scan
from oversight.worklist import snooze
from records.audit import read_log, verification
from records.models import AuditCheck, Read
from sbrtspine import backups, beat, tasks
from tests import builders

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("last", "is_due"),
    [(None, True), (-2 * HOUR, True), (-HOUR / 2, False), (SKEW / 2, False), (2 * SKEW, True), (YEAR, True)],
)
def test_what_is_due(last, is_due):
    at = None if last is None else NOW + last
    assert due(at, HOUR, NOW) is is_due
    assert is_ahead(at, NOW) is (last is not None and last > SKEW)


@pytest.fixture
def participant(people, site, settings, tmp_path):
    settings.SEALS, settings.SEAL_KEY_FILE = tmp_path / "seals", tmp_path / "key"
    return builders.register(site, people["nurse"])


def proof(at):
    AuditCheck.objects.create(at=at, rows=1, findings=0, sentences=[])


def run_of(kind):
    return lambda at: BackupRun.objects.create(kind=kind, at=at, file="x", good=True, seconds=1)


def scanned(at):
    ScanState.objects.update_or_create(pk=1, defaults={"cursor": 0, "rules": "", "last_finished_at": at})


@pytest.mark.parametrize(
    ("part", "what", "do"),
    [
        ("audit", "proof", proof),
        ("backup", "backup", run_of(BackupRun.Kind.BACKUP)),
        ("drill", "drill", run_of(BackupRun.Kind.DRILL)),
        ("scan", "scan", scanned),
    ],
)
def test_health_is_red_and_says_so_until_it_is_done_again(participant, part, what, do):
    now = timezone.now()
    do(now + YEAR)
    report = health.check(now)
    assert (report["status"], report[part]["late"]) == ("fail", True)
    assert report[part]["because"] == f"The last {what} is dated in the future: the clock was ahead."

    do(now)
    report = health.check(now)[part]
    assert report["late"] is False
    assert "because" not in report


def test_a_proof_made_after_the_clock_came_back_is_the_last_one(participant):
    now = timezone.now()
    proof(now + YEAR)
    AuditCheck.objects.create(at=now, rows=1, findings=3, sentences=[])

    assert health.check(now)["audit"]["findings"] == 3
    assert AuditCheck.objects.latest().findings == 3
    assert verification.prove(now).pk == AuditCheck.objects.latest().pk


@pytest.mark.parametrize("ahead", [timedelta(hours=5), YEAR])
def test_a_worker_that_starts_backs_up_and_drills_again(participant, ahead, monkeypatch):
    done = []
    monkeypatch.setattr(backups, "run", lambda _now: done.append("backup"))
    monkeypatch.setattr(tasks.drills, "run", lambda _now: done.append("drill"))
    for kind in BackupRun.Kind:
        run_of(kind)(timezone.now() + ahead)
    tasks.catch_up()
    assert done == ["backup", "drill"]


def test_the_drill_takes_the_newest_backup_that_can_be_true(settings, tmp_path):
    settings.BACKUPS = str(tmp_path)
    for stamp in ("20260228T024100Z", "20260301T024100Z", "20270301T024100Z"):
        (tmp_path / f"sbrtspine-{stamp}.backup").touch()
    assert backups.newest(NOW).name == "sbrtspine-20260301T024100Z.backup"
    for file in backups.files()[:2]:
        file.unlink()
    assert backups.newest(NOW).name == "sbrtspine-20270301T024100Z.backup"


def test_beat_sends_at_once_what_it_thinks_it_sent_in_the_future(monkeypatch, tmp_path):
    from sbrtspine.celery import app

    sent = []
    scheduler = beat.Scheduler(app, schedule_filename=str(tmp_path / "beat"))
    monkeypatch.setattr(scheduler, "apply_entry", lambda entry, producer=None: sent.append(entry.name))
    for entry in scheduler.schedule.values():
        entry.last_run_at = entry.default_now() + YEAR
    scheduler.tick()
    for _each in scheduler.schedule:
        scheduler.tick()
    scheduler.close()
    assert {"scan", "prove", "backup", "drill", "seal", "send_safety"} <= set(sent)


def test_a_participant_judged_in_the_future_is_judged_again(participant):
    now = timezone.now()
    scan.scan(now)
    nothing_since = 1 << 60
    with connection.cursor() as cursor:
        assert scan._changed(cursor, nothing_since, now) == set()
        Judgement.objects.update(judged_at=now + YEAR, again_at=None)
        assert scan._changed(cursor, nothing_since, now) == {participant.pk}


def alert(participant, at):
    return Alert.objects.create(
        participant=participant, kind="window-closing", subject="", due_at=at, raised_at=at, told_at=at, outcome="open"
    )


def test_a_safety_alert_told_in_the_future_is_passed_on(participant, people):
    now = timezone.now()
    old_alert = alert(participant, now + YEAR)
    Message.objects.create(person=people["nurse"], alert=old_alert, urgency=Urgency.SAFETY, raised_at=now + YEAR)
    notify.enqueue_all(now)
    assert [message.person for message in Message.objects.filter(level=1)] == [people["pi"]]
    notify.enqueue_all(now)
    assert Message.objects.count() == 2
    assert alerts.unsent(now) == 0  # a mail is under way


@pytest.mark.parametrize("urgency", [Urgency.SAFETY, Urgency.ORDINARY])
def test_a_mail_due_in_the_future_is_late_and_sent_now(participant, people, urgency, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    now = timezone.now()
    old_alert = alert(participant, now)
    later = now + YEAR
    letter = Mail.objects.create(person=people["nurse"], urgency=urgency, due_at=later, try_at=later, begun_at=later)
    Message.objects.create(person=people["nurse"], alert=old_alert, urgency=urgency, raised_at=later, mail=letter)
    assert outbox.waiting(now)["safety_late"] == (urgency == Urgency.SAFETY)
    assert outbox.send(now).sent == 1
    assert len(mail.outbox) == 1


def test_a_mail_held_back_until_tomorrow_stays_so(participant, people):
    now = timezone.now()
    later = now + timedelta(hours=30)
    Mail.objects.create(person=people["nurse"], urgency=Urgency.ORDINARY, due_at=later, try_at=later)
    assert outbox._take(now, False) is None


def test_a_line_put_aside_in_the_future_is_back(participant, people):
    now = timezone.now()
    Snooze.objects.create(person=people["nurse"], url="/x", reason="Later", at=now + YEAR, until=now + 2 * YEAR)
    assert snooze._current_snoozes(people["nurse"], now) == {}


def test_figures_kept_in_the_future_are_forgotten_or_worked_out(participant, monkeypatch):
    now = timezone.now()
    asked = {"page": "safety", "sites": [], "readings": {}, "language": "en"}
    KeptFigures.objects.create(key="x", page="safety", asked=asked, horizon="1:1:", at=now + YEAR, owed_at=now)
    done = []
    monkeypatch.setattr(cache, "work_out", lambda what, _clock: done.append(what))
    assert cache.work_out_owed(lambda: now) == 1
    cache.forget(now)
    assert not KeptFigures.objects.exists()


def test_a_reading_dated_in_the_future_hides_none(participant, login, people):
    client = login("nurse")
    address = f"/participants/{participant.code}/"
    Read.objects.create(
        at=timezone.now() + YEAR, person=people["nurse"], reader="x", participant=participant.code, kind="page",
        address=address,
    )  # fmt: skip
    for _each in range(2):
        client.get(address, headers={"HX-Request": "true"})
    assert Read.objects.filter(at__lt=timezone.now() + read_log.POLLED, address=address).count() == 1


def test_failures_counted_in_the_future_lock_nobody_out(db):
    counted = attempts.signing_keys("nurse")
    for _each in range(20):
        over, _first = attempts.begin(counted, NOW + YEAR)
    assert over
    assert attempts.begin(counted, NOW) == (False, False)
    assert not Attempt.objects.filter(at__gt=NOW).exists()


@pytest.mark.parametrize(
    ("since", "seen", "why"),
    [(0, 0, ""), (YEAR, YEAR, "over"), (timedelta(0), YEAR, "idle"), (YEAR, timedelta(0), "over")],
)
def test_a_session_begun_or_seen_in_the_future_asks_again(since, seen, why):
    clocks = {sessions.SINCE: since, sessions.SEEN: seen}
    session = {name: int((NOW + (ahead or timedelta(0))).timestamp()) for name, ahead in clocks.items()}
    assert session_timeout.locked(SimpleNamespace(session=session), NOW) == why


def test_an_invitation_made_in_the_future_is_no_longer_good(people):
    secret = invitations.invite(people["nurse"], by=people["admin"], now=NOW + YEAR, origin="https://edc.example.org")
    assert not invitations.open_ones(secret, NOW).exists()
    again = invitations.invite(people["nurse"], by=people["admin"], now=NOW, origin="https://edc.example.org")
    assert invitations.open_ones(again, NOW).exists()


def test_an_account_last_looked_at_in_the_future_is_to_be_looked_at(people):
    now = timezone.now()
    recertification.confirm([people["nurse"]], by=people["admin"], now=now + YEAR)
    people["nurse"].last_login = now + YEAR
    people["nurse"].save()
    [nurse] = [person for person in selectors.people(now) if person == people["nurse"]]
    assert (nurse.look_again, nurse.dormant) == (True, True)
    assert Recertification.objects.exists()
    assert Act.objects.exists()


def test_a_code_taken_in_the_future_does_not_refuse_those_of_now(monkeypatch):
    authenticator = SimpleNamespace(data={"secret": "x", "last_step": 0}, save=lambda **_fields: None)
    monkeypatch.setattr(factors, "decrypt", lambda secret: secret)
    monkeypatch.setattr(factors, "_step_of", lambda _secret, _given, now: int(now.timestamp()) // factors.STEP)
    assert factors._is_code(authenticator, "123456", NOW + YEAR)
    assert factors._is_code(authenticator, "123456", NOW)
    assert not factors._is_code(authenticator, "123456", NOW)  # once
