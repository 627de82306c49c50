"""The forms of signing up, signing in and the second factor; the fields' rules are those of `rules.py`."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, SignupForm
from allauth.account.models import Login
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from backline.kernel.accounts import actions, rules, second_factor
from backline.kernel.accounts.errors import WrongSecondFactor
from backline.kernel.accounts.models import User

# Where the page of signing up leaves the address for the page of signing in.
TYPED_EMAIL = "accounts.typed_email"


class SignUpForm(SignupForm):
    """Name, e-mail, password. It ends in the same way whether or not the address has an account."""

    field_order = ("name", "email", "password1")

    name = forms.CharField(
        label="Name",
        max_length=rules.NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bound(self.fields["password1"])

    def clean_name(self) -> str:
        """The name in its one spelling."""
        return _or_field_error(rules.clean_name, self.cleaned_data["name"])

    def clean_email(self) -> str:
        """The address in its one spelling. Nobody looks whether it has an account."""
        return _or_field_error(rules.clean_email, self.cleaned_data["email"])

    def try_save(self, request: HttpRequest) -> tuple[None, HttpResponse]:
        """Sign up, and lead to the sign-in page in every case."""
        email = self.cleaned_data["email"]
        actions.sign_up(email=email, name=self.cleaned_data["name"], password=self.cleaned_data["password1"])
        request.session[TYPED_EMAIL] = email
        messages.success(request, actions.sign_up_message(email))
        return None, HttpResponseRedirect(reverse("account_login"))


def _bound(field: forms.Field) -> None:
    """Hashing costs by length, so nobody may send a password of megabytes."""
    field.validators.append(MaxLengthValidator(rules.PASSWORD_MAX))
    field.widget.attrs["maxlength"] = str(rules.PASSWORD_MAX)


def _or_field_error(rule: Any, value: str) -> str:
    try:
        return cast("str", rule(value))
    except rules.BadValue as error:
        message = str(error)
        raise ValidationError(message[:1].upper() + message[1:] + ".") from error


class SignInForm(LoginForm):
    """E-mail and password; an address that must be confirmed first looks like a wrong password, see the
    message.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bound(self.fields["password"])
        if self.request is not None and not self.is_bound:
            self.fields["login"].initial = self.request.session.get(TYPED_EMAIL)

    def _clean_with_password(self, credentials: dict[str, str]) -> dict[str, Any]:
        user = get_adapter(self.request).authenticate(self.request, **credentials)
        if not isinstance(user, User) or not user.is_active or not actions.may_sign_in(user):
            raise ValidationError(actions.wrong_credentials().detail)
        return self._accept(user, credentials)

    def _accept(self, user: User, credentials: dict[str, str]) -> dict[str, Any]:
        self._login = Login(user=user, email=credentials.get("email"))
        self.user = user
        return self.cleaned_data

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Go on to the second factor, or in."""
        request.session.pop(TYPED_EMAIL, None)
        return cast("HttpResponse", super().login(request, redirect_url=redirect_url))


class _CountedCode:
    """A code field whose guesses are counted for the account and whose codes serve once."""

    user: User

    def clean_code(self) -> str:
        """The code, once. Raises TooMany, which ends as a page that says when to come back."""
        second_factor.count_guess(self.user)
        code = cast("str", super().clean_code())  # type: ignore[misc]
        try:
            second_factor.spend_code(self.user, code)
        except WrongSecondFactor as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error
        return code


class SecondFactorForm(_CountedCode, AuthenticateForm):
    """The code after the password."""


class SecondFactorAgainForm(_CountedCode, ReauthenticateForm):
    """The code before something that matters."""


class _WellFormedCredential:
    """A passkey's answer is JSON from the browser; whatever is not one is a wrong code, never a fault of
    ours.
    """

    parse: Callable[[Any], object]

    def clean_credential(self) -> Any:
        """Refuse what does not have the shape of a credential (WebAuthn, section 5.1)."""
        credential = cast("forms.Form", self).cleaned_data["credential"]
        try:
            type(self).parse(credential)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error
        base = getattr(super(), "clean_credential", None)
        return base() if base else credential


class AddPasskeyForm(_WellFormedCredential, AddWebAuthnForm):
    """A new key; unless the person says otherwise it is a passkey, which signs in without a password."""

    parse = RegistrationResponse.from_dict

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Name of the key"
        self.fields["passwordless"].label = "Sign in with it instead of the password"
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = "The key then asks for a fingerprint, a face or a PIN."


class PasskeySignInForm(_WellFormedCredential, LoginWebAuthnForm):
    """Signing in with a passkey."""

    parse = AuthenticationResponse.from_dict


class SecurityKeyForm(_WellFormedCredential, AuthenticateWebAuthnForm):
    """A key after the password."""

    parse = AuthenticationResponse.from_dict


class SecurityKeyAgainForm(_WellFormedCredential, ReauthenticateWebAuthnForm):
    """A key before something that matters."""

    parse = AuthenticationResponse.from_dict
