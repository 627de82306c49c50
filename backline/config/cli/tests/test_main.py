from collections.abc import Iterator
from pathlib import Path

import pytest

from backline.config.cli.main import main
from backline.config.settings import get_settings
from backline.config.settings_table import markdown


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Read the settings anew, and leave none of this test's to the others of the process."""
    monkeypatch.setenv("BACKLINE_DATA", str(tmp_path))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_problems_in_the_settings_are_lines_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("BACKLINE_DEBUG", "perhaps")

    code = main(["doctor"])

    assert code == 2
    assert capsys.readouterr().err.splitlines() == [
        "Backline cannot start; these settings need a correction:",
        '  PORT: must be a whole number between 1 and 65535 (got "abc")',
        '  BACKLINE_DEBUG: must be true or false (got "perhaps")',
    ]


def test_the_table_of_settings_is_printed_even_where_settings_are_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "abc")

    assert main(["settings", "--markdown"]) == 0
    assert capsys.readouterr().out == markdown()


def test_a_refusal_is_one_line_and_an_exit_code(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = main(["restore", str(tmp_path / "nothing.tar")])

    assert code == 1
    assert "nothing.tar cannot be read as a backup" in capsys.readouterr().err


def test_every_command_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    commands = "up web worker migrate createadmin demo doctor backup restore settings"

    with pytest.raises(SystemExit):
        main(["--help"])

    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    assert [word for word in listed if word in commands.split()] == commands.split()
