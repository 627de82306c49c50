import base64
import hashlib
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from backline.core.catalog.uploads.errors import UploadBusy, UploadExpired, UploadGone, UploadTokenRefused
from backline.core.catalog.uploads.grants import (
    UploadGrant,
    issue_upload_token,
    read_upload_token,
    upload_address,
)
from backline.core.catalog.uploads.sink import LockedPart, UploadProgress, UploadSink
from backline.core.catalog.uploads.tus import BATCH_BYTES, TusApp
from backline.kernel.kit.errors import Malformed, StorageFull, Unavailable
from backline.kernel.kit.wire_testing import Answer, LiveServer, live_server, wait_until

SECRET = "a secret of some length"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
UPLOAD = UUID("0199d2b4-7c1e-7000-8000-000000000001")
OWNER = UUID("0199d2b4-7c1e-7000-8000-000000000002")
SOUND = os.urandom(3 * BATCH_BYTES + 17)
GRANT = UploadGrant(UPLOAD, OWNER, len(SOUND), AT + timedelta(hours=24))
ADDRESS = upload_address(GRANT, secret=SECRET)
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Catalogue:
    """What takes whole files, remembering them; `refuse` makes it say no."""

    taken: list[tuple[UploadGrant, str]] = field(default_factory=list)
    refuse: Exception | None = None
    before: Callable[[], object] | None = None

    def __call__(self, grant: UploadGrant, path: Path) -> None:
        if self.before is not None:
            self.before()
        if self.refuse is not None:
            raise self.refuse
        self.taken.append((grant, hashlib.sha256(path.read_bytes()).hexdigest()))
        path.unlink()


@pytest.fixture
def sink(tmp_path: Path) -> UploadSink:
    made = UploadSink(tmp_path / "incoming")
    made.create(UPLOAD)
    return made


def app_on(
    sink: UploadSink, catalogue: Catalogue, *, at: datetime = AT, idle_s: float = 60.0, patience_s: float = 5.0
) -> TusApp:
    return TusApp(
        sink,
        catalogue,
        secret=SECRET,
        max_size_bytes=10**9,
        clock=lambda: at,
        idle_s=idle_s,
        patience_s=patience_s,
    )


def patch(server: LiveServer, offset: int, body: bytes, **headers: str) -> Answer:
    lines = {
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        **TUS,
        **headers,
    }
    return server.request("PATCH", ADDRESS, headers=lines, body=body)


def offset_at(server: LiveServer) -> str | None:
    return server.request("HEAD", ADDRESS, headers=TUS).headers.get("upload-offset")


def begin_patch(server: LiveServer, offset: int, announced: int) -> socket.socket:
    client = server.connect()
    client.sendall(
        f"PATCH {ADDRESS} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {announced}\r\n\r\n".encode()
    )
    return client


def files(sink: UploadSink) -> list[str]:
    return sorted(path.name for path in sink.path_of(UPLOAD).parent.iterdir())


WHOLE = hashlib.sha256(SOUND).hexdigest()


def test_a_token_is_good_for_its_upload_only_and_until_its_expiry() -> None:
    token = issue_upload_token(GRANT, secret=SECRET)

    assert read_upload_token(token, upload_id=str(UPLOAD), secret=SECRET, at=AT) == GRANT
    with pytest.raises(UploadExpired):
        read_upload_token(token, upload_id=str(UPLOAD), secret=SECRET, at=GRANT.expires_at)
    with pytest.raises(UploadTokenRefused):
        read_upload_token(token, upload_id=str(OWNER), secret=SECRET, at=AT)
    with pytest.raises(UploadTokenRefused):
        read_upload_token(token, upload_id=str(UPLOAD), secret="another", at=AT)
    for index in range(len(token)):
        edited = token[:index] + chr(ord(token[index]) ^ 1) + token[index + 1 :]
        with pytest.raises(UploadTokenRefused):
            read_upload_token(edited, upload_id=str(UPLOAD), secret=SECRET, at=AT)


