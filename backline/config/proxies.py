"""Who a request really comes from: X-Forwarded headers are believed from configured proxies alone.

The same place cleans what Django could misread: header names with an underscore (they would pass for those
with a hyphen), and several cookie fields.
"""

import itertools
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from backline.kernel.kit.asgi import Headers, Scope, header
from backline.kernel.kit.errors import DomainError

UNIX_SOCKET: Final = "unix"

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_FORGEABLE: Final = frozenset({b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port"})


class WrongHost(DomainError):
    """The Host header names another server (RFC 9110, section 7.2): old DNS, or a rebinding attack."""

    code = "wrong_host"
    status = 400
    title = "This server does not answer to that name"


class Proxies:
    """The proxies whose word is taken: addresses and networks, or "unix" for a Unix socket."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusts_unix = UNIX_SOCKET in trusted
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(
            ip_network(one, strict=False) for one in trusted if one != UNIX_SOCKET
        )
        self._is_trusted = lru_cache(maxsize=4096)(self._look_up)

    def apply(self, scope: Scope) -> None:
        """Set the scope's client and scheme from the headers of a trusted proxy; take others' claims away.

        X-Forwarded-For itself stays in the headers: that somebody passed the request on is worth knowing.
        """
        client = scope["client"]
        peer = client[0] if client else UNIX_SOCKET
        if not self._is_trusted(peer):
            if any(name in _FORGEABLE for name, _ in scope["headers"]):
                scope["headers"] = [line for line in scope["headers"] if line[0] not in _FORGEABLE]
            return
        scheme = (header(scope, b"x-forwarded-proto") or "").strip().lower()
        if scheme in ("http", "https"):
            scope["scheme"] = scheme
        hops = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        found = self._nearest_stranger(hops.decode("latin-1"))
        if found is not None:
            scope["client"] = (found, 0)

    def _nearest_stranger(self, hops: str) -> str | None:
        # Read from the right: each proxy appends whom it heard from, and only the trusted ones' entries are
        # true.
        found: str | None = None
        for hop in reversed([part.strip() for part in hops.split(",") if part.strip()]):
            address = _address(hop)
            if address is None:
                break
            found = address
            if not self._is_trusted(address):
                break
        return found

    def _look_up(self, peer: str) -> bool:
        if peer == UNIX_SOCKET:
            return self._trusts_unix
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class Hosts:
    """The names this server answers to; none given means any."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = frozenset(name.lower() for name in allowed)
        self._is_ours = lru_cache(maxsize=1024)(self._look_up)

    def check(self, scope: Scope) -> None:
        """Raises WrongHost."""
        if self._allowed and not self._is_ours(header(scope, b"host") or ""):
            raise WrongHost

    def _look_up(self, host: str) -> bool:
        name = host.lower().rstrip(".")
        bare = name if name.endswith("]") else name.rpartition(":")[0] or name
        return bare in self._allowed


# Unique without asking the system for randomness each time: a prefix of this process, and a count.
_PROCESS: Final = secrets.token_hex(6).encode()
_count = itertools.count(secrets.randbelow(2**24))


def request_id_of(scope: Scope) -> bytes:
    """The id of a request: the caller's own X-Request-ID if it is plain, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return bytes(value)
    return b"%s%08x" % (_PROCESS, next(_count))


def clean_headers(scope: Scope, request_id: bytes, *, content_length: int) -> Headers:
    """The headers as Django shall see them: the body's true length, one cookie field, the request id."""
    cookies: list[bytes] = []
    lines: Headers = [(b"x-request-id", request_id)]
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies.append(value)
        elif b"_" not in name and name not in (b"x-request-id", b"content-length", b"transfer-encoding"):
            lines.append((name, value))
    if cookies:
        lines.append((b"cookie", b"; ".join(cookies)))
    if content_length:
        lines.append((b"content-length", b"%d" % content_length))
    return lines


def _address(hop: str) -> str | None:
    # Some proxies append the port: 192.0.2.1:4711, [2001:db8::1]:4711.
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?", hop)
    bare = bracketed[1] if bracketed else re.sub(r"^([0-9.]+):\d+$", r"\1", hop)
    try:
        return str(ip_address(bare))
    except ValueError:
        return None
