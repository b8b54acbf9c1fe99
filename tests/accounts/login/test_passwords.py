"""Length and a list of what is tried first; nothing about kinds of characters, nothing by the calendar."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import Person

NOOR = Person(username="noor", first_name="Noor", last_name="de Vries", email="noor@example.org")


@pytest.mark.parametrize(
    "password",
    ["short", "password1234", "Password2026!!!", "blend-trial-blend", "aaaaaaaaaaaa", "abcabcabcabc", "Vries-Noor-2026",
     "P@$$w0rd2026!"],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, NOOR)


@pytest.mark.parametrize(
    "password",
    [
        "kettle orbit walnut",
        "zes gele fietsen varen",
        "plain lower case letters only",
        "some words, and more, " * 1 + "q7f kz mw p tr" * 9,
        "ελληνικά γράμματα εδώ",
    ],
)
def test_long_ones_of_any_kind_are_taken(password):
    assert validate_password(password, NOOR) is None  # it raises where it refuses


def test_a_year_old_password_is_a_date_to_look_and_no_door_closed(login, people):
    from datetime import timedelta

    from django.utils import timezone

    Person.objects.filter(pk=people["nurse"].pk).update(password_set_at=timezone.now() - timedelta(days=800))
    browser = login("nurse")

    assert b"look again" in browser.get("/account/").content
    assert browser.get("/").status_code == 200
