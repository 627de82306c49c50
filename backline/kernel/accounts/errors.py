"""The ways in which accounts say no. None of them tells a stranger whether an address has an account."""

from backline.kernel.kit.errors import Conflict, Forbidden, Malformed, NotFound, NotSignedIn


class BadField(Malformed):
    """A field has a value that cannot be taken; `field` names it."""

    code = "bad_field"
    title = "A field needs another value"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}", field=field)


class WrongCredentials(NotSignedIn):
    """The e-mail and password do not go together, whichever of them is wrong, or the address is not
    confirmed.
    """

    code = "wrong_credentials"
    title = "E-mail or password is not right"


class SecondFactorRequired(NotSignedIn):
    """The password is right; the account also asks for a code (`otp`) from its authenticator or recovery
    codes.
    """

    code = "otp_required"
    title = "Send the code of your authenticator app too"


class WrongSecondFactor(NotSignedIn):
    """The code is wrong, too old, or was used before."""

    code = "otp_wrong"
    title = "That code is not right"


class BadAccessToken(NotSignedIn):
    """The access token is not one of ours, has expired, or its sessions were ended (RFC 6750,
    `invalid_token`).
    """

    code = "invalid_token"
    title = "The access token is not valid: refresh it or sign in again"


class BadRefreshToken(NotSignedIn):
    """The refresh token is unknown, expired, revoked, or from before everything was signed out."""

    code = "invalid_refresh_token"
    title = "The refresh token is not valid: sign in again"


class RefreshTokenReused(BadRefreshToken):
    """The refresh token was used before: somebody else may hold a copy, so all tokens of its family are
    ended.
    """

    code = "refresh_token_reused"
    title = "The refresh token was used before: sign in again"


class CsrfRefused(Forbidden):
    """A call with a session cookie came without the token that shows it came from our own pages."""

    code = "csrf"
    title = "The form is too old: load the page again and repeat"


class PersonNotFound(NotFound):
    """There is no such account."""

    code = "person_not_found"
    title = "There is no such account"


class EmailTaken(Conflict):
    """The operator wants to make an account for an address that has one (never said to a stranger)."""

    code = "email_taken"
    title = "That address has an account already"
