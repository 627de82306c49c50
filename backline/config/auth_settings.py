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
ACCOUNT_FORMS = {"signup": "backline.kernel.accounts.forms.SignUpForm"}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/studio"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = "Backline"
# Browsers allow passkeys on http only for localhost; the library asks to be told.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _conf.public_url.startswith("http://")

SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
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
