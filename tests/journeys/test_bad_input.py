"""Bad input gets a clear answer that says what to do; nothing half-made stays behind and nothing else breaks."""

import errno
import io
import socket
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from django.test import RequestFactory
from mutagen.id3 import APIC, ID3, TIT2
from PIL import Image

from backline.config.testing import Person, Stack
from backline.core.catalog.media import testing as media
from backline.core.catalog.media.testing import Format
from backline.kernel.kit.api import no_room


@pytest.fixture(scope="module")
def artist(stack: Stack) -> Person:
    person = Person(stack, "clumsy")
    person.become_artist("clumsy")
    return person


def verdict(artist: Person, stack: Stack, path: Path) -> tuple[str, str]:
    """The code and the sentence with which a file was refused, at once or by the job; ("ready", "") if it was not."""
    answer = artist.upload("clumsy", path)
    if answer.status_code != 202:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert 400 <= answer.status_code < 500
        return answer.json()["code"], answer.json()["detail"]
    body = answer.json()
    track = artist.wait_until_done(stack, body.get("id") or body["items"][0]["id"])
    if track["status"] == "failed":
        return track["error"]["code"], track["error"]["detail"]
    return "ready", ""


def left_over(stack: Stack) -> list[str]:
    return [path.name for path in (stack.data / "incoming").iterdir() if not path.name.endswith(".done")]


