"""A second factor in a real browser: an app's code, then a passkey, each enrolled and used by somebody new."""

import re
import secrets
import time
from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in
from tests.stack.running import Running

pytestmark = pytest.mark.browser

PASSWORD = "kettle orbit walnut drizzle"
DEVICE = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
          "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip


@pytest.fixture
def newcomer(browser: Browser, running: Running) -> Iterator[Callable[[], tuple[Page, str]]]:
    """`newcomer()`: a page of somebody new, logged in, with a passkey device; and the user name.

    By a name: a passkey wants no number in the address.
    """
    contexts, complaints = [], []

    def come() -> tuple[Page, str]:
        context = browser.new_context(base_url=running.url.replace("127.0.0.1", "localhost"))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        username = invited(page)
        give_password(page, username)
        page.wait_for_url(re.compile(r":\d+/$"))
        return page, username

    yield come
    for context in contexts:
        context.close()
    assert complaints == []


def invited(page: Page) -> str:
    """The administrator invites; the mail's link sets the password."""
    username = f"vera-{secrets.token_hex(3)}"
    log_in(page, "admin")
    page.goto("/people/")
    page.get_by_role("link", name="Invite somebody").click()
    for label, answer in {"First name": "Vera", "Last name": "Kok", "User name": username}.items():
        page.get_by_label(label, exact=True).fill(answer)
    page.get_by_label("Mail address").fill(f"{username}@example.org")
    page.get_by_label("Role").select_option("nurse")
    page.get_by_role("button", name="Invite").click()
    page.goto("/mailbox/")
    link = page.locator("article", has_text=username).get_by_role("link").first.get_attribute("href")
    page.context.clear_cookies()
    page.goto(link)
    for box in ("#id_new_password", "#id_new_password_again"):
        page.locator(box).fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    return username


def give_password(page: Page, username: str, at: str = "") -> None:
    page.goto(f"{at}/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.goto("/account/")
    page.get_by_role("button", name="Log out").click()


def code(secret: str, later: int = 0) -> str:
    """What the app shows, or shows so many half minutes later: the clocks of telephones differ."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def enrol_app(page: Page) -> tuple[str, str, list[str]]:
    """The key of the app, with which it makes its codes, the code that was given, and the recovery codes."""
    page.goto("/account/second-factor/")
    secret = page.locator(".hint code").inner_text().replace(" ", "")
    page.get_by_label("Your password, again").first.fill(PASSWORD)
    first_code = code(secret)
    page.get_by_label("The code that the app shows").fill(first_code)
    page.get_by_role("button", name="Enrol the app").click()
    expect(page.get_by_text("Write these recovery codes down")).to_be_visible()
    return secret, first_code, page.locator(".codes code").all_inner_texts()


def enrol_passkey(page: Page, proof: str = "") -> list[str]:
    """The new recovery codes."""
    page.goto("/account/second-factor/")
    page.locator("#id_password").fill(PASSWORD)
    if proof:
        page.locator("#id_code").fill(proof)
    page.get_by_label("What you call it").fill("ward laptop")
    page.get_by_role("button", name="Enrol a passkey").click()
    expect(page.get_by_text("Write these recovery codes down")).to_be_visible()
    return page.locator(".codes code").all_inner_texts()


def test_the_code_of_an_app_lets_in_once_and_another_does_not(newcomer) -> None:
    page, username = newcomer()
    secret, first_code, recovery = enrol_app(page)
    assert len(recovery) == 10
    log_out(page)

    give_password(page, username)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    for wrong in ("12345", first_code):  # no code at all, and one that was good once
        page.get_by_label("Code").fill(wrong)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert").first).to_contain_text("not right")
        assert "/login/" in page.request.get("/participants/").url
    page.get_by_label("Code").fill(code(secret, later=1))
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def test_a_passkey_opens_the_door_and_proves_who_signs(newcomer) -> None:
    page, username = newcomer()
    _secret, _given, recovery = enrol_app(page)
    enrol_passkey(page, proof=recovery[0])
    log_out(page)

    give_password(page, username)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()

    page.goto("/account/password/")
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_text("Passkey given.")).to_be_visible()
    page.locator("#id_password").fill(PASSWORD)
    for box in ("#id_new_password", "#id_new_password_again"):
        page.locator(box).fill(PASSWORD[::-1])
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(re.compile("/account/$"))


def test_by_a_number_in_the_address_it_says_why_there_is_no_passkey(newcomer, running: Running) -> None:
    why = "this page was opened by a number: 127.0.0.1. Open it by the name"
    page, username = newcomer()
    recovery = enrol_passkey(page)
    log_out(page)

    give_password(page, username, at=running.url)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("status")).to_contain_text(why)

    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    page.goto(f"{running.url}/account/second-factor/")
    expect(page.locator("[data-made]")).to_contain_text(why)
    page.get_by_role("button", name="Enrol a passkey").click()
    expect(page.locator("[data-made]")).to_contain_text(why)
