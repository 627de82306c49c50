"""A hostile file can only hurt the child: the worker gets a result, a named refusal, or a named crash."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from backline.core.catalog.media.errors import HookOutsideTrack, MediaCrashed, NotSound, Truncated
from backline.core.catalog.media.model import HookWindow, IngestResult
from backline.core.catalog.media.protocol import ChildLimits
from backline.core.catalog.media.testing import (
    Format,
    cut_off,
    find_part,
    make_file,
    renamed_program,
    resampled,
    sound_of,
)
from backline.core.catalog.media.worker_process import ingest_file, recut_hook
from backline.kernel.kit.errors import DomainError, StorageFull


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_one_file_becomes_everything(tmp_path: Path, out: Path) -> None:
    source = make_file(tmp_path, Format.FLAC, seconds=35)
    before = source.read_bytes()

    result = ingest_file(source, out)

    assert sorted(path.name for path in out.iterdir()) == [
        "hook.mp3",
        "hook.webm",
        "peaks-detail.dat",
        "peaks-overview.json",
        "stream.mp3",
        "stream.webm",
    ]
    assert result.measurements.duration_ms == 35_000
    assert result.hook == result.suggestion.window
    assert result.hook.duration_ms == 30_000
    assert [file.path.parent for file in result.renditions] == [out] * 4
    assert all(file.size_bytes == file.path.stat().st_size for file in result.renditions)
    assert TypeAdapter(IngestResult).validate_json(TypeAdapter(IngestResult).dump_json(result)) == result
    assert source.read_bytes() == before


def test_a_chosen_hook_is_cut_and_recut(tmp_path: Path, out: Path) -> None:
    source = make_file(tmp_path, Format.MP3, seconds=12)
    whole, rate = sound_of(source)

    result = ingest_file(source, out, hook=HookWindow(2000, 3000))
    recut = recut_hook(source, HookWindow(6500, 2500), out)

    assert result.hook == HookWindow(2000, 3000)
    assert (result.suggestion.start_ms, result.suggestion.duration_ms) == (0, 12_000)
    cut, cut_rate = sound_of(recut[0].path)
    assert find_part(cut, resampled(whole, rate, cut_rate), cut_rate).start_ms == pytest.approx(6500, abs=1)
    assert cut.shape[1] == 2.5 * cut_rate


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda folder: renamed_program(folder / "a.wav"), NotSound),
        (lambda folder: cut_off(make_file(folder, Format.WAV_16)), Truncated),
    ],
)
def test_a_refusal_keeps_its_name_and_leaves_nothing(
    tmp_path: Path, out: Path, make: Callable[[Path], Path], refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal) as refused:
        ingest_file(make(tmp_path), out)

    assert refused.value.detail.endswith(".")
    assert refused.value.data
    assert list(out.iterdir()) == []


def test_a_hook_outside_the_track_keeps_the_old_files(tmp_path: Path, out: Path) -> None:
    source = make_file(tmp_path, Format.FLAC, seconds=4)
    recut_hook(source, HookWindow(0, 2000), out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    with pytest.raises(HookOutsideTrack):
        recut_hook(source, HookWindow(3500, 2000), out)

    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("limits", [ChildLimits(memory_bytes=200 * 2**20), ChildLimits(cpu_s=0)])
def test_a_child_that_hits_a_limit_is_a_named_crash(tmp_path: Path, out: Path, limits: ChildLimits) -> None:
    source = make_file(tmp_path, Format.FLAC, seconds=30)

    with pytest.raises(MediaCrashed, match="Export the track again"):
        ingest_file(source, out, limits=limits)

    assert list(out.iterdir()) == []
    assert source.exists()


def test_a_child_that_takes_too_long_is_killed(tmp_path: Path, out: Path) -> None:
    source = make_file(tmp_path, Format.FLAC, seconds=30)

    with pytest.raises(MediaCrashed) as refused:
        ingest_file(source, out, timeout_s=0.05)

    assert refused.value.data == {"cause": "took longer than 0.05 s"}
    assert list(out.iterdir()) == []


def test_a_child_that_is_killed_is_a_named_crash(tmp_path: Path, out: Path) -> None:
    source = make_file(tmp_path, Format.WAV_16, seconds=60)
    killer = threading.Thread(target=_kill_the_child, args=(source,))

    killer.start()
    with pytest.raises(MediaCrashed) as refused:
        ingest_file(source, out)
    killer.join()

    assert refused.value.data == {"cause": "SIGKILL"}
    assert list(out.iterdir()) == []


def _kill_the_child(source: Path) -> None:
    """Find the one child of ours that runs the media module, and kill it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == os.getpid() and b"media.run" in command:
                os.kill(int(entry.name), signal.SIGKILL)
                return
        time.sleep(0.01)


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, out: Path) -> None:
    source = make_file(tmp_path, Format.FLAC, seconds=20)

    with pytest.raises(StorageFull, match="ran out of space"):
        ingest_file(source, out, limits=ChildLimits(file_bytes=100_000))

    assert list(out.iterdir()) == []


def test_no_secret_of_the_server_reaches_the_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, out: Path) -> None:
    monkeypatch.setenv("BACKLINE_SECRET_KEY", "do not tell")
    spy = tmp_path / "spy.sh"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\nexit 3\n")
    spy.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(spy))

    with pytest.raises(MediaCrashed) as refused:
        ingest_file(make_file(tmp_path, Format.FLAC), out)

    assert refused.value.data == {"cause": "exit status 3"}
    assert "do not tell" not in (tmp_path / "seen").read_text()
