import gc
import hashlib
import os
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from backline.core.streaming.stream import AudioApp
from backline.core.streaming.tokens import AudioGrant, AudioTokens, RenditionKind
from backline.kernel.kit.wire_testing import Answer, LiveServer, live_server, wait_until
from backline.kernel.storage.disk import DiskBlobStore

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRACK = UUID("0199d2b4-7c1e-7000-8000-000000000001")
LISTENER = UUID("0199d2b4-7c1e-7000-8000-00000000000a")
TOKENS = AudioTokens("a secret of some length")
SOUND = os.urandom(700_001)
SHA256 = hashlib.sha256(SOUND).hexdigest()
HOOK = AudioGrant(
    track_id=TRACK,
    kind=RenditionKind.HOOK,
    sha256=SHA256,
    size_bytes=len(SOUND),
    content_type="audio/webm; codecs=opus",
    expires_at=AT + timedelta(seconds=60),
    listener_id=LISTENER,
    is_bound=False,
)
ADDRESS = TOKENS.address(HOOK)


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> float:
        return self.at.timestamp()


class BucketStore(DiskBlobStore):
    """A store whose blobs are elsewhere."""

    def local_path(self, sha256: str) -> None:
        return None

    def presign(self, sha256: str, *, content_type: str, seconds: int) -> str:
        return f"http://bucket.test/{sha256}?type={content_type}&for={seconds}"


@pytest.fixture
def store(tmp_path: Path) -> DiskBlobStore:
    made = DiskBlobStore(tmp_path)
    made.put_bytes(SOUND, content_type="audio/webm")
    return made


def app_on(store: DiskBlobStore, clock: Clock | None = None) -> AudioApp:
    return AudioApp(TOKENS, store, clock=clock or Clock())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def ranged(server: LiveServer, field: str, **headers: str) -> Answer:
    return server.request("GET", ADDRESS, headers={"Range": field, **headers})


def test_the_whole_file(store: DiskBlobStore) -> None:
    with live_server(app_on(store)) as server:
        whole = server.request("GET", ADDRESS)
        head = server.request("HEAD", ADDRESS, headers={"Range": "bytes=0-1"})

    assert (whole.status, whole.body) == (200, SOUND)
    assert whole.headers["content-type"] == "audio/webm; codecs=opus"
    assert whole.headers["content-length"] == str(len(SOUND))
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["etag"] == f'"{SHA256}"'
    assert whole.headers["cache-control"] == "private, max-age=3600, no-transform"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["cross-origin-resource-policy"] == "same-origin"
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(SOUND)))


