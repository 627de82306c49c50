"""Every row's id is a UUIDv7 (RFC 9562): unique without asking anyone, and in the order of its birth.

An id therefore carries its instant (to the millisecond), sorts as time does, and pages well. It is made in Python,
not in the database, so that the code runs on Postgres 15 as on 18.
"""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A new UUIDv7; ids made by one process are strictly increasing."""
    return uuid_utils.compat.uuid7()


def instant_of(id_: UUID) -> datetime:
    """The instant, to the millisecond, at which a UUIDv7 was made (RFC 9562, section 5.7).

    Raises ValueError for an id of another version: those carry no such instant.
    """
    if id_.version != 7:
        raise ValueError(f"{id_} is not a UUIDv7")
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)
