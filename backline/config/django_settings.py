"""Django's settings, derived from our own typed ones (`settings.py`); nothing here reads the environment by
itself.

Which database role this process connects as is decided by how it was started: the web process as the role
that owns nothing, the worker as its own, migrations and the command line as the owner.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

from backline.config.postgres import DatabaseRole, current_role, database_url_for
from backline.config.settings import get_settings
from backline.kernel.kit import logs

BACKLINE = get_settings()
PACKAGE = Path(__file__).resolve().parent.parent


def database_from(url: str, *, pool: bool) -> dict[str, Any]:
    """Django's description of a postgresql:// address."""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    options["server_side_binding"] = True
    if pool:
        options["pool"] = {"min_size": 1, "max_size": BACKLINE.web_threads + 4, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
    }


DATABASE_ROLE = current_role()
DATABASES = {"default": database_from(database_url_for(DATABASE_ROLE), pool=DATABASE_ROLE is DatabaseRole.WEB)}
# The owner's connection (tests, the command line) takes the web role while it acts for somebody, see
# kit.rows.
ROWS_ASSUME_WEB_ROLE = DATABASE_ROLE is DatabaseRole.OWNER
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = BACKLINE.secret_key
DEBUG = BACKLINE.debug
# The front checks the Host header against the public address (config/front.py and kit); Django takes what
# it passes.
ALLOWED_HOSTS = list(BACKLINE.allowed_hosts)
IS_HTTPS = BACKLINE.public_url.startswith("https://")
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True
APPEND_SLASH = False

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.spotify",
    "allauth.socialaccount.providers.apple",
    "backline.kernel.kit.apps.KitConfig",
    "backline.kernel.outbox.apps.OutboxConfig",
    "backline.kernel.storage.apps.StorageConfig",
    "backline.kernel.accounts.apps.AccountsConfig",
    "backline.core.artists.apps.ArtistsConfig",
    "backline.core.catalog.apps.CatalogConfig",
    "backline.core.streaming.apps.StreamingConfig",
    "backline.desks.web.apps.WebConfig",
    "backline.config.apps.BacklineConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "backline.config.admin_csp.AdminPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backline.kernel.kit.http.RequestContext",
    "backline.kernel.kit.http.RouteLimits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "backline.kernel.kit.http.EdgeTransaction",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backline.kernel.accounts.identity.Identity",
    "backline.kernel.accounts.identity.Csrf",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "backline.kernel.kit.http.Refusals",
]

ROOT_URLCONF = "backline.config.urls"
WSGI_APPLICATION = "backline.config.wsgi.application"

_CONTEXT = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "backline.desks.web.context.for_django_templates",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "jinja2",
        "APP_DIRS": True,  # <module>/jinja2/<module>/*.html
        "OPTIONS": {"environment": "backline.desks.web.templating.environment", "autoescape": True},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "NAME": "django",
        "APP_DIRS": False,
        "DIRS": [PACKAGE / "desks" / "web" / "templates", PACKAGE / "kernel" / "accounts" / "templates"],
        "OPTIONS": {
            "context_processors": _CONTEXT,
            "loaders": [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "backline_session"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "backline_csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [BACKLINE.public_url] if BACKLINE.public_url else []
MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = None  # the front sets the scheme, from configured proxies only
X_FRAME_OPTIONS = "DENY"

# Sounds and pictures in a bucket are reached by redirects to it.
_S3 = [BACKLINE.s3_public_origin] if BACKLINE.s3_public_origin else []
_MEDIA = [SELF, "blob:", *_S3]
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": [],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", *_S3],
        "media-src": _MEDIA,
        "connect-src": _MEDIA,
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [
            SELF,
            "https://accounts.google.com",
            "https://accounts.spotify.com",
            "https://appleid.apple.com",
        ],
        "frame-ancestors": [NONE],
    },
}

STATIC_URL = "/static/"
# Served from where they lie (WhiteNoise with finders): nothing has to be collected first.
STATICFILES_DIRS = [PACKAGE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing of ours uses Django's file fields
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = BACKLINE.debug
# The front-end build writes names that carry their content's hash.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/build/assets/.+$"

DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# Files are always files, never memory: an action takes them over by their path.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(BACKLINE.incoming_dir)

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

from backline.config.auth_settings import *  # noqa: E402, F403 - allauth's settings fill a page of their own

UNFOLD = {"SITE_TITLE": "Backline", "SITE_HEADER": "Backline"}

LOGGING_CONFIG = None
logs.configure_logs(as_json=BACKLINE.log_format == "json")
