"""The code beside the password: from an authenticator app (TOTP, RFC 6238) or one of the recovery codes.

Guesses are counted for each account, whatever the address or session they come from, and a code serves once,
in all processes.
"""

from allauth.mfa.models import Authenticator

from backline.kernel.accounts.errors import WrongSecondFactor
from backline.kernel.accounts.models import User
from backline.kernel.kit import limits
from backline.kernel.kit.conf import conf
from backline.kernel.kit.errors import TooMany
from backline.kernel.kit.limits import RateLimit

# A code stays valid one period (30 s) before and after its own.
CODE_LIVES_S = 120


def count_guess(user: User) -> None:
    """Count one attempt at this account's second factor. Raises TooMany."""
    limits.count("accounts.second_factor", "account", str(user.id), conf().limit_sign_in)


def spend_code(user: User, code: str) -> None:
    """Take the code out of use. Raises WrongSecondFactor where it was used before."""
    try:
        limits.count("accounts.one_time_code", "used", f"{user.id}:{code.strip()}", RateLimit(1, CODE_LIVES_S))
    except TooMany as error:
        raise WrongSecondFactor from error


def check_code(user: User, code: str) -> None:
    """Let the code pass once. Raises WrongSecondFactor."""
    for authenticator in Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN):
        if authenticator.wrap().validate_code(code):
            spend_code(user, code)
            return
    raise WrongSecondFactor
