"""A thief and the owner present the same refresh token at the same moment: one gets tokens, and the theft is
seen.

The twin takes the row lock away and shows that without it both are served and nobody notices.
"""

import threading

import pytest
from django.db import connections, transaction

from backline.kernel.accounts import tokens
from backline.kernel.accounts.errors import RefreshTokenReused
from backline.kernel.accounts.models import RefreshToken
from backline.kernel.accounts.rules import hash_secret
from backline.kernel.accounts.testing import make_user
from backline.kernel.kit.rows import Actor, Doorway, act_as

WAIT_S = 20.0


def at_once(presented: str) -> list[str]:
    """What two requests with the same token get, each in a transaction and on a connection of its own."""
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def request() -> None:
        start.wait(WAIT_S)
        try:
            with transaction.atomic(), act_as(Actor(doorway=Doorway.AUTH)):
                try:
                    tokens.refresh(presented)
                    outcomes.append("served")
                except RefreshTokenReused:  # the edge keeps what was written
                    outcomes.append("reuse seen")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=request) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_served_and_the_family_ends() -> None:
    pair = tokens.issue(make_user())

    outcomes = at_once(pair.refresh_token)

    assert outcomes == ["reuse seen", "served"]
    assert RefreshToken.objects.count() == 2
    assert RefreshToken.objects.filter(revoked_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_are_served_and_nobody_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = tokens.issue(make_user())
    looked = threading.Barrier(2)

    def look_without_lock(presented: str) -> RefreshToken | None:
        token = RefreshToken.objects.select_related("user").filter(secret_hash=hash_secret(presented)).first()
        looked.wait(WAIT_S)
        return token

    monkeypatch.setattr(tokens, "_lock_token", look_without_lock)
    outcomes = at_once(pair.refresh_token)

    assert outcomes == ["served", "served"]
    assert RefreshToken.objects.filter(revoked_at=None, used_at=None).count() == 2
