"""The demo study: each act that the trial needs has somebody who may do it."""

import pytest

from accounts.permissions import everywhere
from accounts.roles import Permission
from records.workflow.locks import Lock
from sbrtspine import demo

PASSWORD = "a fictional demo passphrase"


@pytest.fixture
def cast(db):
    return demo.accounts(PASSWORD)


@pytest.mark.parametrize("what", [Permission.LOCK, Permission.UNLOCK, Permission.REOPEN], ids=lambda what: what.value)
def test_somebody_may_act_for_the_whole_study(cast, what):
    assert [name for name, person in cast.items() if everywhere(person, what)]


def test_the_data_manager_locks_the_study_and_the_investigator_agrees_to_open_it(cast, client):
    client.force_login(cast["datamanager"])
    locked = client.post("/locks/", {"what": "study", "kind": "lock", "reason": "Interim analysis"})
    lock = Lock.objects.get(scope=Lock.Scope.STUDY)
    asked = client.post(f"/locks/{lock.pk}/", {"reason": "The analysis is done"})
    client.force_login(cast["pi"])
    agreed = client.post(f"/locks/{lock.pk}/", {"act": "agree"})
    lock.refresh_from_db()

    assert [locked.status_code, asked.status_code, agreed.status_code] == [302, 302, 302]
    assert lock.released_at


def test_another_start_adds_what_an_older_demo_lacks_and_nothing_twice(db, monkeypatch):
    def sites(cast, name):
        return sorted(membership.site.code for membership in cast[name].memberships.select_related("site"))

    with monkeypatch.context() as older:
        older.setattr(demo, "WHOLE_STUDY", ())
        assert sites(demo.accounts(PASSWORD), "pi") == ["umcu"]
    demo.accounts(PASSWORD)
    again = demo.accounts(PASSWORD)

    assert sites(again, "pi") == sites(again, "datamanager") == ["second", "umcu"]
    assert sites(again, "nurse") == ["umcu"]
    assert sites(again, "nurse-b") == ["second"]
