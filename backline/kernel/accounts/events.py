"""Facts about people. None carries a name or an address: facts are kept for ever, and people may be
forgotten.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backline.kernel.outbox.facts import Fact


@dataclass(frozen=True, slots=True)
class AccountCreated(Fact):
    """A person has an account now, by whichever way."""

    name: ClassVar[str] = "accounts.account_created"
    user_id: UUID


@dataclass(frozen=True, slots=True)
class SignedOutEverywhere(Fact):
    """All sessions and tokens of a person ended: by wish, with a new password, or with a change of rights."""

    name: ClassVar[str] = "accounts.signed_out_everywhere"
    user_id: UUID


@dataclass(frozen=True, slots=True)
class RoleGranted(Fact):
    """A person may be something more."""

    name: ClassVar[str] = "accounts.role_granted"
    user_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class RoleRevoked(Fact):
    """A person no longer may be something."""

    name: ClassVar[str] = "accounts.role_revoked"
    user_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class PersonErased(Fact):
    """A person's right to erasure was carried out; modules above scramble what they hold of the person."""

    name: ClassVar[str] = "accounts.person_erased"
    user_id: UUID
