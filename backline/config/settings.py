"""What an operator can set, in one typed object read from the environment (or a `.env` file beside the code).

Nothing needs to be set: every port has an embedded twin. A value that is malformed stops the start with one
line that names the variable and says what it must be; all problems are told at once. The table of
docs/guide/configuration.md is made from this file, so a setting that is not described does not exist.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from backline.config.setting_types import (
    A_LIMIT,
    A_POSTGRES_URL,
    Limit,
    LogFormat,
    Networks,
    PostgresSource,
    PostgresUrl,
    RedisUrl,
    SmtpUrl,
    WebUrl,
    setting,
)
from backline.kernel.kit.limits import RateLimit

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent
MIB = 1024 * 1024
# Set by whoever starts a process of ours: as which database role it connects (postgres/roles.py).
ROLE_VARIABLE = "BACKLINE_DATABASE_ROLE"


class SettingsInvalid(Exception):
    """The environment does not make sense; `problems` holds one plain line for each thing to correct."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def default_data_dir(root: Path = PROJECT_ROOT) -> Path:
    """Return where data goes unless told: `var` beside the code where that can serve, else the system's
    place.

    Run as root, the database runs as another user who must be able to walk to its folder: code below a
    private home (root's own, say) then cannot hold the data.
    """
    is_root = os.geteuid() == 0
    is_ours = (root / "Makefile").exists() and os.access(root, os.W_OK)
    is_open = all(parent.stat().st_mode & stat.S_IXOTH for parent in [root, *root.parents])
    if is_ours and (is_open or not is_root):
        return root / "var"
    return Path("/var/lib/backline") if is_root else Path("~/.local/share/backline").expanduser()


def _default_public_url(data: dict[str, Any]) -> str:
    return f"http://localhost:{data.get('port', 8000)}"


