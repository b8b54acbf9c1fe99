"""People: roles, pairs that nobody holds together, leavers, the demo's accounts."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.roles import INCOMPATIBLE_ROLES, ROLE_PERMISSIONS, Permission, Role
from accounts.services import give_role, system


@pytest.mark.parametrize(("one", "other"), INCOMPATIBLE_ROLES)
def test_nobody_checks_his_own_work(people, site, one, other, django_user_model):
    person = django_user_model.objects.create_user(username="somebody")
    give_role(person, one, site)

    with pytest.raises(ValidationError, match="cannot be both"):
        give_role(person, other, site)


def test_every_role_has_duties_and_only_those_who_treat_enter_data():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert {role for role in Role if Permission.ENTER in ROLE_PERMISSIONS[role].may} == {
        Role.NURSE,
        Role.SURGEON,
        Role.RADIATION_ONCOLOGIST,
        Role.PRINCIPAL_INVESTIGATOR,
    }


def test_a_leaver_is_out_at_the_next_request(login, people):
    browser = login("nurse")
    assert browser.get("/").status_code == 200

    people["nurse"].is_active = False
    people["nurse"].save()

    assert browser.get("/").status_code == 302


def test_nobody_logs_in_as_the_software(client, db):
    assert not system().has_usable_password()
    assert not client.login(username="system", password="")


def test_demo_accounts_exist_in_demo_mode_only(db):
    with pytest.raises(CommandError, match="demo mode only"):
        call_command("demo")