@pytest.mark.parametrize(
    ("field", "first", "last"),
    [
        ("bytes=0-", 0, 700_000),
        ("bytes=0-0", 0, 0),
        ("bytes=65536-131071", 65536, 131071),
        ("bytes=262143-262145", 262143, 262145),
        ("bytes=1-524289", 1, 524289),
        ("bytes=-1", 700_000, 700_000),
        ("bytes=700000-9999999", 700_000, 700_000),
        ("bytes=-9999999", 0, 700_000),
    ],
)
def test_one_range(store: DiskBlobStore, field: str, first: int, last: int) -> None:
    with live_server(app_on(store)) as server:
        answer = ranged(server, field)

    assert (answer.status, answer.body) == (206, SOUND[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/700001"
    assert answer.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize("field", ["bytes=5-1", "bytes=0-1,5-6", "nonsense", "bytes=a-"])
def test_what_is_not_one_range_gets_the_whole_file(store: DiskBlobStore, field: str) -> None:
    with live_server(app_on(store)) as server:
        answer = ranged(server, field)

    assert (answer.status, answer.body) == (200, SOUND)
    assert "content-range" not in answer.headers


@pytest.mark.parametrize("field", ["bytes=700001-", "bytes=-0"])
def test_a_range_after_the_end_is_refused_with_the_size(store: DiskBlobStore, field: str) -> None:
    with live_server(app_on(store)) as server:
        answer = ranged(server, field)

    assert answer.status == 416
    assert answer.headers["content-range"] == "bytes */700001"
    assert answer.headers["content-type"] == "application/problem+json"


def test_conditions(store: DiskBlobStore) -> None:
    with live_server(app_on(store)) as server:
        changed = server.request("HEAD", ADDRESS).headers["last-modified"]
        same_tag = ranged(server, "bytes=0-3", **{"If-Range": f'"{SHA256}"'})
        same_date = ranged(server, "bytes=0-3", **{"If-Range": changed})
        other_tag = ranged(server, "bytes=0-3", **{"If-Range": '"other"'})
        weak_tag = ranged(server, "bytes=0-3", **{"If-Range": f'W/"{SHA256}"'})
        beyond = ranged(server, "bytes=700001-", **{"If-Range": '"other"'})
        known = ranged(server, "bytes=0-3", **{"If-None-Match": f'"{SHA256}"'})
        unchanged = server.request("GET", ADDRESS, headers={"If-Modified-Since": changed})

    assert [one.status for one in (same_tag, same_date)] == [206, 206]
    assert [one.status for one in (other_tag, weak_tag, beyond)] == [200, 200, 200]
    assert [(one.status, one.body) for one in (known, unchanged)] == [(304, b""), (304, b"")]
    assert known.headers["etag"] == f'"{SHA256}"'


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_sound_can_only_be_read(store: DiskBlobStore, method: str) -> None:
    with live_server(app_on(store)) as server:
        answer = server.request(method, ADDRESS, body=b"")

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_an_expired_address_is_refused_also_where_it_was_used_before(store: DiskBlobStore) -> None:
    clock = Clock()

    with live_server(app_on(store, clock)) as server:
        before = ranged(server, "bytes=0-3")
        clock.at = HOOK.expires_at
        after = ranged(server, "bytes=0-3")

    assert before.status == 206
    assert after.status == 403
    assert b'"token_expired"' in after.body
    assert after.headers["cache-control"] == "no-store"


def test_every_edited_byte_of_an_address_opens_nothing(store: DiskBlobStore) -> None:
    path, token = ADDRESS.split("?token=")
    statuses: list[int] = []

    with live_server(app_on(store)) as server, server.connect() as connection:
        reader = connection.makefile("rb")

        def status_of(target: bytes) -> int:
            connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            status = int(reader.readline().split()[1])
            length = 0
            while (line := reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            reader.read(length)
            return status

        assert status_of(ADDRESS.encode()) == 200
        for index in range(len(token)):
            for flip in (1, 2, 4):
                edited = bytearray(token.encode())
                edited[index] ^= flip
                if edited[index] in b"# \x7f":
                    continue  # ends the query, or is no part of a request line
                statuses.append(status_of(f"{path}?token=".encode() + bytes(edited)))
        elsewhere = (
            path,
            f"{path}?token=",
            f"{path}?token={token}x",
            f"{path}?token={token[:-1]}",
            f"{path}?Token={token}",
            f"{path}x?token={token}",
            f"{path[:-1]}2?token={token}",
            f"/api/audio/?token={token}",
            f"/api/audio/../audio/?token={token}",
        )
        statuses += [status_of(target.encode()) for target in elsewhere]

    assert set(statuses) == {403}
    assert len(statuses) > 3 * len(token) - 10


def test_a_bound_address_works_with_its_listener_only(store: DiskBlobStore) -> None:
    address = TOKENS.address(replace(HOOK, is_bound=True))

    def with_cookie(server: LiveServer, cookie: str) -> int:
        return server.request("GET", address, headers={"Cookie": cookie}).status

    with live_server(app_on(store)) as server:
        statuses = [
            server.request("GET", address).status,
            with_cookie(server, f"backline_listener={TRACK}"),
            with_cookie(server, f"backline_listener={LISTENER}"),
            with_cookie(server, f"other=1; backline_listener={LISTENER}"),
            server.request("GET", address).status,
            with_cookie(server, f"backline_listener={TRACK}"),
            with_cookie(server, "backline_listener="),
            with_cookie(server, f"xbackline_listener={LISTENER}"),
        ]

    assert statuses == [403, 403, 200, 200, 403, 403, 403, 403]


def test_a_blob_that_is_gone_or_damaged_is_404(store: DiskBlobStore) -> None:
    lost = TOKENS.address(replace(HOOK, sha256="0" * 64))
    wrong_size = TOKENS.address(replace(HOOK, size_bytes=len(SOUND) - 1))

    with live_server(app_on(store)) as server:
        answers = [
            server.request("GET", lost),
            server.request("HEAD", lost),
            server.request("GET", wrong_size),
        ]

    assert [answer.status for answer in answers] == [404, 404, 404]
    assert b'"blob_missing"' in answers[0].body


def test_a_blob_in_a_bucket_is_reached_by_a_redirect_to_that_blob_only(tmp_path: Path) -> None:
    with live_server(app_on(BucketStore(tmp_path))) as server:
        answer = server.request("GET", ADDRESS)
        edited = server.request("GET", ADDRESS[:-1])

    assert answer.status == 302
    assert answer.headers["location"] == f"http://bucket.test/{SHA256}?type=audio/webm; codecs=opus&for=60"
    assert answer.headers["cache-control"] == "no-store"
    assert edited.status == 403


def test_clients_that_hang_up_or_read_nothing_hold_no_thread_and_no_file(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    big = bytes(30_000_000)
    ref = store.put_bytes(big, content_type="audio/webm")
    address = TOKENS.address(replace(HOOK, sha256=ref.sha256, size_bytes=ref.size_bytes))
    app = app_on(store)
    gc.collect()

    with live_server(app) as server:
        server.request("HEAD", address)
        files, threads = open_files(), threading.active_count()
        slow: list[socket.socket] = []
        for _ in range(30):
            client = server.connect()
            client.sendall(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            client.recv(1)
            slow.append(client)
        quick = server.request("GET", address)
        during_threads = threading.active_count()
        for client in slow:
            client.close()
        wait_until(lambda: open_files() <= files)

    assert quick.body == big
    assert during_threads <= threads + 6  # the helper threads that read cold files, however many clients wait
    app.forget()
    assert len(app._files) == 0


def test_many_ranges_on_one_connection(store: DiskBlobStore) -> None:
    with live_server(app_on(store)) as server, server.connect() as connection:
        reader = connection.makefile("rb")
        for start in range(0, 640_000, 64_000):
            connection.sendall(
                f"GET {ADDRESS} HTTP/1.1\r\nHost: x\r\nRange: bytes={start}-{start + 63_999}\r\n\r\n".encode()
            )
            assert reader.readline() == b"HTTP/1.1 206 Partial Content\r\n"
            while reader.readline() != b"\r\n":
                pass
            assert reader.read(64_000) == SOUND[start : start + 64_000]
