"""The session version comes from Redis when that answers, else from the database, and never goes back."""

from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from backline.kernel.accounts import actions, session_versions
from backline.kernel.accounts.session_versions import KEPT_S, NoCache, RedisVersions
from backline.kernel.accounts.testing import make_user


class FakeRedis:
    """Redis as far as these tests need it."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.is_away = False
        self.calls = 0

    def _answer(self) -> None:
        self.calls += 1
        if self.is_away:
            raise ConnectionError("away")

    def get(self, name: str) -> object:
        self._answer()
        return self.values.get(name)

    def eval(self, script: str, numkeys: int, *keys_and_args: str | int) -> object:
        self._answer()
        assert script == RedisVersions.RAISE
        key, version, kept_s = keys_and_args
        assert kept_s == KEPT_S
        if int(self.values.get(str(key), b"0")) <= int(version):
            self.values[str(key)] = str(version).encode()
        return 1


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    fake = FakeRedis()
    versions = RedisVersions(fake)
    monkeypatch.setattr(session_versions, "cache", lambda: versions)
    return fake


def test_without_redis_nothing_is_remembered() -> None:
    cache = NoCache()
    cache.put(uuid4(), 3)

    assert cache.get(uuid4()) is None
    assert isinstance(session_versions.cache(), NoCache)


@pytest.mark.django_db
def test_the_second_question_does_not_reach_the_database(redis: FakeRedis, django_assert_num_queries: object) -> None:
    user = make_user()

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert session_versions.current(user.id) == 1
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert session_versions.current(user.id) == 1


@pytest.mark.django_db
def test_a_raise_reaches_redis_after_the_commit(redis: FakeRedis, django_capture_on_commit_callbacks: object) -> None:
    user = make_user()
    assert session_versions.current(user.id) == 1

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        actions.sign_out_everywhere(user.id)
        assert session_versions.current(user.id) == 1  # not committed yet

    assert session_versions.current(user.id) == 2


def test_a_slow_reader_cannot_put_an_old_version_back(redis: FakeRedis) -> None:
    user_id = uuid4()
    session_versions.cache().put(user_id, 5)

    session_versions.cache().put(user_id, 4)

    assert session_versions.cache().get(user_id) == 5


@pytest.mark.django_db
def test_when_redis_dies_the_database_answers_and_one_line_is_logged(redis: FakeRedis) -> None:
    user = make_user()
    redis.is_away = True

    with capture_logs() as lines:
        assert [session_versions.current(user.id) for _ in range(3)] == [1, 1, 1]

    assert [line["event"] for line in lines] == ["accounts.session_versions.redis_away"]
    assert redis.calls == 1  # it is left alone for a while


def test_redis_is_asked_again_after_a_while() -> None:
    fake, at = FakeRedis(), [100.0]
    versions = RedisVersions(fake, clock=lambda: at[0], retry_after_s=5.0)
    fake.is_away = True
    assert versions.get(UUID(int=1)) is None
    fake.is_away = False

    at[0] = 104.0
    versions.put(UUID(int=1), 7)
    assert fake.values == {}
    at[0] = 105.0
    versions.put(UUID(int=1), 7)
    assert versions.get(UUID(int=1)) == 7


@pytest.mark.django_db
def test_nobody_and_the_deactivated_have_no_version() -> None:
    user = make_user()
    actions.deactivate(user)

    assert session_versions.current(user.id) is None
    assert session_versions.current(uuid4()) is None