class Settings(BaseSettings):
    """Everything that can be set; frozen, because every process is told once, when it starts."""

    model_config = SettingsConfigDict(
        frozen=True, populate_by_name=True, env_ignore_empty=True, case_sensitive=True, extra="ignore"
    )

    data_dir: Path = setting(
        "BACKLINE_DATA",
        default_data_dir,
        "Folder of all data: the database, sounds and images, secrets. Back it up with `backline backup`.",
        must="be a folder",
        shown="`var` beside the code; `/var/lib/backline` where root cannot share that",
    )
    port: int = setting(
        "PORT", 8000, "Port of the web process.", must="be a whole number between 1 and 65535", ge=1, le=65535
    )
    host: str = setting(
        "BACKLINE_HOST",
        "127.0.0.1",
        "Address the web process listens on. Leave it on loopback behind a proxy.",
    )
    public_url: WebUrl = setting(
        "BACKLINE_PUBLIC_URL",
        _default_public_url,
        "Address under which people reach this server, as it stands in links and mails.",
        must="be like https://music.example",
        shown="`http://localhost:` and the port",
    )
    secret_key: str = setting(
        "BACKLINE_SECRET_KEY",
        "",
        "Key of all signatures, at least 32 characters. Changing it ends every session and signed link.",
        must="have at least 32 characters",
        secret=True,
        shown="made once, in `secret_key` of the data folder",
    )
    debug: bool = setting(
        "BACKLINE_DEBUG",
        default=False,
        what="Show details of errors in the browser. Never on a public server.",
        must="be true or false",
    )
    log_format: LogFormat = setting(
        "BACKLINE_LOG_FORMAT",
        LogFormat.CONSOLE,
        "Log lines for eyes or for machines.",
        must="be console or json",
    )
    web_threads: int = setting(
        "BACKLINE_WEB_THREADS",
        16,
        "Requests that one web process answers at a time.",
        must="be a whole number between 1 and 256",
        ge=1,
        le=256,
    )
    max_upload_mb: int = setting(
        "BACKLINE_MAX_UPLOAD_MB",
        500,
        "Largest sound file accepted, in MiB.",
        must="be a whole number between 1 and 100000",
        ge=1,
        le=100_000,
    )
    trusted_proxies: Networks = setting(
        "BACKLINE_TRUSTED_PROXIES",
        (),
        "Proxies whose X-Forwarded headers are believed: addresses or networks, with commas between.",
        must="be addresses or networks with commas between, like 127.0.0.1,10.0.0.0/8",
        shown="none",
    )

    database_url: PostgresUrl | None = setting(
        "DATABASE_URL",
        None,
        "A Postgres 15 or later of your own, as a role that owns the database and may create "
        "roles. Unset: Backline runs one itself.",
        must=A_POSTGRES_URL,
        secret=True,
    )
    database_web_url: PostgresUrl | None = setting(
        "DATABASE_WEB_URL",
        None,
        "Login of the web process, where you make roles yourself.",
        must=A_POSTGRES_URL,
        secret=True,
        shown="made from DATABASE_URL",
    )
    database_worker_url: PostgresUrl | None = setting(
        "DATABASE_WORKER_URL",
        None,
        "Login of the worker, where you make roles yourself.",
        must=A_POSTGRES_URL,
        secret=True,
        shown="made from DATABASE_URL",
    )
    postgres: PostgresSource = setting(
        "BACKLINE_POSTGRES",
        PostgresSource.AUTO,
        "Programs for our own Postgres: of the system, embedded, or the system's if it has them.",
        must="be auto, system or embedded",
    )
    redis_url: RedisUrl | None = setting(
        "REDIS_URL",
        None,
        "Redis or Valkey for rate limits and presence across processes. Never needed.",
        must="be like redis://127.0.0.1:6379/0",
        secret=True,
    )

    smtp_url: SmtpUrl | None = setting(
        "SMTP_URL",
        None,
        "Server that sends mail. Unset: mail is caught in a mailbox page on this server.",
        must="be like smtp+starttls://user:password@mail.example:587 (or smtp://, smtps://)",
        secret=True,
    )
    mail_from: str = setting("BACKLINE_MAIL_FROM", "Backline <backline@localhost>", "Sender of mail.")

    s3_bucket: str | None = setting(
        "BACKLINE_S3_BUCKET", None, "Bucket for sounds and images. Unset: they are files in the data folder."
    )
    s3_endpoint_url: WebUrl | None = setting(
        "BACKLINE_S3_ENDPOINT_URL",
        None,
        "Address of an S3-compatible service.",
        must="be like https://s3.example",
        shown="Amazon's",
    )
    s3_region: str = setting("BACKLINE_S3_REGION", "us-east-1", "Region of the bucket.")
    s3_access_key_id: str | None = setting(
        "BACKLINE_S3_ACCESS_KEY_ID", None, "Key of the bucket.", shown="as the machine's role says"
    )
    s3_secret_access_key: str | None = setting(
        "BACKLINE_S3_SECRET_ACCESS_KEY", None, "Secret of that key.", secret=True
    )
    nginx_secret: str | None = setting(
        "BACKLINE_NGINX_SECRET",
        None,
        "Shared with an nginx that verifies sound addresses and serves them itself.",
        secret=True,
    )

    google_client_id: str | None = setting("BACKLINE_GOOGLE_CLIENT_ID", None, "Sign in with Google: client id.")
    google_client_secret: str | None = setting(
        "BACKLINE_GOOGLE_CLIENT_SECRET", None, "Sign in with Google: client secret.", secret=True
    )
    spotify_client_id: str | None = setting("BACKLINE_SPOTIFY_CLIENT_ID", None, "Sign in with Spotify: client id.")
    spotify_client_secret: str | None = setting(
        "BACKLINE_SPOTIFY_CLIENT_SECRET", None, "Sign in with Spotify: client secret.", secret=True
    )
    apple_client_id: str | None = setting("BACKLINE_APPLE_CLIENT_ID", None, "Sign in with Apple: services id.")
    apple_client_secret: str | None = setting(
        "BACKLINE_APPLE_CLIENT_SECRET", None, "Sign in with Apple: key id.", secret=True
    )
    apple_team_id: str | None = setting("BACKLINE_APPLE_TEAM_ID", None, "Sign in with Apple: team id.")
    apple_private_key: str | None = setting(
        "BACKLINE_APPLE_PRIVATE_KEY", None, "Sign in with Apple: the private key (PEM).", secret=True
    )

    limit_sign_in: Limit = setting("BACKLINE_LIMIT_SIGN_IN", RateLimit(20, 300), "Attempts to sign in.", must=A_LIMIT)
    limit_sign_up: Limit = setting("BACKLINE_LIMIT_SIGN_UP", RateLimit(60, 3600), "New accounts.", must=A_LIMIT)
    limit_password_reset: Limit = setting(
        "BACKLINE_LIMIT_PASSWORD_RESET", RateLimit(5, 3600), "Requests for a new password.", must=A_LIMIT
    )
    limit_token: Limit = setting(
        "BACKLINE_LIMIT_TOKEN", RateLimit(60, 300), "Access tokens for a password.", must=A_LIMIT
    )
    limit_refresh: Limit = setting("BACKLINE_LIMIT_REFRESH", RateLimit(60, 300), "Refreshed tokens.", must=A_LIMIT)
    limit_api: Limit = setting("BACKLINE_LIMIT_API", RateLimit(3000, 60), "All other calls of the API.", must=A_LIMIT)
    limit_uploads: Limit = setting("BACKLINE_LIMIT_UPLOADS", RateLimit(500, 3600), "Uploads.", must=A_LIMIT)
    limit_play: Limit = setting("BACKLINE_LIMIT_PLAY", RateLimit(600, 60), "Addresses of sounds to play.", must=A_LIMIT)

    @property
    def max_upload_bytes(self) -> int:
        """The largest sound file accepted, in bytes."""
        return self.max_upload_mb * MIB

    @property
    def has_own_logins(self) -> bool:
        """Whether the operator made the logins of web and worker himself."""
        return bool(self.database_web_url and self.database_worker_url)

    @property
    def incoming_dir(self) -> Path:
        """Folder for files that are still arriving."""
        return self.data_dir / "incoming"

    @property
    def static_root(self) -> Path:
        """Folder that `collectstatic` fills, for a proxy that serves such files itself."""
        return self.data_dir / "static"

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Host names this server answers to: that of the public address, and this machine's own."""
        named = [urlsplit(self.public_url).hostname or "", self.host]
        wanted = [
            *(name for name in named if name not in {"", "0.0.0.0", "::"}),  # noqa: S104  taken out here
            "127.0.0.1",
            "localhost",
            "[::1]",
        ]
        return tuple(dict.fromkeys(wanted))

    @property
    def s3_public_origin(self) -> str | None:
        """Scheme and host that presigned addresses lead to; None where sounds are files."""
        if not self.s3_bucket:
            return None
        if self.s3_endpoint_url:
            parts = urlsplit(self.s3_endpoint_url)
            return f"{parts.scheme}://{parts.netloc}"
        return f"https://{self.s3_bucket}.s3.{self.s3_region}.amazonaws.com"

    def social_apps(self) -> dict[str, dict[str, Any]]:
        """Return the sign-in providers that are configured, each as allauth describes an app."""
        apps: dict[str, dict[str, Any]] = {}
        for name in ("google", "spotify", "apple"):
            client_id = getattr(self, f"{name}_client_id")
            if client_id:
                apps[name] = {
                    "client_id": client_id,
                    "secret": getattr(self, f"{name}_client_secret"),
                    "key": "",
                }
        if "apple" in apps:
            apps["apple"]["key"] = self.apple_team_id
            apps["apple"]["settings"] = {"certificate_key": self.apple_private_key}
        return apps

    @property
    def limits(self) -> dict[str, RateLimit]:
        """The rate limits by the name of what they limit (`sign_in`, `play`), each for one caller."""
        names = [name for name in type(self).model_fields if name.startswith("limit_")]
        return {name.removeprefix("limit_"): getattr(self, name) for name in names}


