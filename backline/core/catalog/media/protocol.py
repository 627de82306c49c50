"""What the worker and its child say to each other: a request file, and an answer file with a result or a
refusal.

A refusal travels by its code and is raised again on the other side as the same class.
"""

from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from backline.kernel.kit.errors import DomainError, Json, StorageFull

from .errors import MediaRefused
from .model import HookWindow, IngestResult, RenditionFile

MIB = 1024 * 1024
STATUS_FULL = 75  # the child's exit status when not even its answer could be written


class Job(StrEnum):
    """What the child is asked to do."""

    INGEST = "ingest"
    RECUT = "recut"


@dataclass(frozen=True)
class ChildLimits:
    """What the child may use: address space, processor seconds, the size of any one file it writes, and its
    niceness.
    """

    memory_bytes: int = 2048 * MIB
    cpu_s: int = 3600
    file_bytes: int = 1024 * MIB
    niceness: int = 10


@dataclass(frozen=True)
class Request:
    """One job, with absolute paths."""

    job: Job
    source: Path
    out_dir: Path
    answer_path: Path
    hook: HookWindow | None
    limits: ChildLimits


@dataclass(frozen=True)
class Refusal:
    """A named refusal on its way to the parent."""

    code: str
    detail: str
    data: dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Answer:
    """Exactly one of the fields is set."""

    ingested: IngestResult | None = None
    recut: tuple[RenditionFile, ...] | None = None
    refusal: Refusal | None = None


REQUEST = TypeAdapter(Request)
ANSWER = TypeAdapter(Answer)


def refusal_of(error: DomainError) -> Refusal:
    """The refusal as it travels; data that is not a plain value stays behind."""
    plain = {key: value for key, value in error.data.items() if value is None or isinstance(value, str | int | float)}
    return Refusal(error.code, error.detail, plain)


def raised_again(refusal: Refusal) -> DomainError:
    """The same class of refusal, ready to be raised in the parent."""
    data: dict[str, Json] = dict(refusal.data)
    return _classes().get(refusal.code, MediaRefused)(refusal.detail, **data)


def _classes() -> dict[str, type[DomainError]]:
    found: dict[str, type[DomainError]] = {StorageFull.code: StorageFull}
    waiting: list[type[MediaRefused]] = [MediaRefused]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting.extend(kind.__subclasses__())
    return found
