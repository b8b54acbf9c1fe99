"""Who works on the trial: invited, for a time, on a signed delegation; leaving keeps what was done."""

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import access_report, delegation, selectors, services
from accounts.models import Delegation, Person
from accounts.roles import Role, Task
from accounts.security_log import Act
from tests import builders
from tests.conftest import PASSWORD

NEW = {"first_name": "Fenna", "last_name": "Smit", "username": "fenna", "email": "fenna@example.org", "role": "nurse",
       "site": "umcu"}  # fmt: skip


def act(browser, about, what, **more):
    return browser.post(f"/people/{about.pk}/", {"act": what, "reason": "As agreed", **more})


def fresh(person):
    return Person.objects.get(pk=person.pk)


def test_an_invitation_is_a_link_that_works_once(login, people, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = login("admin").post("/people/invite/", NEW)
    assert answer.status_code == 302
    [letter] = mail.outbox
    [link] = re.findall(r"http\S+(/welcome/\S+)", letter.body)
    chosen = "a fine long sentence"
    both = {"new_password": chosen, "new_password_again": chosen}

    assert Client().get(link).status_code == 200
    assert Client().post(link, {**both, "new_password_again": "another long sentence"}).status_code == 422
    assert Client().post(link, both).status_code == 302
    assert Person.objects.get(username="fenna").check_password(chosen)
    assert b"fenna" not in Client().get(link).content  # used: it says nothing any more
    assert list(Act.objects.filter(person__username="fenna").values_list("what", flat=True))[:2] == [
        "invited", "role-given",
    ]  # fmt: skip


def test_the_user_name_of_a_leaver_is_never_given_again(login, people):
    act(login("admin"), people["nurse"], "deactivate")

    refused = login("admin").post("/people/invite/", {**NEW, "username": "NURSE"})

    assert refused.status_code == 422
    assert "It is never given twice" in refused.content.decode()
    assert 'value="Fenna"' in refused.content.decode()


def test_who_leaves_is_out_at_the_next_click_and_the_history_stays(client, people, login):
    browser = Client()
    browser.post("/login/", {"username": "nurse", "password": PASSWORD})
    assert browser.get("/").status_code == 200

    assert act(login("admin"), people["nurse"], "deactivate").status_code == 302

    assert browser.get("/").status_code == 302
    assert Client().post("/login/", {"username": "nurse", "password": PASSWORD}).status_code == 200
    assert fresh(people["nurse"]).memberships.get().ends_at is not None
    assert b"deactivated" in login("admin").get(f"/people/{people['nurse'].pk}/").content


def test_every_change_wants_a_reason_and_nobody_changes_himself(login, people):
    silent = login("admin").post(f"/people/{people['nurse'].pk}/", {"act": "deactivate", "reason": " "})
    own = act(login("admin"), people["admin"], "give", role="nurse", site="umcu")

    assert silent.status_code == 422
    assert own.status_code == 403
    assert fresh(people["nurse"]).is_active


def test_two_hats_that_check_each_other_never_meet_in_time(people, site):
    now = timezone.now()
    with pytest.raises(ValidationError, match="cannot be both"):
        services.give_role(people["nurse"], Role.MONITOR, site, starts_at=now + timedelta(days=30), now=now)

    mine = people["nurse"].memberships.get()
    services.end_role(mine, ends_at=now + timedelta(days=20), by=people["admin"], reason="Moves on", now=now)
    services.give_role(people["nurse"], Role.MONITOR, site, starts_at=now + timedelta(days=30), now=now)


def test_a_role_holds_from_its_start_to_its_end(people, site, login):
    now = timezone.now()
    builders.leave(people["nurse"])
    assert login("nurse").get("/participants/").status_code == 403

    services.give_role(people["nurse"], Role.NURSE, site, starts_at=now + timedelta(days=1), now=now)
    assert login("nurse").get("/participants/").status_code == 403

    services.give_role(people["nurse"], Role.NURSE, site, ends_at=now + timedelta(hours=1), now=now)
    assert login("nurse").get("/participants/").status_code == 200


def test_a_last_day_that_is_moved_earlier_counts_from_then_on(people, login):
    """She stops on Friday and not next year: her page and the log say Friday."""
    mine = people["nurse"].memberships.get()
    for last in ("2040-06-30", "2035-06-30"):
        assert act(login("admin"), people["nurse"], "end", membership=mine.pk, ends_on=last).status_code == 302

    mine.refresh_from_db()
    assert mine.ends_at == datetime(2035, 7, 1, tzinfo=mine.site.tz)  # the whole day
    acts = Act.objects.filter(what="role-ended", person=people["nurse"]).order_by("pk")
    assert [line.details["until"][:4] for line in acts] == ["2040", "2035"]
    [replayed] = [access for access in access_report.replay(mine.ends_at) if access.person == people["nurse"]]
    assert replayed.current(mine.ends_at) == []


def test_without_a_delegation_that_holds_one_reads_only(login, people, site):
    participant = builders.register(site, people["pi"])
    where = f"/participants/{participant.code}/consent/"
    line = Delegation.objects.get(person=people["nurse"])
    delegation.end(line, ends_at=timezone.now(), reason="Leave", by=people["pi"], now=timezone.now())

    page = login("nurse").get(where)
    assert page.status_code == 200
    assert b"no line of the delegation log" in page.content
    assert b"Your role reads this form" not in page.content
    assert b"Your role reads this form" in login("monitor").get(where).content
    refused = login("nurse").post(where, {"version": "0", "action": "save", "given": "yes"})
    assert refused.status_code == 403
    assert b"delegation log" in refused.content
    assert b"delegat" in login("nurse").get("/participants/new/").content

    membership = people["nurse"].memberships.get()
    signed = {
        "act": "sign",
        "who": membership.pk,
        "task": [Task.ENTER],
        "trained_on": "2016-03-01",
        "password": PASSWORD,
    }
    assert login("nurse").post("/delegation/", signed).status_code == 403
    assert login("pi").post("/delegation/", {**signed, "password": "wrong"}).status_code == 422
    assert login("pi").post("/delegation/", signed).status_code == 302
    assert login("nurse").post(where, {"version": "0", "action": "save", "given": "yes"}).status_code == 302


def test_who_had_what_on_any_past_day_is_replayed(people, site, login):
    now = timezone.now()
    act(login("admin"), people["nurse"], "deactivate")

    def roles(at):
        return [
            role["role"]
            for access in access_report.replay(at)
            if access.person == people["nurse"]
            for role in access.current(at)
        ]

    assert roles(now) == ["research nurse"]
    assert roles(timezone.now()) == []
    assert b"Noor de Vries" in login("admin").get("/people/as-of/?at=2035-01-01").content
    assert login("admin").get("/people/as-of/?at=someday").status_code == 422


def test_a_reset_kills_the_password_and_signs_nothing_until_a_new_factor(login, people, site):
    act(login("admin"), people["pi"], "reset")

    assert not fresh(people["pi"]).check_password(PASSWORD)
    assert fresh(people["pi"]).must_enrol
    assert Act.objects.filter(what="reset", person=people["pi"], by=people["admin"]).exists()


def test_no_administrator_becomes_somebody_else(login, people):
    """There is no address that logs in as another, and the administrator reads no participant."""
    page = login("admin").get(f"/people/{people['pi'].pk}/").content.decode()

    assert set(re.findall(r'name="act"\s+value="(\w+)"', page)) == {"give", "end", "reset", "deactivate"}
    assert act(login("admin"), people["pi"], "impersonate").status_code == 422


def test_an_account_is_looked_at_again_and_a_dormant_one_is_marked(login, people):
    Person.objects.filter(pk=people["nurse"].pk).update(date_joined=timezone.now() - timedelta(days=100))
    assert b"dormant" in login("admin").get("/people/").content

    assert login("admin").post("/people/", {"person": [people["nurse"].pk]}).status_code == 302
    assert people["nurse"].recertifications.get().by == people["admin"]
    assert login("admin").post("/people/", {}).status_code == 422


@pytest.mark.parametrize("table", ["accounts_act", "accounts_delegation", "accounts_recertification"])
def test_the_log_is_only_added_to(people, login, table):
    login("admin").post("/people/", {"person": [people["nurse"].pk]})
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("typed", ["0001-01-01", "1-1-0016", "9999-12-31", "31-12-9999", "0000-01-01"])
def test_a_day_in_a_year_that_cannot_be_meant_is_refused(typed, site):
    with pytest.raises(ValidationError, match="Give a day"):
        selectors.span({"ends_on": typed}, site, timezone.now())
