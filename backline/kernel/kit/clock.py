"""Time has one source here, so that tests can move it and nobody ever writes a naive instant."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)
