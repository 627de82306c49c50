"""The shapes of the auth API. Unknown members are refused, and so is text with NUL."""

from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from backline.kernel.accounts.rules import EMAIL_MAX, NAME_MAX, PASSWORD_MAX, PASSWORD_MIN


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


Email = Annotated[str, Field(min_length=3, max_length=EMAIL_MAX), AfterValidator(_without_nul)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX), AfterValidator(_without_nul)]
NewPassword = Annotated[str, Field(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX), AfterValidator(_without_nul)]
Password = Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX), AfterValidator(_without_nul)]
Code = Annotated[str, Field(min_length=1, max_length=32), AfterValidator(_without_nul)]
Opaque = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_without_nul)]


class Input(Schema):
    """A request body: strict, so that a misspelt member is told instead of ignored."""

    model_config = ConfigDict(extra="forbid")


class SignUpIn(Input):
    """Who signs up."""

    email: Email
    password: NewPassword
    name: Name


class SignUpOut(Schema):
    """The same whether or not the address had an account."""

    email: str
    name: str
    message: str


class TokenIn(Input):
    """E-mail and password, and the code of an authenticator app or a recovery code where the account has
    them.
    """

    email: Email
    password: Password
    otp: Code | None = None


class TokensOut(Schema):
    """A pair of tokens; `expires_in` is the access token's lifetime in seconds (RFC 6749, section 5.1)."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme


class RefreshIn(Input):
    """A refresh token."""

    refresh_token: Opaque


class MeOut(Schema):
    """The account that makes the call."""

    id: UUID
    email: str
    name: str
    roles: list[str]
    email_confirmed: bool
    second_factor: bool
