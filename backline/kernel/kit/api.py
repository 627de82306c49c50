"""What the modules' JSON edges share: the documented shape of a refusal, pages of lists, and the 422 of a bad body."""

import errno
from typing import Annotated, Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponse
from ninja.errors import ValidationError
from pydantic import BaseModel, Field, StringConstraints

from backline.kernel.kit.errors import DomainError, Json, Malformed, StorageFull
from backline.kernel.kit.http import problem_response
from backline.kernel.kit.paging import DEFAULT_LIMIT, MAX_LIMIT

T = TypeVar("T")

Cursor = Annotated[str | None, Field(default=None, max_length=400, description="`next_cursor` of the page before")]
Limit = Annotated[int, Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many items at most")]
Text = Annotated[str, StringConstraints(max_length=20_000)]


class Problem(BaseModel):
    """A refusal (RFC 9457): `code` for programs, `detail` for people; further members depend on the code."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class PageOf(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None


def answers(success: dict[int, Any], *refusals: int) -> dict[int, Any]:
    """The documented answers of a route: its success and its refusals (429 and 422 belong to every route)."""
    return success | dict.fromkeys(sorted({*refusals, 422, 429}), Problem)


class BadBody(Malformed):
    """The body or a parameter does not fit the schema; `fields` says where and why."""

    code = "bad_request_body"
    title = "The request does not fit this route's schema"


def body_refused(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    """Ninja's handler for input that does not fit the schema: 422 that names each field, without echoing input."""
    if not isinstance(error, ValidationError):
        raise error
    fields: list[Json] = [
        {"field": ".".join(str(part) for part in item["loc"][1:] or item["loc"]), "why": str(item["msg"])}
        for item in error.errors
    ]
    first = fields[0] if fields else None
    detail = f"{first['field']}: {first['why']}" if isinstance(first, dict) else ""
    return problem_response(BadBody(detail, fields=fields))


def domain_refused(request: HttpRequest, error: DomainError | type[DomainError]) -> HttpResponse:
    """Ninja's handler for every named refusal."""
    return problem_response(error if isinstance(error, DomainError) else error())


def no_room(request: HttpRequest, error: OSError | type[OSError]) -> HttpResponse:
    """Ninja's handler for a full disk; any other OSError is a fault of ours."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return problem_response(StorageFull("The disk is full, nothing was kept: try again later."))
    raise error
