"""What is about the study as a whole needs the role at every site; the button is not offered without."""

import pytest
from django.utils import timezone

from accounts.models import Site
from accounts.roles import Role
from accounts.services import give_role
from enrollment import enrolment_lock
from exports.models import Snapshot
from records.workflow import locks
from records.workflow.locks import Lock

NOW = timezone.now()
SNAPSHOT = {"name": "Interim", "purpose": "statistician", "freeze": "yes"}


@pytest.fixture
def everywhere(people, site_b):
    """Lets somebody of the cast hold the role at the second site too."""

    def give(username, role):
        give_role(people[username], role, site_b)
        people[username].forget_roles()

    return give


def standing(people):
    return locks.close(locks.target(Lock.Scope.STUDY), Lock.Kind.LOCK, by=people["pi"], reason="Final", now=NOW)


def _freeze(people):
    return "/locks/", {"what": "study", "kind": "freeze", "reason": "Cut"}


def _lock(people):
    return "/locks/", {"what": "study", "kind": "lock", "reason": "Final"}


def _ask(people):
    return f"/locks/{standing(people).pk}/", {"reason": "A mistake"}


def _agree(people):
    lock = locks.ask(standing(people), by=people["datamanager"], reason="A mistake", now=NOW)
    return f"/locks/{lock.pk}/", {"act": "agree"}


def _snapshot(people):
    return "/snapshots/", SNAPSHOT


def _reopen(people):
    enrolment_lock.close(5, 5, "five of five", NOW)
    return "/safety/", {"decision": "resume", "reason": "reviewed"}


ACTS = [
    (_freeze, "datamanager", Role.DATA_MANAGER, "Freeze or lock"),
    (_lock, "datamanager", Role.DATA_MANAGER, ""),
    (_ask, "datamanager", Role.DATA_MANAGER, ""),
    (_agree, "pi", Role.PRINCIPAL_INVESTIGATOR, ""),
    (_snapshot, "datamanager", Role.DATA_MANAGER, ""),
    (_reopen, "pi", Role.PRINCIPAL_INVESTIGATOR, ""),
]


@pytest.mark.parametrize(("act", "who", "role", "_words"), ACTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_role_at_one_of_two_sites_is_not_enough(login, people, everywhere, act, who, role, _words):
    address, sent = act(people)
    browser = login(who)
    before = Lock.objects.filter(released_at=None).count()

    refused = browser.post(address, sent)
    assert refused.status_code == 403
    assert "at every site, also at Second Site" in refused.content.decode()
    assert Lock.objects.filter(released_at=None).count() == before
    assert not Snapshot.objects.exists()

    everywhere(who, role)
    assert browser.post(address, sent).status_code == 302

    Site.objects.create(code="new", name="A Third")
    assert "at every site, also at A Third" in browser.post(address, sent).content.decode()


def test_no_button_is_offered(login, people, everywhere):
    enrolment_lock.close(5, 5, "five of five", NOW)
    lock = standing(people)
    assert 'name="reason"' not in login("datamanager").get("/locks/").content.decode()
    assert 'name="decision"' not in login("pi").get("/safety/").content.decode()
    assert "needs your role at every site" in login("datamanager").get("/snapshots/").content.decode()

    everywhere("datamanager", Role.DATA_MANAGER)
    everywhere("pi", Role.PRINCIPAL_INVESTIGATOR)
    assert 'name="reason"' in login("datamanager").get("/locks/").content.decode()
    assert 'name="decision"' in login("pi").get("/safety/").content.decode()
    assert Lock.objects.get() == lock


def test_one_participant_is_still_closed_at_ones_own_site(login, people, site):
    from tests import builders

    participant = builders.register(site, people["nurse"])
    sent = {"what": "participant", "kind": "freeze", "reason": "Cut"}
    assert login("datamanager").post(f"/participants/{participant.code}/locks/", sent).status_code == 302