def test_an_upload_in_pieces_reaches_the_catalogue_whole(sink: UploadSink) -> None:
    catalogue = Catalogue()
    middle = BATCH_BYTES + 5

    with live_server(app_on(sink, catalogue)) as server:
        start = server.request("HEAD", ADDRESS, headers=TUS)
        first = patch(server, 0, SOUND[:middle])
        between = offset_at(server)
        last = patch(server, middle, SOUND[middle:])
        after = server.request("HEAD", ADDRESS, headers=TUS)
        again = patch(server, middle, SOUND[middle:])

    assert (start.status, start.headers["upload-offset"]) == (200, "0")
    assert start.headers["upload-length"] == str(len(SOUND))
    assert start.headers["upload-expires"] == "Sat, 21 Nov 2026 12:00:00 GMT"
    assert start.headers["cache-control"] == "no-store"
    assert (first.status, first.headers["upload-offset"], first.body) == (204, str(middle), b"")
    assert between == str(middle)
    assert (last.status, last.headers["upload-offset"]) == (204, str(len(SOUND)))
    assert catalogue.taken == [(GRANT, WHOLE)]
    assert (after.status, after.headers["upload-offset"]) == (200, str(len(SOUND)))
    assert again.status == 409
    assert files(sink) == [f"{UPLOAD}.done"]


def test_the_server_says_what_it_can(sink: UploadSink) -> None:
    with live_server(app_on(sink, Catalogue())) as server:
        answer = server.request("OPTIONS", "/api/uploads/anything")

    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,expiration,termination,checksum"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert answer.headers["tus-max-size"] == "1000000000"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Upload-Offset": "5"}, 409),
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "1e3"}, 400),
        ({"Upload-Offset": ""}, 400),
        ({"Content-Type": "application/octet-stream"}, 415),
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Checksum": "crc7 AAAA"}, 400),
        ({"Upload-Checksum": "sha1 !"}, 400),
    ],
)
def test_what_is_not_the_protocol_is_refused_and_changes_nothing(
    sink: UploadSink, changed: dict[str, str], status: int
) -> None:
    with live_server(app_on(sink, Catalogue())) as server:
        answer = patch(server, 0, b"x" * 100, **changed)

    assert answer.status == status
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["content-type"] == "application/problem+json"
    assert sink.offset_of(UPLOAD) == 0


def test_other_methods_and_other_peoples_addresses_are_refused(sink: UploadSink) -> None:
    with live_server(app_on(sink, Catalogue())) as server:
        post = server.request("POST", ADDRESS, headers=TUS, body=b"x")
        unsigned = server.request("HEAD", f"/api/uploads/{UPLOAD}", headers=TUS)
        elsewhere = server.request("HEAD", ADDRESS.replace(str(UPLOAD), str(OWNER)), headers=TUS)
        climbing = server.request("HEAD", ADDRESS.replace(str(UPLOAD), "../x"), headers=TUS)
        overridden = server.request("POST", ADDRESS, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}, body=b"")

    assert (post.status, post.headers["allow"]) == (405, "HEAD, PATCH, DELETE, OPTIONS")
    assert [one.status for one in (unsigned, elsewhere, climbing)] == [403, 403, 403]
    assert overridden.status == 204
    assert files(sink) == []


def test_an_upload_that_is_over_or_expired(sink: UploadSink) -> None:
    with live_server(app_on(sink, Catalogue(), at=GRANT.expires_at)) as server:
        expired = server.request("HEAD", ADDRESS, headers=TUS)
    with live_server(app_on(sink, Catalogue())) as server:
        ended = server.request("DELETE", ADDRESS, headers=TUS)
        gone = [server.request("HEAD", ADDRESS, headers=TUS).status, patch(server, 0, SOUND).status]

    assert (expired.status, ended.status, gone) == (410, 204, [404, 404])
    assert files(sink) == []


def test_more_than_was_announced_is_refused_and_the_piece_thrown_away(sink: UploadSink) -> None:
    with live_server(app_on(sink, Catalogue())) as server:
        patch(server, 0, SOUND[:10])
        announced = patch(server, 10, SOUND)
        client = server.connect()
        client.sendall(
            f"PATCH {ADDRESS} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 10\r\n"
            "Content-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            + b"%x\r\n" % len(SOUND)
            + SOUND
            + b"\r\n0\r\n\r\n"
        )
        chunked = client.makefile("rb").readline()
        client.close()

    assert announced.status == 413
    assert chunked.split()[1] == b"413"
    assert sink.offset_of(UPLOAD) == 10


