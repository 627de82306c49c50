"""A refusal has a name, a status and a sentence that says what to do next.

Every way of saying no is a class below `DomainError`; the JSON edge renders it as a problem document (RFC 9457), the
HTML edge as a page. Nothing here knows about HTTP frameworks: a status is part of what a refusal means.
"""

from collections.abc import Mapping
from typing import ClassVar

TYPE_PREFIX = "urn:backline:problem:"

PROBLEM_CONTENT_TYPE = "application/problem+json"

JsonScalar = str | int | float | bool | None
Json = JsonScalar | list["Json"] | Mapping[str, "Json"]


class DomainError(Exception):
    """A named refusal. `detail` is one sentence for a person; `data` is for programs."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This cannot be done"

    def __init__(self, detail: str = "", /, **data: Json) -> None:
        self.detail = detail or self.title
        self.data: dict[str, Json] = data
        super().__init__(self.detail)


class Malformed(DomainError):
    """The request itself is wrong: a field is missing or has a value that cannot be meant."""

    code = "malformed"
    status = 422
    title = "Something in the request is not right"


class NotSignedIn(DomainError):
    """Nobody is signed in, and this needs somebody."""

    code = "not_signed_in"
    status = 401
    title = "Sign in first"


class Forbidden(DomainError):
    """The thing is visible to the caller, but not theirs to change."""

    code = "forbidden"
    status = 403
    title = "This is not yours to do"


class NotFound(DomainError):
    """There is no such thing, or none that the caller may see; the two look the same on purpose."""

    code = "not_found"
    status = 404
    title = "Nothing is here"


class Conflict(DomainError):
    """The request is fine, but the world is in a state that does not allow it."""

    code = "conflict"
    status = 409
    title = "This clashes with how things are now"


class PayloadTooLarge(DomainError):
    """The body is larger than this place takes (RFC 9110, section 15.5.14)."""

    code = "too_large"
    status = 413
    title = "That is too large"


class TooMany(DomainError):
    """A limit is used up; `retry_after_s` says in how many whole seconds to try again (RFC 6585)."""

    code = "too_many"
    status = 429
    title = "Too many at once"

    def __init__(self, detail: str = "", /, *, retry_after_s: int, **data: Json) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, **data)
        self.retry_after_s = retry_after_s


class StorageFull(DomainError):
    """The disk has no room left; nothing of the request was kept (RFC 4918, section 11.5)."""

    code = "storage_full"
    status = 507
    title = "The server's storage is full"


class Unavailable(DomainError):
    """A service that this needs does not answer now; trying again later is right."""

    code = "unavailable"
    status = 503
    title = "Not available right now"


def problem(error: DomainError) -> dict[str, Json]:
    """The problem document of a refusal (RFC 9457, section 3); its data are extension members."""
    document: dict[str, Json] = {
        "type": TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    return document | error.data
