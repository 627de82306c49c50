"""A passkey, from adding it to signing in with nothing else, with Chromium's own virtual authenticator.

Browsers know no passkeys for bare IP addresses, so these tests reach the same server as `localhost`.
"""

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Window
from tests.browser.people import Person
from tests.browser.stack import PASSWORD

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_authenticator(window: Window) -> tuple[Person, CDPSession, str]:
    """Somebody at `localhost` whose device can hold passkeys."""
    person = window()
    person.stack = replace(person.stack, url=person.stack.url.replace("127.0.0.1", "localhost"))
    devtools = person.context.new_cdp_session(person.page)
    devtools.send("WebAuthn.enable")
    added: dict[str, Any] = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return person, devtools, str(added["authenticatorId"])


def add_passkey(person: Person, name: str) -> None:
    person.go("/accounts/2fa/webauthn/add/")
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Confirm").click()
    person.page.wait_for_url("**/webauthn/add/**")
    person.page.get_by_label("Name of the key").fill(name)
    person.page.get_by_role("button", name="Add", exact=True).click()
    person.page.wait_for_url("**/recovery-codes/**")


def sign_out(person: Person) -> None:
    person.go("/accounts/logout/")
    person.page.locator("main").get_by_role("button", name="Sign out").click()
    person.page.wait_for_url(person.stack.url + "/")


def test_a_passkey_signs_in_without_a_password_also_after_browsing_there(window: Window) -> None:
    person, devtools, authenticator = with_authenticator(window)
    person.sign_up("Mira")
    add_passkey(person, "My telephone")
    held = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    assert [credential["isResidentCredential"] for credential in held["credentials"]] == [True]
    sign_out(person)

    # By a link, so that the page is swapped by script and not loaded anew.
    person.page.get_by_role("link", name="Sign in").first.click()
    person.page.wait_for_url("**/accounts/login/**")
    person.page.get_by_role("button", name="Sign in with a passkey").click()
    person.page.wait_for_url("**/studio")

    person.go("/accounts/2fa/webauthn/")
    expect(person.page.get_by_text("My telephone").first).to_be_visible()


def test_a_password_alone_no_longer_signs_in_and_the_key_completes_it(window: Window) -> None:
    person, _, _ = with_authenticator(window)
    person.sign_up("Mira")
    add_passkey(person, "My telephone")
    sign_out(person)

    person.go("/accounts/login/")
    person.page.get_by_label("Email").fill(person.email)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Sign in", exact=True).click()
    person.page.wait_for_url("**/2fa/authenticate/**")
    person.page.get_by_role("button", name="Use a security key").click()
    person.page.wait_for_url("**/studio")


def test_a_removed_passkey_opens_nothing(window: Window) -> None:
    person, _, _ = with_authenticator(window)
    person.sign_up("Mira")
    add_passkey(person, "My telephone")
    person.go("/accounts/2fa/webauthn/")
    person.page.get_by_role("link", name="Remove My telephone").click()
    person.page.get_by_role("button", name="Remove").click()
    person.page.wait_for_url("**/2fa/webauthn/")
    sign_out(person)

    person.go("/accounts/login/")
    person.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(person.page.locator("main")).to_contain_text("Incorrect code.")
    person.go("/studio")
    assert "/accounts/login/" in person.page.url
