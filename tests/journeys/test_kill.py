"""Kill -9 of web, worker and Postgres in the middle of the work: what was committed is there, everything ends."""

import base64
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from backline.config.testing import Person, Stack, running_stack
from backline.core.catalog.media.testing import Format, cut_off, make_file
from backline.kernel.storage.store import StorageConfig, configure, sweep_left_overs

TUS = {"Tus-Resumable": "1.0.0"}


def begin_upload(artist: Person, path: Path) -> str:
    """Announce a file by tus; returns where its bytes go."""
    name = base64.b64encode(path.name.encode()).decode()
    headers = TUS | {"Upload-Length": str(path.stat().st_size), "Upload-Metadata": f"filename {name}"}
    answer = artist.http.post("/api/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(artist: Person, location: str, data: bytes, offset: int) -> httpx.Response:
    headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return artist.http.patch(location, content=data, headers=headers)


def finish_upload(stack: Stack, artist: Person, location: str, data: bytes) -> None:
    """Go on where the server says, as often as it takes, as a tus client does."""

    def try_once() -> bool:
        with suppress(httpx.HTTPError):
            known = artist.http.head(location, headers=TUS)
            offset = int(known.headers.get("Upload-Offset", "-1"))
            if offset == len(data):
                return True
            if known.status_code == 200:
                return send(artist, location, data[offset:], offset).status_code == 204
        return False

    stack.wait_for(try_once)


@pytest.fixture
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


def test_everything_ends_and_nothing_happens_twice(stack: Stack, tmp_path: Path) -> None:
    artist = Person(stack, "phoenix")
    artist.become_artist("phoenix")
    accepted: list[str] = []
    for number, kind in enumerate((Format.WAV_16, Format.FLAC, Format.MP3, Format.AAC)):
        path = make_file(tmp_path, kind, seconds=40, seed=number)
        accepted.append(artist.upload("phoenix", path).json()["id"])
    broken = artist.upload("phoenix", cut_off(make_file(tmp_path, Format.FLAC, seconds=20, seed=9), 0.02))
    if broken.status_code == 202:
        accepted.append(broken.json()["id"])
    resumed = make_file(tmp_path, Format.AIFF, seconds=30, seed=10)
    location, data = begin_upload(artist, resumed), resumed.read_bytes()
    assert send(artist, location, data[:1_000_000], 0).status_code == 204

    stack.wait_for(lambda: stack.rows("SELECT 1 FROM procrastinate_jobs WHERE status = 'doing'") != [])
    stack.kill("worker")
    rest = threading.Thread(target=lambda: finish_upload(stack, artist, location, data))
    rest.start()
    stack.kill("web")
    stack.wait_for(lambda: "worker" in stack.pids())
    stack.kill("postgres")
    stack.wait_for(stack.is_ready)
    rest.join(timeout=120)
    assert not rest.is_alive()

    def all_ended() -> bool:
        with suppress(Exception):  # the database may still be coming back
            waiting = "SELECT 1 FROM catalog_track WHERE status = 'processing'"
            return (
                stack.rows(waiting) == [] and stack.rows("SELECT 1 FROM outbox_delivery WHERE state = 'pending'") == []
            )
        return False

    stack.wait_for(all_ended)
    tracks = stack.rows("SELECT id, status, error_code, source_name FROM catalog_track ORDER BY id")
    assert {str(row[0]) for row in tracks} >= set(accepted)
    assert len(tracks) == len(accepted) + 1
    for track_id, status, error_code, _ in tracks:
        facts = stack.rows(
            "SELECT name, count(*) FROM outbox_fact WHERE data->>'track_id' = %s GROUP BY name ORDER BY name",
            str(track_id),
        )
        current = stack.rows(
            "SELECT count(*) FROM catalog_rendition WHERE track_id = %s AND retired_at IS NULL", track_id
        )
        if status == "ready":
            assert facts == [("catalog.track_ready", 1), ("catalog.track_received", 1)]
            assert current == [(4,)]
        else:
            assert (status, bool(error_code)) == ("failed", True)
            assert facts == [("catalog.track_failed", 1), ("catalog.track_received", 1)]
    assert sum(status == "ready" for _, status, _, _ in tracks) == 5
    assert stack.rows("SELECT state, count(*) FROM outbox_delivery GROUP BY state") == [("done", len(tracks))]
    # What a killed process was just writing stays for two hours (it might be alive); then it is swept.
    configure(StorageConfig(data_dir=stack.data, secret_key="x" * 32))
    sweep_left_overs(timedelta(seconds=-1))
    assert [path.name for path in (stack.data / "incoming").iterdir() if path.suffix != ".done"] == []