def test_a_piece_with_a_wrong_checksum_is_thrown_away(sink: UploadSink) -> None:
    sha1 = base64.b64encode(hashlib.sha1(SOUND[:100], usedforsecurity=False).digest()).decode()
    sha256 = base64.b64encode(hashlib.sha256(SOUND[100:200]).digest()).decode()

    with live_server(app_on(sink, Catalogue())) as server:
        right = patch(server, 0, SOUND[:100], **{"Upload-Checksum": f"sha1 {sha1}"})
        wrong = patch(server, 100, SOUND[101:201], **{"Upload-Checksum": f"sha256 {sha256}"})
        kept = offset_at(server)
        again = patch(server, 100, SOUND[100:200], **{"Upload-Checksum": f"sha256 {sha256}"})

    assert (right.status, wrong.status, kept, again.status) == (204, 460, "100", 204)


def test_a_client_that_hangs_up_goes_on_where_it_was(sink: UploadSink) -> None:
    catalogue = Catalogue()

    with live_server(app_on(sink, catalogue)) as server:
        client = begin_patch(server, 0, len(SOUND))
        client.sendall(SOUND[: BATCH_BYTES + 1000])
        wait_until(lambda: sink.offset_of(UPLOAD) >= BATCH_BYTES)
        client.close()
        wait_until(lambda: is_free(sink))
        kept = int(offset_at(server) or "")
        rest = patch(server, kept, SOUND[kept:])

    assert BATCH_BYTES <= kept <= BATCH_BYTES + 1000
    assert rest.status == 204
    assert catalogue.taken == [(GRANT, WHOLE)]


def test_a_client_that_goes_quiet_is_let_go_and_its_bytes_kept(sink: UploadSink) -> None:
    with live_server(app_on(sink, Catalogue(), idle_s=0.2)) as server:
        client = begin_patch(server, 0, len(SOUND))
        client.sendall(SOUND[:1000])
        status = client.makefile("rb").readline()
        client.close()
        kept = offset_at(server)

    assert status.split()[1] == b"408"
    assert kept == "1000"


def test_who_cancels_while_a_piece_is_on_its_way_is_not_refused(sink: UploadSink) -> None:
    with live_server(app_on(sink, Catalogue())) as server:
        client = begin_patch(server, 0, len(SOUND))
        client.sendall(SOUND[:BATCH_BYTES])
        wait_until(lambda: sink.offset_of(UPLOAD) >= BATCH_BYTES)
        # The piece is given up while the deletion already waits for it.
        hang_up = threading.Timer(0.3, client.close)
        hang_up.start()
        ended = server.request("DELETE", ADDRESS, headers=TUS)
        hang_up.join()
        after = server.request("HEAD", ADDRESS, headers=TUS)

    assert (ended.status, after.status) == (204, 404)


def test_a_second_writer_is_refused_while_the_first_writes(sink: UploadSink) -> None:
    with live_server(app_on(sink, Catalogue(), patience_s=0.0)) as server:
        client = begin_patch(server, 0, len(SOUND))
        client.sendall(SOUND[:BATCH_BYTES])
        wait_until(lambda: sink.offset_of(UPLOAD) >= BATCH_BYTES)
        second = patch(server, BATCH_BYTES, SOUND[BATCH_BYTES:])
        ended = server.request("DELETE", ADDRESS, headers=TUS)
        client.sendall(SOUND[BATCH_BYTES:])
        first = client.makefile("rb").readline()
        client.close()

    assert (second.status, ended.status) == (423, 423)
    assert first.split()[1] == b"204"


def test_many_writers_at_once_give_one_whole_file(sink: UploadSink) -> None:
    catalogue = Catalogue()
    begin = threading.Barrier(6)
    statuses: list[int] = []

    with live_server(app_on(sink, catalogue)) as server:

        def send() -> None:
            begin.wait()
            statuses.append(patch(server, 0, SOUND).status)

        threads = [threading.Thread(target=send) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert catalogue.taken == [(GRANT, WHOLE)]
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 409, 423}


def test_a_refusal_of_the_file_is_final_and_leaves_nothing(sink: UploadSink) -> None:
    catalogue = Catalogue(refuse=Malformed("This is not a sound."))

    with live_server(app_on(sink, catalogue)) as server:
        refused = patch(server, 0, SOUND)
        after = server.request("HEAD", ADDRESS, headers=TUS)

    assert refused.status == 422
    assert b"This is not a sound." in refused.body
    assert after.status == 404
    assert files(sink) == []