PAIRS = (
    ("s3_access_key_id", "s3_secret_access_key"),
    ("google_client_id", "google_client_secret"),
    ("spotify_client_id", "spotify_client_secret"),
    ("apple_client_id", "apple_client_secret"),
    ("apple_client_id", "apple_team_id"),
    ("apple_client_id", "apple_private_key"),
)


def env_name(field: str) -> str:
    """Return the environment variable of a setting."""
    return str(Settings.model_fields[field].validation_alias)


def read_settings(env_file: Path | None = PROJECT_ROOT / ".env") -> Settings:
    """Read the environment, and the file for what the environment leaves out. Raises SettingsInvalid."""
    try:
        read: Callable[..., Settings] = Settings  # the plugin for types does not know pydantic-settings' own
        settings = read(_env_file=env_file, _env_file_encoding="utf-8")
    except ValidationError as error:
        # A default that is made from a malformed value is no problem of its own.
        details = [dict(detail) for detail in error.errors() if detail["type"] != "default_factory_not_called"]
        raise SettingsInvalid([_problem(detail) for detail in details]) from error
    problems = [
        f"{env_name(second)}: is missing, though {env_name(first)} is set"
        for pair in PAIRS
        for first, second in (pair, pair[::-1])
        if getattr(settings, first) and not getattr(settings, second)
    ]
    if settings.s3_endpoint_url and not settings.s3_bucket:
        problems.append(f"{env_name('s3_bucket')}: is missing, though {env_name('s3_endpoint_url')} is set")
    if settings.secret_key and len(settings.secret_key) < 32:
        problems.append(f"{env_name('secret_key')}: must have at least 32 characters")
    if problems:
        raise SettingsInvalid(problems)
    return settings.model_copy(
        update={
            "data_dir": settings.data_dir.expanduser().absolute(),
            "public_url": settings.public_url.rstrip("/"),
        }
    )


