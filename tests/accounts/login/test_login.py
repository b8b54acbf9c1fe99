"""Coming in: failures slow down who fails and nobody else; a second factor, once enrolled, is asked at every door."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.login import attempts, factors
from accounts.login.reauthentication import confirm
from accounts.models import Person
from accounts.security_log import Act
from tests.conftest import PASSWORD

HOME, ELSEWHERE = "192.0.2.1", "203.0.113.9"


def code_of(secret, now=None):
    """What the app on the telephone shows."""
    return format_hotp_value(hotp_value(secret, int((now or timezone.now()).timestamp()) // 30))


def enrol(person, now=None):
    """A person with an authenticator app, enrolled a minute ago; its key and the recovery codes."""
    now = (now or timezone.now()) - timedelta(seconds=90)
    secret = factors.new_secret()
    return secret, factors.add_code(person, secret, code_of(secret, now), now=now)


def come(client, username="nurse", password=PASSWORD, address=HOME):
    return client.post("/login/", {"username": username, "password": password}, REMOTE_ADDR=address)


def test_a_stranger_slows_down_only_himself(client, people):
    for _ in range(attempts.PLACE.tries):
        assert b"do not belong together" in come(Client(), password="wrong", address=ELSEWHERE).content

    assert b"Too many tries" in come(Client(), address=ELSEWHERE).content  # even with the right password
    assert come(client, address=HOME).status_code == 302


def test_a_known_device_comes_in_while_the_whole_world_tries(client, people, monkeypatch):
    assert come(client).status_code == 302
    client.post("/logout/")
    monkeypatch.setattr(attempts, "NAME", attempts.Limit(12, timedelta(days=1)))
    for number in range(13):
        come(Client(), password="wrong", address=f"203.0.113.{number}")

    assert b"Too many tries" in come(Client(), address="198.51.100.1").content
    assert come(client).status_code == 302


def test_a_colleague_on_a_shared_computer_does_not_use_up_ones_tries_elsewhere(client, people):
    shared = Client()
    for browser in (client, shared):
        come(browser)
        browser.post("/logout/")
    for _ in range(attempts.PLACE.tries + 1):
        come(shared, password="wrong")

    assert b"Too many tries" in come(shared).content
    assert come(client).status_code == 302


def test_too_many_failures_are_told_to_the_owner_and_the_administrator_once(
    client, people, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(attempts.PLACE.tries + 3):
            come(client, password="wrong")

    assert sorted(sent.to[0] for sent in mail.outbox) == ["admin@example.org", "nurse@example.org"]
    assert Act.objects.filter(what="throttled", person=people["nurse"]).count() == 1
    assert Act.objects.filter(what="login-failed", person=people["nurse"]).count() == attempts.PLACE.tries


def test_what_is_typed_as_the_name_of_nobody_is_not_kept(client, people):
    come(client, username="my secret passphrase by mistake")

    assert not Act.objects.filter(username__contains="secret").exists()
    assert Act.objects.filter(what="login-failed", person=None).count() == 1


def test_logins_and_logouts_are_in_the_log(client, people):
    come(client)
    client.post("/logout/")

    acts = Act.objects.filter(by=people["nurse"]).order_by("id").values_list("what", "address")
    assert list(acts) == [("login", HOME), ("logout", "127.0.0.1")]


def test_once_enrolled_no_door_opens_without_the_second_factor(client, people):
    secret, _codes = enrol(people["nurse"])

    assert come(client).url == "/login/second-factor/"
    assert client.get("/").status_code == 302  # not in yet
    assert client.post("/login/second-factor/", {"code": "000000"}).status_code == 422
    assert client.get("/").status_code == 302
    assert client.post("/login/second-factor/", {"code": code_of(secret)}).url == "/"
    assert client.get("/").status_code == 200


def test_the_second_step_is_counted_too(client, people):
    secret, _codes = enrol(people["nurse"])
    come(client)
    for _ in range(attempts.PLACE.tries):
        client.post("/login/second-factor/", {"code": "000000"})

    assert b"Too many tries" in client.post("/login/second-factor/", {"code": code_of(secret)}).content
    assert client.get("/").status_code == 302


def test_a_code_is_good_once_at_whatever_door(client, people):
    secret, _codes = enrol(people["nurse"])
    now = timezone.now()
    code = code_of(secret, now)
    nurse = Person.objects.get(pk=people["nurse"].pk)

    confirm(nurse, PASSWORD, code, HOME, now)
    with pytest.raises(ValidationError, match="used already"):
        confirm(nurse, PASSWORD, code, HOME, now)
    assert not factors.check(nurse, code, now)


def test_a_recovery_code_is_good_once(people):
    _secret, codes = enrol(people["nurse"])
    now = timezone.now()

    assert factors.check(people["nurse"], codes[3], now)
    assert not factors.check(people["nurse"], codes[3], now)


def test_a_replaced_device_opens_nothing_any_more(people):
    secret, codes = enrol(people["nurse"])
    later = timezone.now() + timedelta(minutes=5)
    enrol(people["nurse"], later)

    assert not factors.check(people["nurse"], code_of(secret, later), later)
    assert not factors.check(people["nurse"], codes[0], later)


def test_secrets_are_not_readable_in_the_database(people):
    from allauth.mfa.models import Authenticator

    secret, _codes = enrol(people["nurse"])

    assert secret not in str(Authenticator.objects.get(user=people["nurse"], type="totp").data)


def test_signing_asks_for_the_factor_and_counts_failures(people):
    enrol(people["pi"])
    now = timezone.now()
    pi = Person.objects.get(pk=people["pi"].pk)

    with pytest.raises(ValidationError, match="second factor"):
        confirm(pi, PASSWORD, "", HOME, now)
    for _ in range(attempts.PLACE.tries):
        with pytest.raises(ValidationError):
            confirm(pi, "wrong", "", HOME, now)
    with pytest.raises(ValidationError, match="Too many"):
        confirm(pi, PASSWORD, "000000", HOME, now)
    assert Act.objects.filter(what="confirm-failed", by=pi).count() == attempts.PLACE.tries
    assert Act.objects.filter(what="throttled", person=pi).count() == 1


def test_a_role_may_be_required_to_enrol_before_anything_else(login, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    browser = login("nurse")

    for address in ("/", "/participants/", "/exports/all.zip"):
        assert browser.get(address).url == "/account/second-factor/"
    page = browser.get("/account/second-factor/").content.decode()
    secret = re.search(r"app: <code>([^<]+)", page.replace("into the app:", "app:"))[1].replace(" ", "")
    answer = browser.post("/account/second-factor/", {"act": "app", "password": PASSWORD, "new_code": code_of(secret)})
    assert b"recovery codes" in answer.content
    assert browser.get("/").status_code == 200


def test_it_can_be_required_of_some_roles_only(login, settings):
    settings.SECOND_FACTOR_REQUIRED, settings.SECOND_FACTOR_ROLES = True, ["pi"]

    assert login("nurse").get("/").status_code == 200
    assert login("pi").get("/").url == "/account/second-factor/"


def test_production_requires_a_second_factor_of_everybody():
    import os
    import subprocess
    import sys

    from tests.checks import PRODUCTION
    from tests.environment import ROOT

    clean = {name: value for name, value in os.environ.items() if not name.startswith("SBRTSPINE_")}
    asked = "from sbrtspine import settings; print(settings.SECOND_FACTOR_REQUIRED, settings.SECOND_FACTOR_ROLES)"
    process = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env={**clean, **PRODUCTION}, capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["True", "[]"]


def test_a_login_leads_to_our_own_addresses_only(client, people):
    answer = client.post("/login/?next=https://evil.example/", {"username": "nurse", "password": PASSWORD})

    assert answer.url == "/"


def test_a_device_is_signed_out_from_elsewhere(client, people):
    other = Client()
    come(client)
    come(other)
    page = client.get("/account/").content.decode()
    [number] = re.findall(r'name="session" value="(\d+)"', page)

    assert client.post("/account/", {"session": number}).status_code == 302
    assert other.get("/").status_code == 302
    assert client.get("/").status_code == 200


def test_a_new_password_signs_every_other_device_out(client, people):
    other = Client()
    come(client)
    come(other)
    new = "kettle orbit walnut drizzle"
    typed = {"password": PASSWORD, "new_password": new, "new_password_again": new}

    assert client.post("/account/password/", typed).status_code == 302
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302
    assert come(Client(), password=PASSWORD).status_code == 200
    assert come(Client(), password=new).status_code == 302


def test_what_a_client_says_about_its_own_address_is_not_believed(client, people, settings):
    settings.PROXY_HOPS = 1
    client.post("/login/", {"username": "nurse", "password": "wrong"}, HTTP_X_FORWARDED_FOR="10.0.0.1, 203.0.113.5")

    assert Act.objects.get(what="login-failed").address == "203.0.113.5"
