"""Messages and mail: owed with the alert, the urgent first, repeated rather than lost, quiet at night, passed on."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as django_mail
from django.db import connection
from django.utils import timezone

from adverse_events.models import AdverseEvent, SeriousEvent
from oversight import health
from oversight.models import Alert, Mail, Message, MessagePreference, Urgency
from oversight.notifications import notify, outbox, quiet_hours
from oversight.scanning import scan
from procedures.models import Sbrt, SbrtFraction, Surgery
from tests import builders
from tests.builders import AMSTERDAM, amsterdam
from tests.environment import ROOT
from tests.smtp import SmtpServer

BEAM_OFF = datetime(2016, 3, 7, 14, 0, tzinfo=UTC)
SAFETY = {"urgency": Urgency.SAFETY}
ORDINARY = {"urgency": Urgency.ORDINARY}


def hours(after):
    return BEAM_OFF + timedelta(hours=after)


@pytest.fixture
def participant(people, site):
    """Irradiated, and waiting for surgery."""
    subject = builders.register(site, people["nurse"])
    fraction = SbrtFraction().fill(beam_on_at=hours(-0.6), beam_off_at=BEAM_OFF)
    builders.record(Sbrt, subject, people["nurse"], rows=[fraction], delivery="completed")
    return subject


@pytest.fixture
def smtp(settings):
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        yield server


def owed(person, number=1, *, at=BEAM_OFF, urgency=Urgency.ORDINARY, participant=None):
    """So many alerts with a mail each, as the scan would have written them."""
    kind = "window-closing" if urgency == Urgency.SAFETY else "visit-due"
    first = Alert.objects.count()
    alerts = Alert.objects.bulk_create(
        Alert(
            participant=participant,
            kind=kind,
            subject=f"u{first + n}",
            due_at=at,
            because="-",
            raised_at=at,
            told_at=at,
        )
        for n in range(number)
    )
    mails = Mail.objects.bulk_create(
        Mail(person=person, urgency=urgency, due_at=at, try_at=at) for _each in range(number)
    )
    Message.objects.bulk_create(
        Message(person=person, alert=alert, urgency=urgency, raised_at=at, mail=letter)
        for alert, letter in zip(alerts, mails, strict=True)
    )
    return mails


def names(**which):
    return sorted(Message.objects.filter(**which).values_list("person__username", flat=True))


# Who is told, in the same transaction ---------------------------------------------------------------


def test_an_alert_is_owed_to_the_people_of_the_site_in_the_transaction_that_raises_it(participant, people):
    scan.rehearse(hours(40))
    assert Message.objects.count() == 0

    scan.scan(hours(40))
    scan.scan(hours(40.1))

    assert names(alert__kind="window-closing") == ["nurse", "pi", "radonc", "surgeon"]
    assert Mail.objects.filter(sent_at=None, **SAFETY).count() == 4


def test_a_leaver_is_not_told(participant, people):
    people["surgeon"].is_active = False
    people["surgeon"].save()

    scan.scan(hours(40))

    assert "surgeon" not in names()


def test_who_has_no_address_is_told_here(participant, people, login):
    people["nurse"].email = ""
    people["nurse"].save()

    scan.scan(hours(40))

    assert Message.objects.get(person=people["nurse"]).mail is None
    assert "48-hour window is closing" in login("nurse").get("/messages/").content.decode()


# What leaves the hospital ---------------------------------------------------------------------------


def test_a_mail_says_until_when_and_where_and_nothing_clinical(participant, people, smtp):
    scan.scan(hours(40))

    assert outbox.send(hours(40)).sent == 4

    letter = next(mail for mail in smtp.taken if mail["To"] == "nurse@example.org")
    text = letter["Subject"] + letter.get_payload()
    message = Message.objects.get(person=people["nurse"])
    assert "8 h 00 min left" in text
    assert "Wed 9 Mar 2016 15:00 CET" in text
    assert f"/messages/#m-{message.pk}" in text
    for word in (participant.code, "window", "surgery", "48", "UMC", "SBRT"):
        assert word not in text
    assert message.mail.sent_at >= hours(40)


def test_what_was_done_meanwhile_is_not_mailed(participant, people, smtp):
    scan.scan(hours(40))
    builders.record(Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=hours(41))
    scan.scan(hours(42))

    assert (outbox.send(hours(42)).sent, smtp.taken) == (0, [])
    assert Mail.objects.filter(not_needed_at__isnull=False).count() == 4


# Quiet hours and the digest --------------------------------------------------------------------------

PREFERENCE = MessagePreference(quiet_from=20, quiet_to=7, digest_hour=8)
DIGEST = MessagePreference(mode="digest", digest_hour=8)
NO_QUIET = MessagePreference(quiet_from=7, quiet_to=7)
ROUND = MessagePreference(quiet_from=9, quiet_to=12)  # within one day: on the ward


@pytest.mark.parametrize(
    ("preference", "urgency", "now", "due"),
    [
        (PREFERENCE, Urgency.ORDINARY, "2016-03-08 14:00", "2016-03-08 14:00"),
        (PREFERENCE, Urgency.ORDINARY, "2016-03-08 19:59", "2016-03-08 19:59"),
        (PREFERENCE, Urgency.ORDINARY, "2016-03-08 20:00", "2016-03-09 07:00"),
        (PREFERENCE, Urgency.ORDINARY, "2016-03-08 06:59", "2016-03-08 07:00"),
        (PREFERENCE, Urgency.ORDINARY, "2016-03-08 07:00", "2016-03-08 07:00"),
        (PREFERENCE, Urgency.ORDINARY, "2016-03-26 23:00", "2016-03-27 07:00"),  # the clocks go forward
        (PREFERENCE, Urgency.SAFETY, "2016-03-08 03:00", "2016-03-08 03:00"),
        (NO_QUIET, Urgency.ORDINARY, "2016-03-08 03:00", "2016-03-08 03:00"),
        (ROUND, Urgency.ORDINARY, "2016-03-08 08:59", "2016-03-08 08:59"),
        (ROUND, Urgency.ORDINARY, "2016-03-08 09:00", "2016-03-08 12:00"),
        (ROUND, Urgency.ORDINARY, "2016-03-08 11:59", "2016-03-08 12:00"),
        (ROUND, Urgency.ORDINARY, "2016-03-08 12:00", "2016-03-08 12:00"),
        (NO_QUIET, Urgency.ORDINARY, "2016-03-08 07:00", "2016-03-08 07:00"),
        (DIGEST, Urgency.ORDINARY, "2016-03-08 07:59", "2016-03-08 08:00"),
        (DIGEST, Urgency.ORDINARY, "2016-03-08 08:00", "2016-03-09 08:00"),
        (DIGEST, Urgency.SAFETY, "2016-03-08 03:00", "2016-03-08 03:00"),
    ],
)
def test_quiet_hours_hold_back_everything_but_safety(preference, urgency, now, due):
    assert quiet_hours.due(preference, urgency, amsterdam(now), AMSTERDAM) == amsterdam(due)


def test_a_digest_is_one_mail_for_many_messages(participant, people, smtp):
    MessagePreference.objects.create(person=people["nurse"], mode="digest", digest_hour=8)
    builders.record(Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=hours(20))
    scan.scan(hours(24 * 24))
    scan.scan(hours(24 * 24) + timedelta(minutes=5))
    count = Message.objects.filter(person=people["nurse"], **ORDINARY).count()

    outbox.send(hours(24 * 25))

    [letter] = [mail for mail in smtp.taken if mail["To"] == "nurse@example.org"]
    assert letter["Subject"] == f"BLEND: {count} things need you"
    assert letter.get_payload().count("/messages/#m-") == count > 3


def test_an_envelope_that_is_on_its_way_takes_no_more(participant, people, smtp):
    """The scan's clock may stand before the hour of the digest when the sender's is past it."""
    MessagePreference.objects.create(person=people["nurse"], mode="digest", digest_hour=8)
    builders.record(Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=hours(20))
    scan.scan(hours(24 * 12))
    digest = Mail.objects.get(person=people["nurse"], sent_at=None)
    outbox.send(digest.due_at)

    visit = Alert.objects.create(
        participant=participant, kind="visit-due", subject="m6", due_at=hours(9999), raised_at=hours(24 * 12)
    )
    notify.enqueue_for_alerts(digest.due_at - timedelta(seconds=1))

    late = Message.objects.get(person=people["nurse"], alert=visit).mail
    assert (late.sent_at, late.due_at) == (None, digest.due_at)
    assert outbox.send(digest.due_at + timedelta(minutes=1)).sent >= 1


# Nobody acknowledges --------------------------------------------------------------------------------


def test_what_nobody_acknowledges_goes_to_the_investigator_and_then_to_the_data_manager(participant, people, settings):
    settings.ESCALATE_AFTER_MINUTES = 15
    scan.scan(hours(40))
    scan.scan(hours(40) + timedelta(minutes=14))
    assert names(level__gt=0) == []

    scan.scan(hours(40) + timedelta(minutes=15))
    assert names(level=1) == ["pi"]
    scan.scan(hours(40) + timedelta(minutes=16))
    scan.scan(hours(40) + timedelta(minutes=30))
    scan.scan(hours(40) + timedelta(minutes=90))

    assert names(level=2) == ["datamanager"]
    assert names(level__gt=2) == []


def test_where_nobody_is_principal_investigator_the_data_manager_hears_at_once(participant, people, settings):
    """Who held the role has left it: that step is nobody's, and costs no time."""
    settings.ESCALATE_AFTER_MINUTES = 15
    people["pi"].memberships.update(starts_at=hours(-9999), ends_at=hours(39))
    scan.scan(hours(40))
    assert "pi" not in names()

    scan.scan(hours(40) + timedelta(minutes=15))

    assert names(level__gt=0) == ["datamanager"]
    scan.scan(hours(40) + timedelta(minutes=90))
    assert names(level__gt=0) == ["datamanager"]