def named(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


REFUSED: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "a renamed program": ("not_sound", lambda d: media.renamed_program(d / "song.mp3")),
    "a picture": ("not_sound", lambda d: named(d / "song.wav", b"\x89PNG\r\n\x1a\n" + b"0" * 900)),
    "a page": ("not_sound", lambda d: named(d / "song.mp3", b"<html><script>alert(1)</script></html>" * 20)),
    "nothing": ("empty_file", lambda d: named(d / "empty.wav", b"")),
    "headers without sound": ("header_without_sound", lambda d: media.header_only(d, Format.WAV_16)),
    "a video": ("video_not_sound", lambda d: media.make_video(d / "clip.mp4")),
    "half a second": ("too_short", lambda d: media.make_file(d, Format.WAV_16, seconds=0.5)),
    "a cut-off FLAC": ("truncated", lambda d: media.cut_off(media.make_file(d, Format.FLAC, seconds=8))),
    "a cut-off M4A": ("", lambda d: media.cut_off(media.make_file(d, Format.AAC, seconds=8))),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_track_is_refused_by_name_with_advice(
    artist: Person, stack: Stack, tmp_path: Path, what: str
) -> None:
    code, make = REFUSED[what]

    found, detail = verdict(artist, stack, make(tmp_path))

    assert found != "ready"
    if code:
        assert found == code
    assert len(detail) > 25, detail
    assert left_over(stack) == []


TAKEN: dict[str, Callable[[Path], Path]] = {
    "8 kHz mono": lambda d: media.make_file(d, Format.WAV_16, seconds=3, rate=8000, channels=1),
    "32-bit float": lambda d: media.make_file(d, Format.WAV_FLOAT, seconds=3),
    "24-bit 96 kHz": lambda d: media.make_file(d, Format.FLAC_24, seconds=3, rate=96_000),
    "MP3 without length header": lambda d: media.make_file(d, Format.MP3_WITHOUT_LENGTH, seconds=3),
    "a claim of ten hours": lambda d: media.claim_ten_hours(
        media.make_file(d, Format.WAV_16, seconds=3), Format.WAV_16
    ),
    "six channels": lambda d: media.make_file(d, Format.FLAC, seconds=3, channels=6),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_unusual_but_sound_is_taken(artist: Person, stack: Stack, tmp_path: Path, what: str) -> None:
    answer = artist.upload("clumsy", TAKEN[what](tmp_path))

    track = artist.wait_until_done(stack, answer.json()["id"])

    assert (track["status"], round(track["duration_ms"] / 1000)) == ("ready", 3)
    assert track["hook"]["duration_ms"] == track["duration_ms"]


def test_a_huge_cover_in_the_tags_is_no_harm(artist: Person, stack: Stack, tmp_path: Path) -> None:
    path = media.make_file(tmp_path, Format.MP3, seconds=3)
    picture = io.BytesIO()
    Image.effect_noise((2600, 2600), 90).convert("RGB").save(picture, "PNG", compress_level=0)
    tags = ID3()
    tags.add(APIC(encoding=3, mime="image/png", type=3, desc="cover", data=picture.getvalue()))
    tags.add(TIT2(encoding=3, text="Big cover"))
    tags.save(path)

    track = artist.wait_until_done(stack, artist.upload("clumsy", path).json()["id"])

    assert path.stat().st_size > 20_000_000
    assert (track["status"], track["title"], bool(track["cover_url"])) == ("ready", "Big cover", True)


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zips_that_climb_out_or_explode_are_refused_whole(artist: Person, stack: Stack, tmp_path: Path) -> None:
    before = stack.rows("SELECT count(*) FROM catalog_track")
    sound = media.make_file(tmp_path, Format.WAV_16, seconds=2).read_bytes()
    bad = {
        "climbs": zipped(tmp_path / "climb.zip", **{"../../etc/evil.wav": sound}),
        "absolute": zipped(tmp_path / "absolute.zip", **{"/tmp/evil.wav": sound}),  # noqa: S108 - a name in a zip
        "bomb": zipped(tmp_path / "bomb.zip", **{"song.wav": b"\0" * (300 * 2**20)}),
        "silent": zipped(tmp_path / "silent.zip", **{"readme.txt": b"no sound here"}),
        "broken": named(tmp_path / "broken.zip", b"PK\x03\x04" + b"x" * 500),
    }

    codes = {what: artist.upload("clumsy", path) for what, path in bad.items()}

    for what, answer in codes.items():
        assert answer.status_code == 422, (what, answer.text)
        assert answer.json()["code"].startswith("archive"), (what, answer.text)
    assert stack.rows("SELECT count(*) FROM catalog_track") == before
    assert left_over(stack) == []


@pytest.mark.parametrize(
    "name", ["夜の海.wav", "أغنية.wav", "שיר ‮gnp.wav", "Ünï cödé.wav", "a" * 240 + ".wav", "%2e%2e.wav"]
)
def test_names_in_any_script_and_direction(artist: Person, stack: Stack, tmp_path: Path, name: str) -> None:
    sound = media.make_file(tmp_path, Format.WAV_16, seconds=2).read_bytes()

    answer = artist.http.post("/api/v1/artists/clumsy/tracks", files={"file": (name, sound)})

    assert answer.status_code == 202, answer.text
    track = artist.wait_until_done(stack, answer.json()["id"])
    assert (track["status"], bool(track["title"])) == ("ready", True)


def test_nul_bytes_are_refused_or_removed_and_never_a_server_error(
    artist: Person, stack: Stack, tmp_path: Path
) -> None:
    track = artist.upload("clumsy", media.make_file(tmp_path, Format.WAV_16, seconds=2)).json()["id"]
    artist.wait_until_done(stack, track)
    statuses = [
        artist.http.patch(f"/api/v1/tracks/{track}", json={"title": "a\x00b"}).status_code,
        artist.http.patch("/api/v1/artists/clumsy", json={"bio": "a\x00b"}).status_code,
        artist.http.get("/api/v1/artists/a%00b").status_code,
        artist.http.get("/a%00b").status_code,
        artist.http.get("/api/v1/tracks", params={"cursor": "a\x00"}).status_code,
        artist.http.post(
            "/api/v1/auth/signup", json={"email": "a\x00@b.org", "name": "x\x00", "password": "p\x00" * 9}
        ).status_code,
    ]

    assert statuses == [200, 200, 404, 404, 422, 422]
    assert artist.track(track)["title"] == "a b"


def test_the_same_upload_twice_at_once_is_stored_once(artist: Person, stack: Stack, tmp_path: Path) -> None:
    path = media.make_file(tmp_path, Format.FLAC, seconds=4, seed=77)
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(artist.upload("clumsy", path))) for _ in range(3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    ids = [answer.json()["id"] for answer in answers]
    assert {artist.wait_until_done(stack, track)["status"] for track in ids} == {"ready"}
    sources = stack.rows("SELECT DISTINCT source_sha256 FROM catalog_track WHERE id = ANY(%s::uuid[])", ids)
    assert len(sources) == 1
    blobs = [path for path in (stack.data / "blobs").rglob(str(sources[0][0])) if path.is_file()]
    assert len(blobs) == 1


def test_a_client_that_hangs_up_leaves_nothing(artist: Person, stack: Stack) -> None:
    before = stack.rows("SELECT count(*) FROM catalog_track")
    head = (
        "POST /api/v1/artists/clumsy/tracks HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: {artist.http.headers['Authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 50000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", stack.port)) as wire:
        wire.sendall(head.encode() + b"RIFF" + b"\0" * 3_000_000)

    stack.wait_for(lambda: left_over(stack) == [])
    assert stack.rows("SELECT count(*) FROM catalog_track") == before
    assert stack.is_ready()


def test_too_much_is_refused_before_it_is_read(artist: Person, stack: Stack) -> None:
    name = "Upload-Metadata"
    answer = artist.http.post(
        "/api/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(501 * 2**20), name: "filename YS53YXY="}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")

    anonymous = stack.client().post("/api/v1/artists/clumsy/tracks", content=b"x" * (13 * 2**20))
    assert anonymous.status_code == 413
    assert left_over(stack) == []


def test_a_full_disk_is_said_and_nothing_is_kept(tmp_path: Path) -> None:
    """Storage has tests of its own for a full disk; here the answer of the edge is what counts."""
    answer = no_room(RequestFactory().get("/api/v1/tracks"), OSError(errno.ENOSPC, "No space left on device"))

    assert answer.status_code == 507
    with pytest.raises(OSError, match="something else"):
        no_room(RequestFactory().get("/"), OSError(errno.EIO, "something else"))