@pytest.mark.parametrize(
    ("trouble", "status"),
    [(Unavailable("Try again."), 503), (StorageFull(), 507), (RuntimeError("a bug"), 500)],
)
def test_trouble_keeps_the_bytes_and_asking_for_the_offset_tries_again(
    sink: UploadSink, trouble: Exception, status: int
) -> None:
    catalogue = Catalogue(refuse=trouble)

    with live_server(app_on(sink, catalogue)) as server:
        failed = patch(server, 0, SOUND)
        kept = files(sink)
        still = server.request("HEAD", ADDRESS, headers=TUS)
        catalogue.refuse = None
        after = server.request("HEAD", ADDRESS, headers=TUS)

    assert failed.status == status
    assert b"a bug" not in failed.body
    assert kept == [f"{UPLOAD}.part"]
    assert still.status == status
    assert (after.status, after.headers["upload-offset"]) == (200, str(len(SOUND)))
    assert catalogue.taken == [(GRANT, WHOLE)]


def test_an_upload_taken_in_just_before_the_process_was_killed_is_not_asked_for_again(
    sink: UploadSink,
) -> None:
    sink.discard(UPLOAD)  # the catalogue moved the file away; the mark was never made
    app = TusApp(sink, Catalogue(), was_accepted=lambda _: True, secret=SECRET, max_size_bytes=1, clock=lambda: AT)

    with live_server(app) as server:
        answer = server.request("HEAD", ADDRESS, headers=TUS)

    assert (answer.status, answer.headers["upload-offset"]) == (200, str(len(SOUND)))


def test_a_full_disk_keeps_what_was_whole_before(sink: UploadSink, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite

    def short_of_room(fd: int, data: memoryview, offset: int) -> int:
        if offset >= 2 * BATCH_BYTES:
            real(fd, data[:100], offset)
            raise OSError(28, "No space left on device")
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", short_of_room)
    with live_server(app_on(sink, Catalogue())) as server:
        answer = patch(server, 0, SOUND)
        kept = sink.offset_of(UPLOAD)

    assert answer.status == 507
    assert 2 * BATCH_BYTES <= kept < len(SOUND)
    assert sink.path_of(UPLOAD).read_bytes() == SOUND[:kept]


def is_free(sink: UploadSink) -> bool:
    try:
        sink.lock(UPLOAD).close()
    except UploadBusy:
        return False
    return True


def test_an_upload_is_begun_once(sink: UploadSink) -> None:
    with pytest.raises(FileExistsError):
        sink.create(UPLOAD)
    with pytest.raises(UploadGone):
        sink.lock(OWNER)
    with pytest.raises(UploadGone):
        sink.offset_of(OWNER)


def test_an_upload_ended_while_another_waited_for_it_is_gone(sink: UploadSink) -> None:
    with sink.lock(UPLOAD) as part:
        part.append(b"x")
        with pytest.raises(UploadBusy):
            sink.lock(UPLOAD)
        sink.discard(UPLOAD)

    with pytest.raises(UploadGone):
        sink.lock(UPLOAD)


def test_a_closed_part_takes_nothing_more(sink: UploadSink) -> None:
    part: LockedPart = sink.lock(UPLOAD)
    part.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        part.append(b"late")

    assert sink.offset_of(UPLOAD) == 0


def test_old_uploads_are_swept_and_those_being_written_are_not(sink: UploadSink) -> None:
    long_ago = AT - timedelta(days=3)
    sink.create(OWNER)
    taken_in = UUID(int=7)
    sink.accept(taken_in)
    young = UUID(int=8)
    sink.create(young)
    for path in sink.path_of(UPLOAD).parent.iterdir():
        moment = AT.timestamp() if path.name.startswith(str(young)) else long_ago.timestamp()
        os.utime(path, (moment, moment))

    with sink.lock(OWNER):
        swept = sink.sweep_expired(AT - timedelta(days=1))

    assert swept == 2
    assert files(sink) == sorted([f"{OWNER}.part", f"{young}.part"])
    assert sink.progress_of(OWNER, size_bytes=5) == UploadProgress(0, is_accepted=False)
