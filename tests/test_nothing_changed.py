"""An act that changes nothing writes nothing: no row, no line of a log, whoever repeats it from an old page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import services
from accounts.models import Membership, Site
from enrollment.models import Consent
from oversight import window_board
from oversight.monitoring.visits import MonitoringVisit, MonitoringVisitForm
from oversight.worklist import build, snooze
from records import redaction
from records.workflow import locks
from records.workflow.locks import Lock
from tests import builders
from tests.oversight.views.test_pages import irradiated

NOW = timezone.now()
_OF_THE_REQUEST = {"sessions", "accounts.Sending", "records.Read", "accounts.Attempt"}


@pytest.fixture
def participant(people, site):
    return builders.register(site, people["nurse"])


def written():
    """Every row there is, but for what a request leaves of itself."""
    rows = {}
    for model in apps.get_models():
        if model._meta.app_label not in _OF_THE_REQUEST and model._meta.label not in _OF_THE_REQUEST:
            names = [field.attname for field in model._meta.concrete_fields]
            rows[model._meta.label] = sorted(map(str, model._base_manager.values_list(*names)))
    return rows


def differs(before):
    after = written()
    return {name for name, rows in after.items() if rows != before[name]}


def _account(about, by, act, **more):
    arguments = {"by": by, "reason": "A reason", "now": NOW, **more}
    return lambda: getattr(services, act)(about, **arguments)


def _end_role(people, site):
    membership = Membership.objects.get(person=people["surgeon"])
    return _account(membership, people["admin"], "end_role", ends_at=NOW + timedelta(days=3))


def _deactivate(people, site):
    return _account(people["surgeon"], people["admin"], "deactivate")


def _reactivate(people, site):
    services.deactivate(people["surgeon"], by=people["admin"], reason="Left", now=NOW)
    people["surgeon"].refresh_from_db()
    return _account(people["surgeon"], people["admin"], "reactivate", origin="http://testserver/")


def _take_over(people, site):
    participant = builders.register(site, people["nurse"])
    return lambda: window_board.take(participant, people["surgeon"], timezone.now())


def _visit(people, site):
    typed = {"site": site.pk, "kind": "routine", "visited_on": "8-3-16", "seen": "", "findings": "None\r\nat all",
             "follow_up": "", "report_received_on": ""}  # fmt: skip

    def keep():
        stored = MonitoringVisit.objects.first()
        form = MonitoringVisitForm(
            typed | {"opened": str(stored.version if stored else 0)}, instance=stored or MonitoringVisit(),
            sites=Site.objects.filter(pk=site.pk), today=NOW.date(),
        )  # fmt: skip
        assert form.is_valid(), form.errors
        form.keep(by=people["monitor"], now=timezone.now())

    return keep


def _ask_to_unlock(people, site):
    participant = builders.register(site, people["nurse"])
    lock = locks.close(
        locks.target(Lock.Scope.PARTICIPANT, participant), Lock.Kind.LOCK, by=people["pi"], reason="Done", now=NOW
    )
    return lambda: locks.ask(lock, by=people["datamanager"], reason="A mistake", now=timezone.now())


@pytest.mark.parametrize(
    "act", [_end_role, _deactivate, _reactivate, _take_over, _visit, _ask_to_unlock], ids=lambda act: act.__name__
)
def test_the_same_once_more_leaves_nothing(people, site, act):
    do = act(people, site)
    do()
    before = written()
    do()

    assert differs(before) == set()


def test_a_line_put_aside_once_more_for_as_long_leaves_nothing(people, site):
    irradiated(site, people, 20 * 24)
    items = build.for_person(people["nurse"], NOW, whole=True).lines["today"]
    url = next(item.key for item in items if item.can_wait)

    def put(days, reason, at):
        return snooze.snooze_item(people["nurse"], url, days, reason, at)

    days = str(snooze.DAYS[0])
    first = put(days, "Waits for a letter", NOW)
    before = written()
    assert put(days, "Waits for a letter", NOW + timedelta(minutes=1)) == first
    assert differs(before) == set()
    assert put(days, "Another reason", NOW + timedelta(minutes=2)) != first


def test_the_preferences_saved_as_they_stand_leave_nothing(login, people):
    typed = {"mode": "digest", "digest_hour": "7", "quiet_from": "20", "quiet_to": "7"}
    browser = login("nurse")
    assert browser.post("/messages/preferences/", typed).status_code == 302
    before = written()
    assert browser.post("/messages/preferences/", typed).status_code == 302

    assert differs(before) == set()


def test_a_redaction_that_waits_is_not_asked_for_twice(people, participant):
    builders.record(Consent, participant, people["nurse"], form_version="for Pietersen")
    places = [place.key for place in redaction.find(participant, "Pietersen")]
    arguments = {"by": people["datamanager"], "reason": "a name", "now": datetime(2026, 11, 28, tzinfo=UTC)}
    redaction.ask(participant, places, **arguments)
    before = written()

    with pytest.raises(ValidationError, match="waits already"):
        redaction.ask(participant, places, **arguments)
    assert differs(before) == set()
