"""Signing in through Google, Spotify and Apple, against an issuer over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.apple.views import AppleOAuth2Adapter
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.spotify.views import SpotifyOAuth2Adapter
from django.test import Client

from backline.kernel.accounts.models import Mail, User
from backline.kernel.accounts.testing import (
    confirm_password,
    give_authenticator,
    make_user,
    sign_in_by_page,
)
from backline.kernel.accounts.testing_oidc import Issuer, Persona, running_issuer
from backline.kernel.outbox.models import Fact

pytestmark = pytest.mark.django_db

PROVIDERS = ("google", "spotify", "apple")


@pytest.fixture(scope="module")
def one_issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def issuer(one_issuer: Issuer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    settings.SOCIALACCOUNT_PROVIDERS = one_issuer.social_providers()
    one_issuer.provider.persona = Persona()
    one_issuer.provider.is_denying = False
    one_issuer.provider.is_signing_with_another_key = False
    one_issuer.provider.exchanges.clear()
    for name, adapter in (
        ("google", GoogleOAuth2Adapter),
        ("spotify", SpotifyOAuth2Adapter),
        ("apple", AppleOAuth2Adapter),
    ):
        monkeypatch.setattr(adapter, "authorize_url", f"{one_issuer.url}/{name}/authorize")
        monkeypatch.setattr(adapter, "access_token_url", f"{one_issuer.url}/{name}/token")
    monkeypatch.setattr(SpotifyOAuth2Adapter, "profile_url", f"{one_issuer.url}/spotify/me")
    monkeypatch.setattr(AppleOAuth2Adapter, "public_key_url", f"{one_issuer.url}/apple/keys")
    return one_issuer


def to_issuer(client: Client, provider: str, *, process: str = "login") -> httpx.Response:
    """Press the button, and follow the redirect to the issuer as a browser would."""
    started = client.post(f"/accounts/{provider}/login/?process={process}")
    assert started.status_code == 302
    return httpx.get(started["Location"], trust_env=False)


def come_back(client: Client, answered: httpx.Response) -> Any:
    """Follow the issuer's answer back to us: a redirect, or the form that Apple makes the browser post."""
    if answered.status_code == 302:
        parts = urlsplit(answered.headers["Location"])
        return client.get(parts.path, dict(parse_qsl(parts.query)))
    body = answered.json()
    path = urlsplit(body["post_to"]).path
    # The form comes from Apple's site: the browser sends no cookie of ours along (SameSite=Lax).
    posted = Client().post(path, body["form"], headers={"Origin": "https://appleid.apple.com"})
    assert posted.status_code == 302
    for name, morsel in posted.cookies.items():
        client.cookies[name] = morsel.value
    parts = urlsplit(posted["Location"])
    return client.get(parts.path, dict(parse_qsl(parts.query)))


def sign_in_with(client: Client, provider: str) -> Any:
    return come_back(client, to_issuer(client, provider))


def who(client: Client) -> str | None:
    answer = client.get("/api/v1/auth/me")
    return answer.json()["email"] if answer.status_code == 200 else None


@pytest.mark.parametrize("provider", ["google", "apple"])
def test_a_new_person_with_a_verified_address_is_in_at_once(client: Client, issuer: Issuer, provider: str) -> None:
    answer = sign_in_with(client, provider)

    assert (answer.status_code, answer["Location"]) == (302, "/studio")
    user = User.objects.get()
    assert (user.email, user.name, user.has_usable_password()) == ("mira@example.org", "Mira Okonkwo", False)
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [("mira@example.org", True, True)]
    assert list(SocialAccount.objects.values_list("provider", "uid")) == [(provider, "10987654321")]
    assert list(Fact.objects.values_list("name", flat=True)) == ["accounts.account_created"]
    assert who(client) == "mira@example.org"
    assert SocialToken.objects.count() == 0


@pytest.mark.parametrize("provider", ["google", "apple"])
def test_the_second_time_it_is_the_same_account(issuer: Issuer, provider: str) -> None:
    sign_in_with(Client(), provider)
    again = Client()
    issuer.provider.persona = replace(Persona(), email="renamed@example.org")

    sign_in_with(again, provider)

    assert who(again) == "mira@example.org"
    assert User.objects.count() == 1


@pytest.mark.parametrize("provider", ["google", "apple"])
def test_an_address_verified_on_both_sides_links_the_accounts(client: Client, issuer: Issuer, provider: str) -> None:
    user = make_user(email="mira@example.org")

    sign_in_with(client, provider)

    assert who(client) == "mira@example.org"
    assert SocialAccount.objects.get().user_id == user.id
    assert User.objects.get().password == user.password  # the password goes on working
    assert [mail.to for mail in Mail.objects.all()] == ["mira@example.org"]  # and the owner is told


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_account_whose_address_nobody_confirmed_is_not_opened(client: Client, issuer: Issuer, provider: str) -> None:
    # Somebody may have made it in the hope that the owner of the address comes along and fills it.
    make_user(email="mira@example.org", is_confirmed=False)

    answer = sign_in_with(client, provider)

    assert answer["Location"] == "/accounts/login/"
    assert who(client) is None
    assert (SocialAccount.objects.count(), User.objects.count()) == (0, 1)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_address_that_the_provider_did_not_verify_opens_nobodys_account(
    client: Client, issuer: Issuer, provider: str
) -> None:
    issuer.provider.persona = replace(Persona(), is_verified=False)
    make_user(email="mira@example.org")

    answer = sign_in_with(client, provider)

    assert answer["Location"] == "/accounts/login/"
    assert who(client) is None
    assert SocialAccount.objects.count() == 0
    assert [mail.subject for mail in Mail.objects.all()] == ["Somebody tried to sign up with your address"]