def test_one_person_acknowledges_for_all(participant, people, login):
    scan.scan(hours(40))
    message = Message.objects.get(person=people["surgeon"])

    login("surgeon").post(f"/messages/{message.pk}/acknowledge/")
    scan.scan(hours(41))

    assert names(level__gt=0) == []
    assert "Sem Bakker" in login("nurse").get("/messages/").content.decode()


def test_nobody_acknowledges_what_another_was_told(participant, people, login):
    scan.scan(hours(40))
    message = Message.objects.get(person=people["surgeon"])

    assert login("nurse").post(f"/messages/{message.pk}/acknowledge/").status_code == 404
    assert Message.objects.filter(acknowledged_at__isnull=False).count() == 0


def test_a_serious_event_is_passed_on_too(participant, people):
    event = builders.record(AdverseEvent, participant, people["nurse"], verbatim="Sepsis", life_threatening="yes")
    builders.record(
        SeriousEvent, participant, people["nurse"], adverse_event=event, kind="life-threatening", site_aware_at=hours(1)
    )
    scan.scan(hours(2))
    scan.scan(hours(2.5))

    assert names(level=1, alert__kind="sae-site-report") == ["pi"]


# The mail server refuses, is slow, is down -----------------------------------------------------------


def test_a_server_that_is_down_is_asked_again_and_told(participant, people, smtp, settings):
    scan.scan(hours(40))
    settings.EMAIL_PORT = 1  # nobody listens there

    report = outbox.send(hours(40))

    assert (report.sent, report.away) == (0, True)
    tried = Mail.objects.get(tries=1)
    assert tried.last_error == "ConnectionRefusedError"
    assert health.check(hours(40.1))["mail"]["failing"] == 1
    late = health.check(hours(40.3))
    assert (late["mail"]["safety_late"], late["status"]) == (4, "fail")

    settings.EMAIL_PORT = smtp.port
    assert outbox.send(tried.try_at if (tried := Mail.objects.get(tries=1)) else None).sent == 4
    assert health.check(hours(40.3))["mail"] == {"failing": 0, "safety_late": 0}


