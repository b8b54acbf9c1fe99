"""What is printed where something goes wrong: named facts, never an address, a secret or what somebody typed."""

import logging

import pytest

CANARIES = ["/participants/BLEND-99/", "/welcome/secret-of-an-invitation/", "/find/?q=Kanarie4711"]


@pytest.mark.parametrize("address", CANARIES)
def test_no_address_reaches_stderr(address, client, people, capfd):
    client.force_login(people["nurse"])
    for logger in ("django.request", "django.security", "django.security.DisallowedHost", "django.server"):
        logging.getLogger(logger).warning("Not Found: %s", address)
    client.get(address)

    printed = capfd.readouterr()
    assert address not in printed.out + printed.err
