"""The session version of a person, asked on every call with an access token: from Redis when configured, else
Postgres.

The number only ever grows. Redis keeps it for a minute and never replaces a higher one by a lower (a slow
reader cannot undo a sign-out), and a raise is written there after it is committed. When Redis is away the
database answers; one log line says so. If a raise cannot reach Redis, an older number may serve there for
that minute at most.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol, cast
from uuid import UUID

import structlog
from django.db import transaction

from backline.kernel.accounts.models import User
from backline.kernel.kit.conf import conf

log = structlog.get_logger("accounts.session_versions")

KEPT_S = 60


class VersionCache(Protocol):
    """Where session versions are remembered between calls."""

    def get(self, user_id: UUID) -> int | None:
        """The version remembered, or None."""

    def put(self, user_id: UUID, version: int) -> None:
        """Remember the version unless a higher one is known."""


class NoCache:
    """Remembers nothing: every question goes to the database."""

    def get(self, user_id: UUID) -> int | None:
        """Nothing is known."""
        return None

    def put(self, user_id: UUID, version: int) -> None:
        """Nothing is kept."""


class RedisClient(Protocol):
    """The two commands used of Redis or Valkey."""

    def get(self, name: str) -> object:
        """GET."""

    def eval(self, script: str, numkeys: int, *keys_and_args: str | int) -> object:
        """EVAL."""


class RedisVersions:
    """Versions in Redis or Valkey; while it does not answer, as if nothing were remembered."""

    RAISE = """
        local known = tonumber(redis.call('GET', KEYS[1]) or '0')
        if known <= tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
        return 1
    """

    def __init__(
        self,
        client: RedisClient,
        errors: tuple[type[Exception], ...] = (OSError,),
        *,
        clock: Callable[[], float] = time.monotonic,
        retry_after_s: float = 5.0,
    ) -> None:
        self._client = client
        self._errors = errors
        self._clock = clock
        self._retry_after_s = retry_after_s
        self._away_until = 0.0

    @staticmethod
    def _key(user_id: UUID) -> str:
        return f"backline:session_version:{user_id.hex}"

    def get(self, user_id: UUID) -> int | None:
        """The version that Redis remembers."""
        answer = self._ask(lambda: self._client.get(self._key(user_id)))
        return int(answer) if isinstance(answer, bytes | str | int) else None

    def put(self, user_id: UUID, version: int) -> None:
        """Remember the version for a minute, unless Redis knows a higher one."""
        self._ask(lambda: self._client.eval(self.RAISE, 1, self._key(user_id), version, KEPT_S))

    def _ask(self, command: Callable[[], object]) -> object:
        if self._clock() < self._away_until:
            return None
        try:
            return command()
        except self._errors as error:
            self._away_until = self._clock() + self._retry_after_s
            log.warning("accounts.session_versions.redis_away", error=str(error))
            return None


@lru_cache(maxsize=1)
def cache() -> VersionCache:
    """The cache of this process."""
    url = conf().redis_url
    if not url:
        return NoCache()
    from backline.kernel.kit import valkey

    return RedisVersions(cast("RedisClient", valkey.connect(url)), valkey.Errors)


def current(user_id: UUID) -> int | None:
    """The session version that tokens of this person must carry; None for nobody, or somebody deactivated."""
    known = cache().get(user_id)
    if known is not None:
        return known
    version = User.objects.filter(id=user_id, is_active=True).values_list("session_version", flat=True).first()
    if version is not None:
        cache().put(user_id, version)
    return version


def remember_after_commit(user_id: UUID, version: int) -> None:
    """Tell the cache about a raised version as soon as the current transaction has made it true."""
    transaction.on_commit(lambda: cache().put(user_id, version), robust=True)
