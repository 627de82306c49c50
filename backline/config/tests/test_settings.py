import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.config.setting_types import LogFormat, PostgresSource, parse_rate_limit
from backline.config.settings import (
    PROJECT_ROOT,
    Settings,
    SettingsInvalid,
    default_data_dir,
    env_name,
    read_settings,
    secret_key_of,
)
from backline.config.settings_table import documentation, markdown
from backline.kernel.kit.limits import RateLimit

NAMES = [env_name(field) for field in Settings.model_fields]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def problems() -> list[str]:
    with pytest.raises(SettingsInvalid) as refused:
        read_settings(env_file=None)
    return refused.value.problems


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings(env_file=None)

    assert settings.port == 8000
    assert settings.host == "127.0.0.1"
    assert settings.public_url == "http://localhost:8000"
    assert settings.database_url is None
    assert settings.postgres is PostgresSource.AUTO
    assert settings.log_format is LogFormat.CONSOLE
    assert settings.max_upload_bytes == 500 * 1024 * 1024
    assert settings.trusted_proxies == ()
    assert settings.social_apps() == {}
    assert settings.s3_public_origin is None
    assert settings.data_dir.is_absolute()


def test_the_public_address_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")

    assert read_settings(env_file=None).public_url == "http://localhost:9000"


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("REDIS_URL", "")

    settings = read_settings(env_file=None)

    assert (settings.port, settings.redis_url) == (8000, None)


def test_values_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BACKLINE_DATA", str(tmp_path))
    monkeypatch.setenv("BACKLINE_PUBLIC_URL", "https://music.example/")
    monkeypatch.setenv("BACKLINE_DEBUG", "true")
    monkeypatch.setenv("BACKLINE_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")
    monkeypatch.setenv("BACKLINE_LIMIT_SIGN_IN", "3/2h")
    monkeypatch.setenv("BACKLINE_GOOGLE_CLIENT_ID", "id")
    monkeypatch.setenv("BACKLINE_GOOGLE_CLIENT_SECRET", "secret")

    settings = read_settings(env_file=None)

    assert settings.data_dir == tmp_path
    assert settings.public_url == "https://music.example"
    assert settings.debug is True
    assert settings.trusted_proxies == ("127.0.0.1/32", "10.0.0.0/8")
    assert settings.limit_sign_in == RateLimit(3, 7200)
    assert settings.limits["sign_in"] == RateLimit(3, 7200)
    assert settings.limits["sign_up"] == RateLimit(60, 3600)
    assert settings.social_apps() == {"google": {"client_id": "id", "secret": "secret", "key": ""}}
    assert settings.allowed_hosts == ("music.example", "127.0.0.1", "localhost", "[::1]")


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=7000\nBACKLINE_MAIL_FROM=band@example.org\nUNKNOWN=1\n")
    monkeypatch.setenv("PORT", "7001")

    settings = read_settings(env_file=file)

    assert (settings.port, settings.mail_from) == (7001, "band@example.org")


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "abc", 'PORT: must be a whole number between 1 and 65535 (got "abc")'),
        ("PORT", "0", 'PORT: must be a whole number between 1 and 65535 (got "0")'),
        ("PORT", "65536", 'PORT: must be a whole number between 1 and 65535 (got "65536")'),
        ("BACKLINE_POSTGRES", "mysql", 'BACKLINE_POSTGRES: must be auto, system or embedded (got "mysql")'),
        ("BACKLINE_DEBUG", "perhaps", 'BACKLINE_DEBUG: must be true or false (got "perhaps")'),
        ("BACKLINE_LOG_FORMAT", "xml", 'BACKLINE_LOG_FORMAT: must be console or json (got "xml")'),
        (
            "BACKLINE_TRUSTED_PROXIES",
            "10.0.0.0/8,proxy",
            (
                "BACKLINE_TRUSTED_PROXIES: must be addresses or networks with commas between, like "
                '127.0.0.1,10.0.0.0/8 (got "10.0.0.0/8,proxy")'
            ),
        ),
        (
            "BACKLINE_LIMIT_PLAY",
            "many",
            'BACKLINE_LIMIT_PLAY: must be a count and a period, like 10/5m or 100/h (got "many")',
        ),
        ("BACKLINE_SECRET_KEY", "short", "BACKLINE_SECRET_KEY: must have at least 32 characters"),
        (
            "BACKLINE_GOOGLE_CLIENT_ID",
            "x",
            "BACKLINE_GOOGLE_CLIENT_SECRET: is missing, though BACKLINE_GOOGLE_CLIENT_ID is set",
        ),
        (
            "BACKLINE_S3_ENDPOINT_URL",
            "https://s3.example",
            "BACKLINE_S3_BUCKET: is missing, though BACKLINE_S3_ENDPOINT_URL is set",
        ),
    ],
)
def test_a_malformed_value_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str) -> None:
    monkeypatch.setenv(name, value)

    assert problems() == [line]


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("BACKLINE_WEB_THREADS", "0")

    assert [line.split(":")[0] for line in problems()] == ["PORT", "BACKLINE_WEB_THREADS"]


def test_a_problem_repeats_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://me:hunter2@host/db")

    assert problems() == ["DATABASE_URL: must be like postgresql://user:password@host:5432/name"]


def test_showing_the_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@host/db")
    monkeypatch.setenv("BACKLINE_SECRET_KEY", "k" * 40)

    shown = repr(read_settings(env_file=None))

    assert "hunter2" not in shown
    assert "k" * 40 not in shown


def test_a_secret_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = secret_key_of(tmp_path)

    assert secret_key_of(tmp_path) == first
    assert len(first) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_data_lives_beside_the_code_where_it_may(tmp_path: Path) -> None:
    (tmp_path / "Makefile").touch()
    tmp_path.chmod(0o700)

    chosen = default_data_dir(tmp_path)

    if os.geteuid() == 0:  # the database's user could not walk through a private folder
        assert chosen == Path("/var/lib/backline")
    else:
        assert chosen == tmp_path / "var"


def test_data_never_lands_in_an_installed_package(tmp_path: Path) -> None:
    assert default_data_dir(tmp_path) in {
        Path("/var/lib/backline"),
        Path("~/.local/share/backline").expanduser(),
    }


@given(st.integers(1, 999_999_999), st.integers(1, 365), st.sampled_from("smhd"))
def test_a_written_limit_reads_back(count: int, amount: int, unit: str) -> None:
    limit = parse_rate_limit(f"{count}/{amount}{unit}")

    assert limit.count == count
    assert parse_rate_limit(str(limit)) == limit


def test_every_setting_is_described() -> None:
    rows = documentation()

    assert [row.env for row in rows] == NAMES
    assert [row.env for row in rows if not row.what.endswith(".")] == []
    assert len(set(NAMES)) == len(NAMES)


def test_the_guide_holds_exactly_this_table() -> None:
    guide = (PROJECT_ROOT / "docs" / "guide" / "configuration.md").read_text()

    assert markdown() in guide, "run `backline settings --markdown` and paste it into docs/guide/configuration.md"
    assert guide.count("\n| `") == len(NAMES)
