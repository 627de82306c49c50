"""django-allauth's settings: sign-in by e-mail and password, by provider, with a second factor or a passkey.

Its own rate limits are off, because ours hold across processes; its mails go through `accounts.adapter`.
"""

from typing import Any

from backline.config.settings import get_settings

_conf = get_settings()

ACCOUNT_ADAPTER = "backline.kernel.accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "backline.kernel.accounts.adapter.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "backline.kernel.accounts.forms.SignUpForm",
    "login": "backline.kernel.accounts.forms.SignInForm",
}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False
# As soon as mail can reach people, signing in needs a confirmed address (the forms see to it, in a way that
# does not tell an unconfirmed address from a wrong password). Until then a new account is usable at once.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if _conf.smtp_url else "optional"
# One address an account; a new one takes its place when it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # the owner hears of a new password, second factor or provider
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# The address is unique without regard to case, by a constraint that this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["backline.kernel.accounts.backends.Backend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/studio"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = "Backline"
MFA_TOTP_TOLERANCE = 1  # the code before and after counts too: telephones' clocks differ
MFA_ADAPTER = "backline.kernel.accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "backline.kernel.accounts.forms.SecondFactorForm",
    "reauthenticate": "backline.kernel.accounts.forms.SecondFactorAgainForm",
    "add_webauthn": "backline.kernel.accounts.forms.AddPasskeyForm",
    "login_webauthn": "backline.kernel.accounts.forms.PasskeySignInForm",
    "authenticate_webauthn": "backline.kernel.accounts.forms.SecurityKeyForm",
    "reauthenticate_webauthn": "backline.kernel.accounts.forms.SecurityKeyAgainForm",
}
# Where no mail reaches anybody, nobody can confirm an address first.
MFA_ALLOW_UNVERIFIED_EMAIL = not _conf.smtp_url
# Browsers allow passkeys on http only for localhost; the library asks to be told.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _conf.public_url.startswith("http://")

SOCIALACCOUNT_STORE_TOKENS = False
# The adapter decides by its own, stricter rule which account an address opens; such a provider is then
# connected.
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "google": {
        "SCOPE": ["profile", "email"],
        "AUTH_PARAMS": {"access_type": "online"},
        "OAUTH_PKCE_ENABLED": True,
    },
    "spotify": {"SCOPE": ["user-read-email"]},
    "apple": {},
}
for _name, _app in _conf.social_apps().items():
    SOCIALACCOUNT_PROVIDERS[_name]["APPS"] = [_app]
