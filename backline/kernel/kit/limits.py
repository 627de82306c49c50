"""A rate limit is "so many per so long", kept exactly by one timestamp per caller and route.

The algorithm is the generic cell rate algorithm (GCRA, ITU-T I.371): each request moves a theoretical arrival time
forward; one that would move it further ahead than the burst allows is refused and changes nothing. The counter
lives in Postgres, or in Redis/Valkey when configured; when that dies each process counts in its own memory, so a
limit may then be looser by the number of processes, and nobody is locked out.
"""

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Protocol

import structlog

from backline.kernel.kit.errors import TooMany

log = structlog.get_logger("kit.limits")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`count` requests per `period_s` seconds, all of which may come at once."""

    count: int
    period_s: int

    @property
    def spacing_s(self) -> float:
        """Seconds that one request uses up."""
        return self.period_s / self.count

    @classmethod
    def parse(cls, text: str) -> "RateLimit":
        """A limit from text like "10/5m" (s, m, h, d). Raises ValueError with what was expected."""
        match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{0,6})\s*([smhd])\s*", text)
        if not match or int(match[1]) < 1 or int(match[2] or 1) < 1:
            raise ValueError(f'must look like "10/5m" (count/period in s, m, h or d), got "{text}"')
        return cls(int(match[1]), int(match[2] or 1) * _UNITS[match[3]])

    def __str__(self) -> str:
        for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
            if self.period_s % seconds == 0:
                number = self.period_s // seconds
                return f"{self.count}/{'' if number == 1 else number}{unit}"
        return f"{self.count}/{self.period_s}s"


class Counter(Protocol):
    """Where the timestamps live."""

    def hit(self, key: str, limit: RateLimit) -> float:
        """Count one request: 0.0 if it fits, else the seconds until one would."""


class MemoryCounter:
    """Timestamps in this process, at most `capacity` of them (the least used go first)."""

    def __init__(self, capacity: int = 50_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._next_at: OrderedDict[str, float] = OrderedDict()
        self._capacity = capacity
        self._clock = clock
        # Web threads share this map: without the lock two of them could both take the last place of a limit.
        self._lock = threading.Lock()

    def hit(self, key: str, limit: RateLimit) -> float:
        """Count one request in memory."""
        now = self._clock()
        with self._lock:
            ahead = max(self._next_at.get(key, now), now) + limit.spacing_s - now
            if ahead > limit.period_s + 1e-9:
                return ahead - limit.period_s
            self._next_at[key] = now + ahead
            self._next_at.move_to_end(key)
            if len(self._next_at) > self._capacity:
                self._next_at.popitem(last=False)
        return 0.0


class PostgresCounter:
    """Timestamps in the table kit_ratestate: one atomic statement a hit, right under any number of processes."""

    # The conflicting row is locked by the upsert itself, so two processes that race for the last place are served one
    # after the other; the WHERE makes the loser's update a no-op, which returns no row.
    SQL = """
        INSERT INTO kit_ratestate AS r (key, next_at)
        VALUES (%(key)s, clock_timestamp() + make_interval(secs => %(spacing)s))
        ON CONFLICT (key) DO UPDATE
        SET next_at = GREATEST(r.next_at, clock_timestamp()) + make_interval(secs => %(spacing)s)
        WHERE GREATEST(r.next_at, clock_timestamp()) + make_interval(secs => %(spacing)s)
            <= clock_timestamp() + make_interval(secs => %(period)s)
        RETURNING 0
    """

    def hit(self, key: str, limit: RateLimit) -> float:
        """Count one request in Postgres; must run outside the request's transaction, which may roll back."""
        from django.db import connection

        values: dict[str, str | float] = {"key": key, "spacing": limit.spacing_s, "period": float(limit.period_s)}
        with connection.cursor() as cursor:
            cursor.execute(self.SQL, values)
            if cursor.fetchone():
                return 0.0
            cursor.execute(
                "SELECT EXTRACT(EPOCH FROM next_at - clock_timestamp()) + %(spacing)s - %(period)s"
                " FROM kit_ratestate WHERE key = %(key)s",
                values,
            )
            row = cursor.fetchone()
        return max(float(row[0]), 0.001) if row else 0.001


class RedisCounter:
    """Timestamps in Redis or Valkey, moved by one script; falls back to memory while the service is away."""

    SCRIPT = """
        local t = redis.call('TIME')
        local now = tonumber(t[1]) + tonumber(t[2]) / 1e6
        local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + tonumber(ARGV[1])
        local over = tat - now - tonumber(ARGV[2])
        if over > 1e-9 then return tostring(over) end
        redis.call('SET', KEYS[1], string.format('%.6f', tat), 'PX', math.ceil((tat - now) * 1000))
        return '0'
    """

    def __init__(self, url: str, *, retry_after_s: float = 5.0) -> None:
        # redis-py takes a while to import, and most installs never need it.
        from backline.kernel.kit import valkey

        self._script = valkey.connect(url).register_script(self.SCRIPT)
        self._errors = valkey.Errors
        self._memory = MemoryCounter()
        self._retry_after_s = retry_after_s
        self._away_until = 0.0

    def hit(self, key: str, limit: RateLimit) -> float:
        """Count one request in Redis, or in memory while Redis does not answer."""
        if time.monotonic() < self._away_until:
            return self._memory.hit(key, limit)
        try:
            answer = self._script(keys=[f"backline:limit:{key}"], args=[limit.spacing_s, limit.period_s])
        except self._errors as error:
            self._away_until = time.monotonic() + self._retry_after_s
            log.warning("kit.limits.redis_away", error=str(error))
            return self._memory.hit(key, limit)
        return float(answer)


@lru_cache(maxsize=1)
def counter() -> Counter:
    """The counter of this process: Redis/Valkey when configured, else Postgres."""
    from backline.kernel.kit.conf import conf

    url = conf().redis_url
    return RedisCounter(url) if url else PostgresCounter()


def key_of(route: str, kind: str, subject: str) -> str:
    """The counter's key: the subject (an address, an e-mail) is hashed, so that no personal data rests there."""
    return f"{route}:{kind}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


def count(route: str, kind: str, subject: str, limit: RateLimit, *, using: Counter | None = None) -> None:
    """Count one request of `subject` on `route`. Raises TooMany, with the seconds to wait."""
    wait_s = (using or counter()).hit(key_of(route, kind, subject), limit)
    if wait_s > 0:
        seconds = ceil(wait_s)
        raise TooMany(f"Too many requests: try again in {seconds} s", retry_after_s=seconds, limit=str(limit))


def forget_old_counters() -> int:
    """Delete counters that no longer limit anybody; returns how many. For the worker, now and then."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kit_ratestate WHERE next_at < clock_timestamp() - interval '1 hour'")
        return int(cursor.rowcount)