def test_one_address_that_is_refused_does_not_hold_up_the_others(participant, people, smtp):
    smtp.refuse = {"pi@example.org"}
    scan.scan(hours(36.5))

    report = outbox.send(hours(36.5))

    assert (report.sent, report.failed) == (3, 1)
    refused = Mail.objects.get(sent_at=None)
    assert (refused.person.username, refused.last_error) == ("pi", "SMTPRecipientsRefused")
    assert outbox.send(hours(36.5)).failed == 0, "it is not asked again at once"


def test_the_wait_grows_and_has_an_end(participant, people, smtp):
    smtp.refuse = {"nurse@example.org"}
    [letter] = owed(people["nurse"], participant=participant)
    waits, now = [], BEAM_OFF
    for _try in range(12):
        outbox.send(now)
        letter.refresh_from_db()
        waits.append((letter.try_at - now).total_seconds())
        now = letter.try_at

    assert [round(wait) for wait in waits[:3]] == [30, 60, 120]
    assert round(waits[-1]) == 3600


def test_a_slow_server_ends_the_run_and_loses_nothing(participant, people, smtp, settings):
    settings.EMAIL_TIMEOUT = 0.2
    owed(people["nurse"], 3, participant=participant)
    smtp.silent.set()

    report = outbox.send(BEAM_OFF)

    assert (report.sent, report.away) == (0, True)
    smtp.silent.clear()
    settings.EMAIL_TIMEOUT = 5
    assert outbox.send(hours(1)).sent == 3


