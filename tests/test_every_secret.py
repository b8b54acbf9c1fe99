"""Every address that takes a POST: a password or a code that was typed comes back in no page and stays in no table."""

import re

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client

from accounts.sent import SECRETS
from enrollment.models import Consent
from tests import builders
from tests.test_every_url import GET
from tests.test_once import posts

CANARY = "Canary-4c1d-in-the-mine"
TYPED = {
    "reason": "A reason", "act": "app", "meaning": "approved", "version": "2", "username": "nurse", "note": "A note",
    "tasks": "enter", "trained_on": "2016-01-01", "again-for": "x", "role": "nurse", "text": "A text",
}  # fmt: skip
ADDRESSES = {name: GET[name][0].partition("?")[0] for name, _view in posts() if name in GET}


def kept():
    """Every table in which what was typed could stay."""
    return [
        model._meta.label
        for model in apps.get_models()
        if CANARY
        in str(list(model._base_manager.values_list(*(field.attname for field in model._meta.concrete_fields))))
    ]


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_page_gives_a_secret_back(name, people, site, caplog):
    participant = builders.register(site, people["nurse"])
    builders.record(Consent, participant, people["nurse"], given="yes")
    for who in (None, "nurse", "pi", "admin", "monitor"):
        browser = Client()
        if who:
            browser.force_login(people[who])
        answer = browser.post(ADDRESSES[name], TYPED | dict.fromkeys(SECRETS, CANARY))
        sent = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code < 500
        assert CANARY not in sent.decode() + str(answer.headers), who
    assert CANARY not in caplog.text
    assert kept() == []


@pytest.mark.parametrize("again", ["another one, as long", ""])
def test_who_was_invited_and_types_two_passwords_sees_neither(people, login, again, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        login("admin").post(f"/people/{people['nurse'].pk}/", {"act": "reset", "reason": "Lost"})
    [link] = re.findall(r"http\S+(/welcome/\S+)", mail.outbox[-1].body)
    answer = Client().post(link, {"new_password": CANARY, "new_password_again": again})

    assert answer.status_code == 422
    assert CANARY not in answer.content.decode()
    assert not again or again not in answer.content.decode()
    assert kept() == []


def test_most_addresses_are_tried():
    assert len(ADDRESSES) > 40
