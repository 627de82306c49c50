import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backline.kernel.kit.asgi import matches_etag
from backline.kernel.kit.wire_testing import live_server
from backline.kernel.storage.blobs import BlobRef
from backline.kernel.storage.disk import DiskBlobStore
from backline.kernel.storage.media import MediaApp
from backline.kernel.storage.signed_url import MediaExpired, MediaPass, MediaRefused, MediaSigner

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONTENT = b"RIFFxxxxWEBP" + b"p" * 700_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SIGNER = MediaSigner("a secret of some length")


class BucketStore(DiskBlobStore):
    """A store whose blobs are elsewhere."""

    def local_path(self, sha256: str) -> None:
        return None

    def presign(self, sha256: str, *, content_type: str, seconds: int) -> str:
        return f"http://bucket.test/{sha256}?type={content_type}&for={seconds}"


def split(address: str) -> tuple[str, str, str]:
    path, _, query = address.partition("?")
    values = dict(pair.split("=", 1) for pair in query.split("&"))
    return path.removeprefix("/media/"), values.get("e", ""), values["s"]


def test_the_address_of_a_public_blob_is_always_the_same_and_reads_back() -> None:
    address = SIGNER.address(SHA256, content_type="image/webp")
    name, expiry, signature = split(address)

    assert address == SIGNER.address(SHA256, content_type="image/webp")
    assert name == f"{SHA256}.webp"
    assert SIGNER.read(name, expiry=expiry, signature=signature, at=AT) == MediaPass(SHA256, "image/webp", None)


def test_an_address_with_an_expiry_ends_at_it() -> None:
    ends = AT + timedelta(minutes=5)
    name, expiry, signature = split(SIGNER.address(SHA256, content_type="image/png", expires_at=ends))

    before = SIGNER.read(name, expiry=expiry, signature=signature, at=ends - timedelta(microseconds=1))

    assert before == MediaPass(SHA256, "image/png", ends)
    with pytest.raises(MediaExpired):
        SIGNER.read(name, expiry=expiry, signature=signature, at=ends)
    with pytest.raises(MediaRefused):
        SIGNER.read(name, expiry="", signature=signature, at=AT)
    with pytest.raises(MediaRefused):
        SIGNER.read(name, expiry=str(int(expiry) + 1), signature=signature, at=AT)


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "audio/mpeg"])
def test_what_a_browser_would_run_and_sound_have_no_address(content_type: str) -> None:
    with pytest.raises(ValueError, match="not served"):
        SIGNER.address(SHA256, content_type=content_type)


def test_every_edit_of_an_address_is_refused() -> None:
    name, _, signature = split(SIGNER.address(SHA256, content_type="image/webp"))
    other = MediaSigner("another secret")

    for index in range(len(name)):
        edited = name[:index] + chr(ord(name[index]) ^ 1) + name[index + 1 :]
        with pytest.raises(MediaRefused):
            SIGNER.read(edited, expiry="", signature=signature, at=AT)
    for index in range(len(signature)):
        edited = signature[:index] + chr(ord(signature[index]) ^ 1) + signature[index + 1 :]
        with pytest.raises(MediaRefused):
            SIGNER.read(name, expiry="", signature=edited, at=AT)
    for edited in ("", "é", signature + "A", signature[:-1]):
        with pytest.raises(MediaRefused):
            SIGNER.read(name, expiry="", signature=edited, at=AT)
    with pytest.raises(MediaRefused):
        other.read(name, expiry="", signature=signature, at=AT)


def test_a_public_picture_is_served_to_be_kept_for_ever(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    assert store.put_bytes(CONTENT, content_type="image/webp") == BlobRef(SHA256, len(CONTENT))
    address = SIGNER.address(SHA256, content_type="image/webp")

    with live_server(MediaApp(store, SIGNER)) as server:
        whole = server.request("GET", address)
        head = server.request("HEAD", address)
        known = server.request("GET", address, headers={"If-None-Match": f'"{SHA256}"'})
        post = server.request("POST", address, body=b"x")

    assert (whole.status, whole.body) == (200, CONTENT)
    assert whole.headers["content-type"] == "image/webp"
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(CONTENT)), b"")
    assert (known.status, known.body) == (304, b"")
    assert (post.status, post.headers["allow"]) == (405, "GET, HEAD")


def test_a_hash_alone_opens_nothing(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    store.put_bytes(CONTENT, content_type="image/webp")
    missing = SIGNER.address("0" * 64, content_type="image/webp")
    past = SIGNER.address(SHA256, content_type="image/webp", expires_at=AT - timedelta(days=9000))

    with live_server(MediaApp(store, SIGNER)) as server:
        unsigned = server.request("GET", f"/media/{SHA256}.webp")
        climbing = server.request("GET", "/media/../../etc/passwd?s=x")
        lost = server.request("GET", missing)
        expired = server.request("GET", past)

    assert [one.status for one in (unsigned, climbing, lost, expired)] == [403, 403, 404, 403]
    assert b'"media_expired"' in expired.body
    assert unsigned.headers["content-type"] == "application/problem+json"


def test_an_address_with_an_expiry_is_kept_privately_and_no_longer(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    store.put_bytes(CONTENT, content_type="image/webp")
    address = SIGNER.address(SHA256, content_type="image/webp", expires_at=AT + timedelta(seconds=90))

    with live_server(MediaApp(store, SIGNER, clock=lambda: AT)) as server:
        answer = server.request("GET", address)

    assert (answer.status, answer.headers["cache-control"]) == (200, "private, max-age=90")


def test_blobs_in_a_bucket_are_reached_by_a_redirect(tmp_path: Path) -> None:
    address = SIGNER.address(SHA256, content_type="image/webp")

    with live_server(MediaApp(BucketStore(tmp_path), SIGNER)) as server:
        answer = server.request("GET", address)

    assert answer.status == 302
    assert answer.headers["location"] == f"http://bucket.test/{SHA256}?type=image/webp&for=3600"
    assert answer.headers["cache-control"] == "public, max-age=1800"


def test_what_a_page_reads_by_script_is_passed_on_from_the_bucket(tmp_path: Path) -> None:
    store = BucketStore(tmp_path)
    ref = store.put_bytes(b"[1,2]", content_type="application/json")

    with live_server(MediaApp(store, SIGNER)) as server:
        answer = server.request("GET", SIGNER.address(ref.sha256, content_type="application/json"))
        missing = server.request("GET", SIGNER.address("0" * 64, content_type="application/json"))

    assert (answer.status, answer.body) == (200, b"[1,2]")
    assert answer.headers["content-type"] == "application/json"
    assert missing.status == 404


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, False),
        ("*", True),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b"', False),
        ("a", False),
    ],
)
def test_entity_tags_are_compared_weakly(condition: str | None, expected: bool) -> None:
    assert matches_etag(condition, '"a"') is expected