def test_a_stated_address_ends_the_same_with_and_without_an_account(issuer: Issuer) -> None:
    make_user(email="known@example.org")
    shown = []
    for number, email in enumerate(("known@example.org", "other@example.org")):
        browser = Client()
        issuer.provider.persona = Persona(sub=str(number), email=email)
        answer = sign_in_with(browser, "spotify")
        page = browser.get(answer["Location"]).content.decode()
        message = page[page.index("Sign in as") :].partition("<")[0].replace(email, "ADDRESS")
        shown.append((answer.status_code, answer["Location"], sorted(answer.headers), message, who(browser)))

    assert shown[0] == shown[1]
    assert Mail.objects.count() == 2


def test_a_new_person_of_spotify_is_in_with_the_second_click(client: Client, issuer: Issuer) -> None:
    sign_in_with(client, "spotify")
    assert who(client) is None

    sign_in_with(client, "spotify")

    assert who(client) == "mira@example.org"
    assert EmailAddress.objects.get().verified is False


def test_with_mail_a_stated_address_must_be_confirmed_first(client: Client, issuer: Issuer, settings: Any) -> None:
    settings.BACKLINE = settings.BACKLINE.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    sign_in_with(client, "spotify")
    sign_in_with(client, "spotify")
    assert who(client) is None

    EmailAddress.objects.update(verified=True)
    sign_in_with(client, "spotify")

    assert who(client) == "mira@example.org"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_person_who_says_no_comes_back_to_a_page_that_says_so(client: Client, issuer: Issuer, provider: str) -> None:
    issuer.provider.is_denying = True

    answer = sign_in_with(client, provider)

    if provider == "apple":  # its word for "no" is not the standard's
        assert answer.status_code in (302, 401)
    else:
        assert answer["Location"] == "/accounts/3rdparty/login/cancelled/"
    assert User.objects.count() == 0
    assert issuer.provider.exchanges == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_to_a_question_that_this_browser_did_not_ask_is_refused(issuer: Issuer, provider: str) -> None:
    asked, other = Client(), Client()
    answered = to_issuer(asked, provider)

    answer = come_back(other, answered)

    assert answer.status_code == 401
    assert User.objects.count() == 0
    assert issuer.provider.exchanges == []


def test_an_answer_serves_once(client: Client, issuer: Issuer) -> None:
    answered = to_issuer(client, "google")
    assert come_back(client, answered).status_code == 302
    client.post("/accounts/logout/")

    assert come_back(client, answered).status_code == 401
    assert who(client) is None


def test_an_identity_signed_with_a_key_that_apple_did_not_publish_is_refused(client: Client, issuer: Issuer) -> None:
    issuer.provider.is_signing_with_another_key = True

    answer = sign_in_with(client, "apple")

    assert answer.status_code == 401
    assert User.objects.count() == 0


def test_a_provider_that_tells_no_address_makes_no_account(client: Client, issuer: Issuer) -> None:
    issuer.provider.persona = replace(Persona(), email=None)

    answer = sign_in_with(client, "google")

    assert answer["Location"] == "/accounts/login/"
    assert "did not tell an e-mail address" in client.get("/accounts/login/").content.decode()
    assert User.objects.count() == 0


def test_a_second_factor_is_asked_after_the_provider_too(client: Client, issuer: Issuer) -> None:
    give_authenticator(make_user(email="mira@example.org"))

    answer = sign_in_with(client, "google")

    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert who(client) is None


def test_somebody_signed_in_connects_a_provider_under_another_address_and_takes_it_off(
    client: Client, issuer: Issuer
) -> None:
    user = make_user(email="studio@example.org")
    sign_in_by_page(client, user)
    confirm_password(client)

    come_back(client, to_issuer(client, "spotify", process="connect"))
    account = SocialAccount.objects.get()
    assert account.user_id == user.id
    elsewhere = Client()
    sign_in_with(elsewhere, "spotify")
    assert who(elsewhere) == "studio@example.org"

    client.post("/accounts/3rdparty/", {"account": str(account.pk)})
    assert SocialAccount.objects.count() == 0


def test_a_provider_connected_to_one_account_is_not_connected_to_another(client: Client, issuer: Issuer) -> None:
    sign_in_with(Client(), "google")
    other = make_user(email="other@example.org")
    sign_in_by_page(client, other)
    confirm_password(client)

    come_back(client, to_issuer(client, "google", process="connect"))

    assert SocialAccount.objects.get().user.email == "mira@example.org"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("path", ["login/", "login/callback/"])
def test_a_provider_without_keys_does_not_exist(client: Client, provider: str, path: str) -> None:
    answer = client.post(f"/accounts/{provider}/{path}")

    if (provider, path) == ("apple", "login/callback/"):
        answer = client.get(answer["Location"].removeprefix("http://testserver"))
    assert answer.status_code == 404


def test_the_sign_in_page_offers_the_providers_that_have_keys(client: Client, issuer: Issuer) -> None:
    html = client.get("/accounts/login/").content.decode()

    assert [name for name in ("Google", "Spotify", "Apple") if f"Continue with {name}" in html] == [
        "Google",
        "Spotify",
        "Apple",
    ]
    asked = client.get("/accounts/google/login/").content.decode()
    assert "<form" in asked  # nothing happens on GET


def test_a_provider_that_is_down_ends_as_a_page(
    client: Client, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = to_issuer(client, "google")
    monkeypatch.setattr(GoogleOAuth2Adapter, "access_token_url", "http://127.0.0.1:1/token")

    assert come_back(client, answered).status_code == 401
    assert User.objects.count() == 0
