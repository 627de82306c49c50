"""Signing up, in and out by program. Mounted at /api/v1/auth.

Every answer that could tell whether an address has an account is the same in both cases.
"""

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from backline.kernel.accounts import actions, queries, rules, schemas, tokens
from backline.kernel.accounts.errors import RefreshTokenReused, WrongCredentials, WrongSecondFactor
from backline.kernel.accounts.identity import require_user, require_user_id
from backline.kernel.kit.api import answers
from backline.kernel.kit.http import keep_writes

router = Router(tags=["auth"])


@router.post("/signup", response=answers({201: schemas.SignUpOut}, 403), url_name="auth_signup")
def sign_up(request: HttpRequest, body: schemas.SignUpIn) -> Status[schemas.SignUpOut]:
    """Make an account. The answer is the same where the address has one: its owner gets a mail instead."""
    actions.sign_up(email=body.email, name=body.name, password=body.password)
    email = rules.clean_email(body.email)
    told = schemas.SignUpOut(email=email, name=rules.clean_name(body.name), message=actions.sign_up_message(email))
    return Status(HTTPStatus.CREATED, told)


@router.post("/token", response=answers({200: schemas.TokensOut}, 401, 403), url_name="auth_token")
def token(request: HttpRequest, body: schemas.TokenIn) -> schemas.TokensOut:
    """Sign in: an access token (15 minutes) and a refresh token (30 days, replaced at each use).

    401 `wrong_credentials`, or `otp_required` where the account has a second factor: repeat with `otp`.
    """
    try:
        pair = actions.sign_in(email=body.email, password=body.password, otp=body.otp)
    except (WrongCredentials, WrongSecondFactor):
        keep_writes(request)  # the mail with a new link, the count of guesses
        raise
    return _out(pair)


@router.post("/refresh", response=answers({200: schemas.TokensOut}, 401, 403), url_name="auth_refresh")
def refresh(request: HttpRequest, body: schemas.RefreshIn) -> schemas.TokensOut:
    """Replace a refresh token by a new pair. Using one twice ends all tokens of the same sign-in."""
    try:
        return _out(tokens.refresh(body.refresh_token))
    except RefreshTokenReused:
        keep_writes(request)
        raise


@router.post("/sign-out", response=answers({204: None}, 403), url_name="auth_sign_out")
def sign_out(request: HttpRequest, body: schemas.RefreshIn) -> Status[None]:
    """End the tokens that came from the same sign-in as this refresh token; an unknown token is no error."""
    tokens.sign_out(body.refresh_token)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.post(
    "/sign-out-everywhere",
    response=answers({204: None}, 401, 403),
    url_name="auth_sign_out_everywhere",
)
def sign_out_everywhere(request: HttpRequest) -> Status[None]:
    """End every session and every token of the caller at once, this one too."""
    actions.sign_out_everywhere(require_user_id(request))
    return Status(HTTPStatus.NO_CONTENT, None)


@router.get("/me", response=answers({200: schemas.MeOut}, 401), url_name="auth_me")
def me(request: HttpRequest) -> schemas.MeOut:
    """Who the caller is."""
    user = require_user(request)
    return schemas.MeOut(
        id=user.id,
        email=user.email,
        name=user.name,
        roles=sorted(role.value for role in user.roles),
        email_confirmed=queries.has_confirmed_email(user),
        second_factor=queries.has_second_factor(user),
    )


def _out(pair: tokens.TokenPair) -> schemas.TokensOut:
    return schemas.TokensOut(
        access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in
    )