def test_a_run_is_bounded(participant, people, smtp):
    owed(people["nurse"], 3, participant=participant)

    assert outbox.send(BEAM_OFF, at_most=0).sent == 0
    assert Mail.objects.filter(sent_at=None).count() == 3


# Killed between send and mark -------------------------------------------------------------------------

_SEND = """
import django; django.setup()
from datetime import datetime
from oversight.notifications import outbox
outbox.send(datetime.fromisoformat("{now}"))
"""


def test_a_worker_killed_between_send_and_mark_repeats_and_says_so(committed, people, participant, smtp):
    owed(people["nurse"], participant=participant, **SAFETY)
    worker = subprocess.Popen(
        [sys.executable, "-c", _SEND.format(now=BEAM_OFF.isoformat())],
        cwd=ROOT,
        env={**os.environ, "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}"},
    )
    smtp.on_taken = lambda message: os.kill(worker.pid, signal.SIGKILL)
    assert worker.wait(timeout=60) == -signal.SIGKILL
    smtp.on_taken = lambda message: None
    assert Mail.objects.get().sent_at is None

    assert outbox.send(BEAM_OFF + timedelta(seconds=30)).sent == 1
    assert outbox.send(BEAM_OFF + timedelta(minutes=30)).sent == 0

    first, second = smtp.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert (first["X-Possible-Repeat"], second["X-Possible-Repeat"]) == (None, "yes")
    assert "may have had this mail before" in second.get_payload()
    assert Mail.objects.get().repeats == 1


def test_four_workers_send_each_mail_once(committed, people, participant, smtp):
    owed(people["nurse"], 60, participant=participant)
    together(*[lambda: outbox.send(BEAM_OFF)] * 4)

    identities = [mail["Message-ID"] for mail in smtp.taken]
    assert len(identities) == len(set(identities)) == 60


def together(*jobs):
    """All at once, each with a connection of its own."""
    failures = []

    def work(job):
        try:
            job()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# Ten thousand at once ---------------------------------------------------------------------------------


def test_a_safety_alert_goes_before_ten_thousand_others_that_wait(participant, people, smtp):
    """Raised while the run is at work, it is the very next mail."""
    owed(people["nurse"], 10_000, participant=participant)

    def raise_one(message):
        if len(smtp.taken) == 20:
            raised.set()

    raised = threading.Event()
    smtp.on_taken = raise_one
    order = []
    whole = outbox._take

    def take(now, safety_only):
        if raised.is_set() and not order:
            order.append(len(smtp.taken))
            owed(people["pi"], participant=participant, **SAFETY)
        return None if len(smtp.taken) > 30 else whole(now, safety_only)

    outbox._take, kept = take, outbox._take
    try:
        outbox.send(BEAM_OFF)
    finally:
        outbox._take = kept

    assert [mail["To"] for mail in smtp.taken].index("pi@example.org") == order[0] == 20


