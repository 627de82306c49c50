"""Factories of people and worlds, for tests only."""

from itertools import count
from typing import Any

from django.utils import timezone

from backline.core.artists.models import Artist, Membership, WorldState
from backline.kernel.accounts.models import Role, RoleGrant, User

_numbers = count(1)


def make_user(**overrides: Any) -> User:
    """An account; without a `password` nobody can sign in to it."""
    number = next(_numbers)
    password = overrides.pop("password", None)
    roles = overrides.pop("roles", ())
    user = User(**({"email": f"person{number}@example.org", "name": f"Person {number}"} | overrides))
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save(force_insert=True)
    for role in roles:
        RoleGrant.objects.create(user=user, role=Role(role).value)
    return user


def make_artist(**overrides: Any) -> Artist:
    """A draft world with an owner of its own."""
    number = next(_numbers)
    values: dict[str, Any] = {"handle": f"artist{number}", "name": f"Artist {number}"} | overrides
    if "owner" not in values:
        values["owner"] = make_user()
    if values.get("state") == WorldState.PUBLISHED:
        values.setdefault("published_at", timezone.now())
    return Artist.objects.create(**values)


def make_member(artist: Artist, **overrides: Any) -> User:
    """Somebody who has joined the casset."""
    user = make_user(**overrides)
    Membership.objects.create(artist=artist, user=user)
    return user
