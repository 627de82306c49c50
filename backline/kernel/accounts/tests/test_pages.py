"""People's way in and around by page: sign-up, sign-in, new password, new address, sessions."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client

from backline.kernel.accounts import tokens
from backline.kernel.accounts.models import Mail, User
from backline.kernel.accounts.testing import (
    PASSWORD,
    confirm_password,
    give_authenticator,
    make_user,
    sign_in_by_page,
)

pytestmark = pytest.mark.django_db


def link_in(mail: Mail) -> str:
    found = re.search(r"http://testserver(/\S+)", mail.text)
    assert found, mail.text
    return found[1]


def is_signed_in(client: Client) -> bool:
    return client.get("/api/v1/auth/me").status_code == 200


def test_a_person_signs_up_signs_in_and_signs_out(client: Client) -> None:
    form = {"name": "坂本 龍一", "email": "ryu@example.org", "password1": PASSWORD}
    answer = client.post("/accounts/signup/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    assert not is_signed_in(client)
    page = client.get("/accounts/login/").content.decode()
    assert 'value="ryu@example.org"' in page
    assert "You can sign in as ryu@example.org now." in page

    answer = client.post("/accounts/login/?next=/x", {"login": "ryu@example.org", "password": PASSWORD, "next": "/x"})
    assert (answer.status_code, answer["Location"]) == (302, "/x")
    assert is_signed_in(client)

    answer = client.post("/accounts/logout/")
    assert answer.status_code == 302
    assert not is_signed_in(client)


def test_a_page_elsewhere_is_not_gone_to_after_signing_in(client: Client) -> None:
    user = make_user()

    answer = client.post(
        "/accounts/login/", {"login": user.email, "password": PASSWORD, "next": "https://elsewhere.example/"}
    )

    assert answer["Location"] == "/studio"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a\x00b"),
        ("name", " "),
        ("email", "x"),
        ("email", "a\x00@b.org"),
        ("password1", "short"),
        ("password1", "x" * 300),
    ],
)
def test_a_bad_field_keeps_the_form_and_makes_nothing(client: Client, field: str, value: str) -> None:
    form = {"name": "Mira", "email": "mira@example.org", "password1": PASSWORD} | {field: value}

    answer = client.post("/accounts/signup/", form)

    assert answer.status_code == 200
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert User.objects.count() == 0


def test_an_address_is_confirmed_by_the_link_in_the_mail(client: Client) -> None:
    client.post("/accounts/signup/", {"name": "Mira", "email": "mira@example.org", "password1": PASSWORD})
    link = link_in(Mail.objects.get())

    assert client.get(link).status_code == 200
    assert EmailAddress.objects.get().verified is False
    assert client.post(link).status_code == 302
    assert EmailAddress.objects.get().verified is True


def test_a_new_password_by_mail_ends_every_session_and_token_and_confirms_the_address(client: Client) -> None:
    user = make_user(is_confirmed=False)
    old_browser = Client()
    sign_in_by_page(old_browser, user)
    pair = tokens.issue(user)

    client.post("/accounts/password/reset/", {"email": user.email})
    at_form = client.get(link_in(Mail.objects.get()), follow=True)
    path = at_form.redirect_chain[-1][0]
    answer = client.post(path, {"password1": "brand-new-radio-7", "password2": "brand-new-radio-7"})

    assert answer.status_code == 302
    assert not is_signed_in(old_browser)
    assert not is_signed_in(client)
    assert client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair.access_token}"}).status_code == 401
    sign_in_by_page(client, user, password="brand-new-radio-7")
    assert EmailAddress.objects.get().verified is True
    assert client.get(path).status_code == 200  # the link is spent: the page says so


def test_links_in_mail_lead_to_the_public_address_whatever_host_was_asked(client: Client) -> None:
    make_user(email="mira@example.org")

    client.post("/accounts/password/reset/", {"email": "mira@example.org"}, headers={"Host": "localhost"})

    assert re.findall(r"https?://([^/\s]+)", Mail.objects.get().text) == ["testserver"]


def test_changing_the_password_ends_other_sessions_and_keeps_this_one(client: Client) -> None:
    user = make_user()
    elsewhere = Client()
    sign_in_by_page(client, user)
    sign_in_by_page(elsewhere, user)

    form = {"oldpassword": PASSWORD, "password1": "brand-new-radio-7", "password2": "brand-new-radio-7"}
    assert client.post("/accounts/password/change/", form).status_code == 302

    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)


def test_a_wrong_old_password_changes_nothing(client: Client) -> None:
    user = make_user()
    sign_in_by_page(client, user)

    form = {"oldpassword": "wrong", "password1": "brand-new-radio-7", "password2": "brand-new-radio-7"}
    assert client.post("/accounts/password/change/", form).status_code == 200

    assert User.objects.get().password == user.password
    assert User.objects.get().session_version == 1


def test_one_button_ends_every_session(client: Client) -> None:
    user = make_user()
    elsewhere = Client()
    sign_in_by_page(client, user)
    sign_in_by_page(elsewhere, user)
    assert "Sign out everywhere" in client.get("/accounts/sessions").content.decode()

    answer = client.post("/accounts/sessions")

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert "You are signed out everywhere." in client.get("/accounts/login/").content.decode()


def test_the_sessions_page_is_for_the_signed_in(client: Client) -> None:
    answer = client.post("/accounts/sessions")

    assert answer["Location"] == "/accounts/login/?next=/accounts/sessions"


def test_a_new_address_takes_the_olds_place_when_it_is_confirmed(client: Client) -> None:
    user = make_user(email="old@example.org")
    sign_in_by_page(client, user)

    client.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})
    assert User.objects.get().email == "old@example.org"
    mail = Mail.objects.get(to="new@example.org")
    client.post(link_in(mail))

    assert User.objects.get().email == "new@example.org"
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("new@example.org", True)]


def test_somebody_elses_address_cannot_be_taken_over_and_is_not_told(client: Client) -> None:
    make_user(email="theirs@example.org", is_confirmed=False)
    mine = make_user(email="mine@example.org")
    sign_in_by_page(client, mine)

    taken = client.post("/accounts/email/", {"email": "theirs@example.org", "action_add": "1"})
    client.post("/accounts/email/", {"email": "theirs@example.org", "action_remove": "1"})
    free = client.post("/accounts/email/", {"email": "free@example.org", "action_add": "1"})
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])

    client.post("/accounts/email/", {"email": "theirs@example.org", "action_add": "1"})
    mail = Mail.objects.filter(to="theirs@example.org").order_by("-id").first()
    assert mail is not None
    assert client.post(link_in(mail)).status_code in (200, 302)
    assert sorted(User.objects.values_list("email", flat=True)) == ["mine@example.org", "theirs@example.org"]


def test_a_reset_of_an_account_that_nobody_confirmed_drops_the_keys_of_whoever_made_it(
    client: Client,
) -> None:
    squatted = make_user(email="victim@example.org", is_confirmed=False)
    give_authenticator(squatted)

    client.post("/accounts/password/reset/", {"email": "victim@example.org"})
    path = client.get(link_in(Mail.objects.get()), follow=True).redirect_chain[-1][0]
    client.post(path, {"password1": "brand-new-radio-7", "password2": "brand-new-radio-7"})

    assert Authenticator.objects.count() == 0
    sign_in_by_page(client, squatted, password="brand-new-radio-7")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/logout/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/done/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/wrong/",
        "/accounts/password/reset/key/0-wrong/",
        "/accounts/inactive/",
        "/accounts/3rdparty/login/cancelled/",
        "/accounts/3rdparty/login/error/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/password/set/",
        "/accounts/3rdparty/",
        "/accounts/sessions",
        "/accounts/reauthenticate/",
    ],
)
def test_pages_are_of_one_piece_and_carry_no_code_or_style_in_the_markup(client: Client, path: str) -> None:
    is_for_strangers = path in ("/accounts/login/", "/accounts/signup/")
    if not is_for_strangers:
        user = make_user()
        sign_in_by_page(client, user)
        confirm_password(client)
        if "recovery" in path:
            give_authenticator(user)
            RecoveryCodes.activate(user)

    answer = client.get(path, follow=True)

    html = answer.content.decode()
    assert answer.status_code in (200, 401)
    assert 'class="account account-' in html
    inline = [
        tag
        for tag in re.findall(r"<script\b[^>]*>", html)
        if "src=" not in tag and "application/json" not in tag and "nonce=" not in tag
    ]
    assert inline == []
    assert re.findall(r"\sstyle=|\son\w+=|javascript:", html) == []
    ids = re.findall(r'<(?:input|select|textarea)\b(?![^>]*type="hidden")[^>]*\bid="([^"]+)"', html)
    assert [name for name in ids if f'for="{name}"' not in html] == []