def test_the_safety_queue_goes_on_while_the_others_are_held_up(committed, participant, people, smtp):
    """A run that hangs with a server in the middle of ten thousand mails holds up no safety mail."""
    owed(people["nurse"], 10_000, participant=participant)
    hangs, go_on = threading.Event(), threading.Event()

    def hang(message):
        if message["To"] == "nurse@example.org":
            hangs.set()
            go_on.wait()

    smtp.on_taken = hang
    slow = threading.Thread(target=lambda: (outbox.send(BEAM_OFF, at_most=0.001), connection.close()))
    slow.start()
    assert hangs.wait(timeout=30)
    owed(people["pi"], participant=participant, at=hours(1), **SAFETY)

    report = outbox.send(hours(1), safety_only=True)

    go_on.set()
    slow.join()
    assert report.sent == 1
    assert Mail.objects.filter(sent_at__isnull=False, **SAFETY).count() == 1


def test_safety_has_a_queue_and_a_worker_of_its_own(settings):
    from sbrtspine.celery import app
    from sbrtspine.devserver.supervisor import Supervisor

    route = app.amqp.router.route({}, "oversight.tasks.send_safety")
    assert route["queue"].name == "safety"
    programs = {part.name: part.command for part in Supervisor(print, 8000, settings.MAILBOX)._programs()}
    assert "safety" in programs["safety"]
    assert "-Q" not in programs["worker"]


# The pages --------------------------------------------------------------------------------------------


def test_the_bell_counts_what_has_not_been_seen(participant, people, login):
    scan.scan(hours(40))
    browser = login("nurse")
    assert '1<span class="unseen"> unread' in browser.get("/").content.decode()

    message = Message.objects.get(person=people["nurse"])
    browser.post("/messages/seen/", {"message": [str(message.pk)]})

    assert "unread" not in browser.get("/").content.decode()


def test_a_message_leads_to_the_very_field_and_says_what_became_of_it(participant, people, login):
    scan.scan(hours(40))
    assert f"/participants/{participant.code}/surgery/new/#q-incision_at" in page(login, "nurse", "/messages/")

    builders.record(Surgery, participant, people["nurse"], index="yes", performed="yes", incision_at=hours(41))
    scan.scan(hours(42))

    assert "done" in page(login, "nurse", "/messages/")


def page(login, who, address):
    return login(who).get(address).content.decode()


def test_preferences_are_kept_and_nonsense_is_refused(people, login):
    browser = login("nurse")
    preferences = {"mode": "digest", "digest_hour": "8", "quiet_from": "21", "quiet_to": "6"}

    assert browser.post("/messages/preferences/", preferences).status_code == 302
    kept = MessagePreference.objects.get(person=people["nurse"])
    assert (kept.mode, kept.digest_hour, kept.quiet_from, kept.quiet_to) == ("digest", 8, 21, 6)

    assert (
        browser.post("/messages/preferences/", {**preferences, "digest_hour": "1.000"}).status_code == 422
    )  # 1, or 1000
    refused = browser.post("/messages/preferences/", {**preferences, "digest_hour": "25"})
    assert refused.status_code == 422
    assert "21" in refused.content.decode()


def test_the_log_says_what_became_of_each_message_and_hides_clinic_from_the_administrator(
    participant, people, login, smtp
):
    smtp.refuse = {"pi@example.org"}
    scan.scan(hours(40))
    outbox.send(hours(40))
    notify.acknowledge(people["surgeon"], Message.objects.get(person=people["surgeon"]), hours(40.2))

    log_page = page(login, "datamanager", "/messages/log/")
    assert "SMTPRecipientsRefused" in log_page
    assert participant.code in log_page
    Mail.objects.filter(sent_at__isnull=False).update(
        due_at=timezone.now() - timedelta(seconds=7), sent_at=timezone.now() - timedelta(seconds=3)
    )
    assert "the slowest was taken 4 s after it was due" in page(login, "datamanager", "/messages/log/")

    hidden = page(login, "admin", "/messages/log/")
    assert "SMTPRecipientsRefused" in hidden
    assert participant.code not in hidden
    assert "window" not in hidden


def test_the_mailbox_is_a_page_of_the_demo_alone(people, login, settings, tmp_path):
    assert login("nurse").get("/mailbox/").status_code == 404

    settings.DEMO, settings.MAILBOX = True, tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    post = django_mail.get_connection()
    for number in (1, 2):
        django_mail.EmailMessage(f"Fictional {number}", "Hello\n- 8 h left", "a@x", ["b@x"], connection=post).send()

    text = page(login, "nurse", "/mailbox/")
    assert "Fictional 1" in text
    assert "Fictional 2" in text
