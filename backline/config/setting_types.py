"""The kinds of value a setting can have, and how one is declared.

A kind knows how to read the text of an environment variable; a declaration adds the variable's name, the
default, what the setting does and what a value must be, in the words of the line an operator reads when it
is wrong.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from backline.kernel.kit.limits import RateLimit


class PostgresSource(StrEnum):
    """Where the Postgres programs come from when no DATABASE_URL is given."""

    AUTO = "auto"
    SYSTEM = "system"
    EMBEDDED = "embedded"


class LogFormat(StrEnum):
    """How log lines are written: for eyes or for machines."""

    CONSOLE = "console"
    JSON = "json"


def parse_rate_limit(value: object) -> RateLimit:
    """Read `count/period`, a period being a number and one of s, m, h, d. Raises ValueError otherwise."""
    return value if isinstance(value, RateLimit) else RateLimit.parse(str(value))


def split_networks(value: object) -> object:
    """Read addresses and networks with commas between them. Raises ValueError when one is neither."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list | tuple):
        return tuple(str(ipaddress.ip_network(str(part), strict=False)) for part in value)
    return value


def url_of(*schemes: str) -> Callable[[object], object]:
    """Make a check that a text is an address of one of these schemes."""

    def check(value: object) -> object:
        if isinstance(value, str) and urlsplit(value).scheme not in schemes:
            raise ValueError("another scheme")
        return value

    return check


PostgresUrl = Annotated[str, BeforeValidator(url_of("postgres", "postgresql"))]
RedisUrl = Annotated[str, BeforeValidator(url_of("redis", "rediss", "unix"))]
SmtpUrl = Annotated[str, BeforeValidator(url_of("smtp", "smtps", "smtp+starttls"))]
WebUrl = Annotated[str, BeforeValidator(url_of("http", "https"))]
Limit = Annotated[RateLimit, NoDecode, BeforeValidator(parse_rate_limit)]
Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_networks)]

A_POSTGRES_URL = "be like postgresql://user:password@host:5432/name"
A_LIMIT = "be a count and a period, like 10/5m or 100/h"


def setting(
    env: str,
    default: object,
    what: str,
    *,
    must: str = "be a text",
    secret: bool = False,
    shown: str = "",
    **bounds: int,
) -> Any:
    """Declare one setting; stands where any type is declared, as pydantic's own `Field` does.

    `shown` is what the table says instead of the default; a callable default is asked when nothing is set.
    """
    field: Callable[..., Any] = Field
    extra = {"must": must, "secret": secret, "shown": shown}
    given = {"default_factory": default} if callable(default) else {"default": default}
    return field(validation_alias=env, description=what, repr=not secret, json_schema_extra=extra, **given, **bounds)