def _problem(detail: dict[str, Any]) -> str:
    """Turn one of pydantic's findings into one plain line that repeats no secret."""
    env = str(detail["loc"][0])
    field = next(field for field in Settings.model_fields.values() if field.validation_alias == env)
    extra = field.json_schema_extra
    must = extra["must"] if isinstance(extra, dict) else "be valid"
    got = "" if isinstance(extra, dict) and extra["secret"] else f' (got "{detail["input"]}")'
    return f"{env}: must {must}{got}"


def secret_key_of(data_dir: Path) -> str:
    """Return the key kept in the data folder, made at the first call; the file is its owner's alone.

    Web and worker may both be the first: the file appears whole or not at all, and whoever comes second
    reads it.
    """
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=data_dir, prefix=".secret_key-")
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):  # the other process was quicker; its key counts
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text().strip()


def _without_other_logins(settings: Settings) -> Settings:
    """Forget the owner's address in a process that has one of its own, wherever it was read from."""
    own = {"web": "database_web_url", "worker": "database_worker_url"}.get(os.environ.get(ROLE_VARIABLE, ""))
    if own is None or not getattr(settings, own):
        return settings
    others = {"database_url", "database_web_url", "database_worker_url"} - {own}
    return settings.model_copy(update=dict.fromkeys(others))


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return this process's settings, read once, with the secret key in place. Raises SettingsInvalid."""
    settings = _without_other_logins(read_settings())
    if settings.secret_key:
        return settings
    try:
        return settings.model_copy(update={"secret_key": secret_key_of(settings.data_dir)})
    except OSError as error:
        problem = f"BACKLINE_DATA: must be a folder that can be written to ({settings.data_dir}: {error.strerror})"
        raise SettingsInvalid([problem]) from error
