"""The connection to Redis or Valkey, where one is configured. Nothing needs it: whoever asks it has a fallback."""

import redis

# Longer than a local service ever takes; a dead one must not hold up every request.
TIMEOUT_S = 0.5

Errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)


def connect(url: str) -> redis.Redis:
    """A client for redis://, rediss://, valkey://, valkeys:// or unix:// addresses; it connects when first asked."""
    address = url.replace("valkey", "redis", 1) if url.startswith("valkey") else url
    return redis.Redis.from_url(address, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
