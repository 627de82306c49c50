"""An artist uploads sound, chooses the hook, publishes; a stranger hears the hook and not one byte more."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from backline.config.testing import Person, Stack
from backline.core.catalog.media.testing import Format, find_part, make_file, resampled, sound_of

HOOK_START_MS, HOOK_MS = 21_000, 12_000


class Published:
    """A published track, its original, and its artist."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self.artist = Person(stack, "nova")
        self.artist.become_artist("nova")
        self.original = make_file(folder, Format.FLAC, seconds=60, seed=7)
        answer = self.artist.upload("nova", self.original, title="Chirp")
        assert answer.status_code == 202, answer.text
        self.id = answer.json()["id"]
        assert self.artist.wait_until_done(stack, self.id)["status"] == "ready"
        hook = {"start_ms": HOOK_START_MS, "duration_ms": HOOK_MS}
        changed = self.artist.http.patch(f"/api/v1/tracks/{self.id}", json={"hook": hook, "published": True})
        assert changed.status_code == 200, changed.text
        stack.wait_for(lambda: bool(self.artist.track(self.id)["hook"]["is_ready"]))

    def play(self, http: httpx.Client, encoding: str = "mp3") -> dict[str, Any]:
        answer = http.post(f"/api/v1/tracks/{self.id}/play", json={"formats": [encoding]})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def published(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published(stack, tmp_path_factory.mktemp("sound"))


@pytest.fixture
def stranger(stack: Stack) -> httpx.Client:
    return stack.client()


@pytest.mark.parametrize("encoding", ["mp3", "opus_webm"])
def test_a_stranger_hears_that_part_of_the_original_and_no_more(
    published: Published, stranger: httpx.Client, tmp_path: Path, encoding: str
) -> None:
    play = published.play(stranger, encoding)

    served = stranger.get(play["url"])

    assert (play["access"], play["start_ms"], play["duration_ms"]) == ("hook", HOOK_START_MS, HOOK_MS)
    assert served.status_code == 200
    path = tmp_path / "served"
    path.write_bytes(served.content)
    part, rate = sound_of(path)
    whole, original_rate = sound_of(published.original)
    assert abs(part.shape[1] / rate * 1000 - HOOK_MS) <= 50
    match = find_part(part, resampled(whole, original_rate, rate), rate)
    assert abs(match.start_ms - HOOK_START_MS) <= 5
    assert match.correlation > 0.97


def test_members_and_the_owner_hear_it_all(published: Published, stack: Stack, tmp_path: Path) -> None:
    fan = Person(stack, "fan")
    assert published.play(fan.http)["access"] == "hook"
    fan.http.post("/api/v1/artists/nova/join").raise_for_status()

    for person in (fan, published.artist):
        play = published.play(person.http)
        (tmp_path / "full").write_bytes(person.http.get(play["url"]).content)
        sound, rate = sound_of(tmp_path / "full")
        assert (play["access"], round(sound.shape[1] / rate)) == ("full", 60)

    fan.http.post("/api/v1/artists/nova/leave").raise_for_status()
    assert published.play(fan.http)["access"] == "hook"


def token_of(play: dict[str, Any]) -> str:
    return str(play["url"].split("token=")[1].split("&")[0])


def test_no_edit_of_an_address_yields_a_byte(published: Published, stranger: httpx.Client) -> None:
    hook, full = published.play(stranger), published.play(published.artist.http)
    token, full_token = token_of(hook), token_of(full)
    fields, full_fields = token.split("."), full_token.split(".")
    edits = {f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}" for at in range(len(token))}
    # Every field of the owner's address put into the stranger's, alone and with the owner's signature.
    edits |= {
        ".".join([*fields[:at], full_fields[at], *fields[at + 1 :]])
        for at in range(1, len(fields))
        if fields[at] != full_fields[at]
    }
    edits |= {".".join([*full_fields[:-1], fields[-1]]), ".".join([*fields[:-1], full_fields[-1]])}
    edits |= {"", token[:-1], token + "A", token.upper(), token.replace("hook", "full"), "null", "." * 7}
    edits -= {token, full_token}

    refused = {stranger.get(f"/api/audio/{published.id}", params={"token": edit}).status_code for edit in edits}

    assert len(edits) > 150
    assert refused == {403}


def test_a_token_is_for_one_track_and_one_address(published: Published, stranger: httpx.Client, stack: Stack) -> None:
    token = token_of(published.play(stranger))

    for address in (
        f"/api/audio/{published.id[:-1]}{(int(published.id[-1], 16) + 1) % 16:x}",
        "/api/audio/00000000-0000-7000-8000-000000000000",
        f"/api/audio/../audio/{published.id}x",
        f"/media/{published.id}",
    ):
        assert stranger.get(address, params={"token": token}).status_code in (403, 404)


@pytest.mark.parametrize(
    "range_",
    [
        "bytes=0-",
        "bytes=0-999999999",
        "bytes=-999999999",
        "bytes=10-20,0-5",
        "bytes=5-1",
        "lines=1-2",
        "bytes=999999999-",
    ],
)
def test_no_range_reaches_past_the_hook(published: Published, stranger: httpx.Client, range_: str) -> None:
    play = published.play(stranger)
    whole = stranger.get(play["url"]).content

    answer = stranger.get(play["url"], headers={"Range": range_})

    assert answer.status_code in (200, 206, 416)
    if answer.status_code == 200:
        assert answer.content == whole
    elif answer.status_code == 206 and "multipart" not in answer.headers["content-type"]:
        assert answer.content in whole
    assert len(answer.content) <= len(whole) + 1000


def test_the_whole_files_are_reached_by_no_other_door(
    published: Published, stranger: httpx.Client, stack: Stack
) -> None:
    shas = [sha for (sha,) in stack.rows("SELECT sha256 FROM catalog_rendition WHERE scope = 'full'")]
    shas += [sha for (sha,) in stack.rows("SELECT source_sha256 FROM catalog_track")]
    hook_token = token_of(published.play(stranger))
    signature = published.artist.track(published.id)["peaks_url"].split("s=")[1]

    for sha in shas:
        for address in (
            f"/media/{sha}.bin?s={signature}",
            f"/media/{sha}.json?s={signature}",
            f"/blobs/{sha}",
            f"/api/audio/{published.id}?token={hook_token.replace(hook_token.split('.')[2], sha)}",
        ):
            answer = stranger.get(address)
            assert answer.status_code in (403, 404), address


def test_an_address_given_to_one_browser_is_no_use_to_another(
    published: Published, stranger: httpx.Client, stack: Stack
) -> None:
    published.play(stranger)  # the first play gives the browser its cookie
    play = published.play(stranger)

    assert stranger.get(play["url"]).status_code == 200
    assert httpx.get(stack.url + play["url"]).status_code == 403


def test_old_addresses_work_until_the_new_hook_is_ready(published: Published, stranger: httpx.Client) -> None:
    before = published.play(stranger)
    content = stranger.get(before["url"]).content

    moved = {"start_ms": HOOK_START_MS + 5000, "duration_ms": HOOK_MS}
    published.artist.http.patch(f"/api/v1/tracks/{published.id}", json={"hook": moved}).raise_for_status()
    during = published.play(stranger)
    assert stranger.get(during["url"]).status_code == 200
    published.stack.wait_for(lambda: bool(published.artist.track(published.id)["hook"]["is_ready"]))
    after = published.play(stranger)

    assert stranger.get(before["url"]).content == content
    assert (after["start_ms"], after["duration_ms"]) == (HOOK_START_MS + 5000, HOOK_MS)
    assert stranger.get(after["url"]).content != content
    published.artist.http.patch(
        f"/api/v1/tracks/{published.id}", json={"hook": {"start_ms": HOOK_START_MS, "duration_ms": HOOK_MS}}
    ).raise_for_status()
    published.stack.wait_for(lambda: bool(published.artist.track(published.id)["hook"]["is_ready"]))


def test_the_waveform_is_as_long_as_the_track(published: Published, stranger: httpx.Client) -> None:
    track = stranger.get(f"/api/v1/tracks/{published.id}").json()

    peaks = stranger.get(track["peaks_url"]).json()

    seconds = peaks["length"] * peaks["samples_per_pixel"] / peaks["sample_rate"]
    assert abs(seconds - 60) < 1
    assert np.abs(peaks["data"]).max() > 10


def test_the_list_shows_it_and_a_withdrawn_track_is_gone(published: Published, stranger: httpx.Client) -> None:
    def listed() -> bool:
        items = stranger.get("/api/v1/tracks", params={"limit": 100}).json()["items"]
        return published.id in {item["id"] for item in items}

    assert listed()
    published.artist.http.patch(f"/api/v1/tracks/{published.id}", json={"published": False}).raise_for_status()
    assert not listed()
    assert stranger.post(f"/api/v1/tracks/{published.id}/play").status_code == 404
    published.artist.http.patch(f"/api/v1/tracks/{published.id}", json={"published": True}).raise_for_status()
    assert listed()


def test_plays_are_counted_once(published: Published, stranger: httpx.Client, stack: Stack) -> None:
    play = published.play(stranger)

    for _ in range(3):
        answer = stranger.post("/api/v1/plays", json={"play": play["play"], "milestone": "start"})
        assert answer.status_code == 204

    counted = stack.rows("SELECT milestone, is_full FROM streaming_play WHERE track_id = %s", published.id)
    assert counted == [("start", False)]


def test_an_album_arrives_as_a_zip(stack: Stack, tmp_path: Path) -> None:
    import zipfile

    artist = Person(stack, "album")
    artist.become_artist("album")
    album = tmp_path / "album.zip"
    with zipfile.ZipFile(album, "w") as archive:
        for number, kind in ((10, Format.MP3), (2, Format.WAV_16)):
            path = make_file(tmp_path, kind, seconds=5, seed=number)
            archive.write(path, f"Ålbum/{number:02} - Söng {number}{path.suffix}")
        archive.writestr("__MACOSX/._x.wav", b"junk")

    answer = artist.upload("album", album)

    assert answer.status_code == 202, answer.text
    items = answer.json()["items"]
    assert [item["name"] for item in items] == ["Ålbum/02 - Söng 2.wav", "Ålbum/10 - Söng 10.mp3"]
    done = [artist.wait_until_done(stack, item["id"]) for item in items]
    assert [(track["status"], track["title"], track["duration_ms"] // 1000) for track in done] == [
        ("ready", "Söng 2", 5),
        ("ready", "Söng 10", 5),
    ]
