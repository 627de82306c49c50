"""Where django-allauth asks us: mail goes through our outbox, passwords end sessions, providers follow our
rules.

A provider may open an account only by an address that the provider verified *and* that the account's owner
confirmed here. An address that a provider merely states is treated like a sign-up by form: it ends in the
same way whether or not it has an account.
"""

import base64
import secrets
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from cryptography.fernet import Fernet, InvalidToken
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse

from backline.kernel.accounts import actions, queries, rules
from backline.kernel.accounts.forms import TYPED_EMAIL
from backline.kernel.accounts.mail import (
    public_address,
    send_confirmation,
    send_template,
    tell_owner_of_sign_up,
)
from backline.kernel.accounts.models import User
from backline.kernel.kit.conf import conf
from backline.kernel.kit.http import client_ip
from backline.kernel.kit.signing import key_for

# Providers whose word about an address we take: they send a mail with a link before they say "verified".
TRUSTED_TO_VERIFY = frozenset({"google", "apple"})


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account pages, with our mail and passwords."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail; it is sent after this request's transaction commits."""
        user = context.get("user")
        owner = user if isinstance(user, User) else queries.find_by_email(email)
        send_template(template_prefix, to=email, context=context, user_id=owner.id if owner else None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The caller's address, as the front determined it."""
        return client_ip(request)

    def clean_password(self, password: str, user: Any = None) -> str:
        """Length limits of ours, then Django's validators."""
        try:
            rules.check_password_length(password)
        except rules.BadValue as error:
            message = str(error)
            raise ValidationError(message[:1].upper() + message[1:] + ".") from error
        return super().clean_password(password, user)

    def set_password(self, user: Any, password: str) -> None:
        """A new password ends all sessions and tokens; allauth keeps the one in which it was changed."""
        request = allauth_context.request
        if request is None or not request.user.is_authenticated:
            actions.reset_password(user, password)
        else:
            actions.change_password(user, password)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm an address, unless another account has it as its own by now."""
        owner = queries.find_by_email(email_address.email)
        if owner is not None and owner.id != email_address.user_id:
            messages.error(request, f"{email_address.email} cannot be confirmed for this account.")
            return False
        return bool(super().confirm_email(request, email_address))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """A link to the public address, whatever Host header the request had."""
        return public_address(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link to the public address, whatever Host header the request had."""
        uid, _, secret = key.partition("-")
        return public_address(reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": secret}))


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in through Google, Spotify and Apple.

    The exchange of the provider's code happens inside the request's transaction: it changes nothing outside,
    and a rollback costs the person one more click. It may take five seconds at most.
    """

    def get_app(self, request: HttpRequest, provider: Any, client_id: Any = None) -> SocialApp:
        """The provider's keys. A provider without keys does not exist here: Http404."""
        try:
            return cast("SocialApp", super().get_app(request, provider, client_id))
        except SocialApp.DoesNotExist as error:
            raise Http404 from error

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """Take the name that the provider tells, or what stands before the @."""
        user = cast("User", super().populate_user(request, sociallogin, data))
        told = data.get("name") or " ".join(filter(None, (data.get("first_name"), data.get("last_name"))))
        try:
            user.name = rules.clean_name(str(told)[: rules.NAME_MAX])
        except rules.BadValue:
            user.name = rules.name_from_email(user.email)
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Make the account: without a password, with the address and the fact that it exists."""
        user = cast("User", super().save_user(request, sociallogin, form))
        actions.welcome(user, is_confirmed=_is_verified(sociallogin))
        return user

    def authenticate_by_email(  # type: ignore[override]
        self, sociallogin: SocialLogin
    ) -> tuple[User, str] | None:
        """The account to which a first sign-in with this provider belongs: the address is verified on both
        sides.
        """
        if not _is_verified(sociallogin):
            return None
        email = _email_of(sociallogin)
        address = EmailAddress.objects.filter(email=email, verified=True).select_related("user").first()
        if address is None or not address.user.is_active or address.user.email != email:
            return None
        return address.user, email

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Decide before allauth does; leave by ImmediateHttpResponse where the person has something to do
        first.
        """
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        provider = sociallogin.provider.name
        if sociallogin.is_existing:
            user = _user_of(sociallogin)
            if not actions.may_sign_in(user):
                raise _to_sign_in(request, user.email, _what_next(user.email, provider))
            return
        email = _email_of(sociallogin)
        if not email:
            raise _to_sign_in(
                request,
                "",
                f"{provider} did not tell an e-mail address: sign up with one, then connect {provider}.",
            )
        owner = queries.find_by_email(email)
        if _is_verified(sociallogin):
            if owner is not None:
                tell_owner_of_sign_up(owner)
                raise _to_sign_in(
                    request, email, f"{email} has an account here: sign in, then connect {provider} to it."
                )
            return
        # The provider only states the address, so the answer must be the same with and without an account.
        if owner is not None:
            tell_owner_of_sign_up(owner)
        else:
            self._make_unconfirmed(request, sociallogin)
        raise _to_sign_in(request, email, _what_next(email, provider))

    def _make_unconfirmed(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        user = self.save_user(request, sociallogin)
        send_confirmation(EmailAddress.objects.get(user=user, email=user.email), is_new=True)


def _user_of(sociallogin: SocialLogin) -> User:
    return cast("User", sociallogin.user)


def _email_of(sociallogin: SocialLogin) -> str:
    return _user_of(sociallogin).email.lower()


def _is_verified(sociallogin: SocialLogin) -> bool:
    email = _email_of(sociallogin)
    return sociallogin.account.provider in TRUSTED_TO_VERIFY and any(
        address.verified is True and address.email.lower() == email for address in sociallogin.email_addresses
    )


def _what_next(email: str, provider: str) -> str:
    if queries.must_confirm_email():
        return f"We have sent a mail to {email}. Open the link in it, then sign in with {provider}."
    return f"Sign in as {email} to go on: with {provider}, or with your password if you have one."


def _to_sign_in(request: HttpRequest, email: str, message: str) -> ImmediateHttpResponse:
    if email:
        request.session[TYPED_EMAIL] = email
    messages.info(request, message)
    return ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))


class MFAAdapter(DefaultMFAAdapter):
    """Second factors whose secrets are encrypted at rest, so that a copy of the database opens nothing."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret with a key of the install's own."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt; in place of a secret that the present key does not open stands one that nobody knows."""
        try:
            return _fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return base64.b32encode(secrets.token_bytes(20)).decode()


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key_for(conf().secret_key, "accounts.second_factor")))
