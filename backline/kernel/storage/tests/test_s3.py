import hashlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from moto.server import ThreadedMotoServer

from backline.kernel.storage.blobs import BlobMissing, BlobRef, StorageUnavailable
from backline.kernel.storage.s3 import PART_BYTES, S3BlobStore, S3Config

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint: str, tmp_path: Path, request: pytest.FixtureRequest) -> S3BlobStore:
    bucket = f"bucket-{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    made = S3BlobStore(S3Config(bucket, endpoint, "eu-central-1", "key", "hush"), incoming=tmp_path / "incoming")
    made._client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return made


def get(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_a_file_goes_into_the_bucket_and_comes_back(store: S3BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(CONTENT)

    ref = store.put_file(source, content_type="audio/wav")

    assert ref == BlobRef(SHA256, len(CONTENT))
    assert not source.exists()
    assert store.exists(SHA256)
    assert store.size_of(SHA256) == len(CONTENT)
    assert store.local_path(SHA256) is None
    with store.open(SHA256) as stream:
        assert stream.read(10) == CONTENT[:10]
        stream.seek(100)
        assert stream.read() == CONTENT[100:]
    with store.fetch(SHA256) as path:
        assert path.read_bytes() == CONTENT
    assert list((tmp_path / "incoming").iterdir()) == []


def test_the_same_content_twice_is_one_object(store: S3BlobStore) -> None:
    first = store.put_bytes(CONTENT, content_type="audio/wav")
    second = store.put_bytes(CONTENT, content_type="audio/wav")

    listed = store._client.list_objects_v2(Bucket=store._bucket)

    assert first == second
    assert [item["Key"] for item in listed["Contents"]] == [f"blobs/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"]


def test_a_big_file_goes_up_in_parts(store: S3BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "big.wav"
    source.write_bytes(b"\x01" * (PART_BYTES + 5))

    ref = store.put_file(source, content_type="audio/wav")

    etag = store._client.head_object(
        Bucket=store._bucket, Key=f"blobs/{ref.sha256[:2]}/{ref.sha256[2:4]}/{ref.sha256}"
    )["ETag"]
    assert etag.endswith('-2"')
    assert store.size_of(ref.sha256) == PART_BYTES + 5


def test_a_presigned_address_gives_that_blob_its_type_and_its_ranges(store: S3BlobStore) -> None:
    store.put_bytes(CONTENT, content_type="application/octet-stream")

    address = store.presign(SHA256, content_type="audio/webm", seconds=60)
    status, headers, body = get(address)
    part_status, part_headers, part = get(address, Range="bytes=10-19")

    assert (status, headers["content-type"], body) == (200, "audio/webm", CONTENT)
    assert (part_status, part) == (206, CONTENT[10:20])
    assert part_headers["content-range"] == f"bytes 10-19/{len(CONTENT)}"
    assert "X-Amz-Expires=60" in address
    assert "hush" not in address


def test_what_is_not_in_the_bucket_is_missing(store: S3BlobStore, tmp_path: Path) -> None:
    assert not store.exists("0" * 64)
    assert not store.exists("../x")
    with pytest.raises(BlobMissing):
        store.open("0" * 64)
    with pytest.raises(BlobMissing), store.fetch("0" * 64):
        pass
    assert list((tmp_path / "incoming").iterdir()) == []


def test_bytes_changed_behind_our_back_are_not_passed_on(store: S3BlobStore) -> None:
    store.put_bytes(CONTENT, content_type="audio/wav")
    store._client.put_object(
        Bucket=store._bucket, Key=f"blobs/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}", Body=b"x" * len(CONTENT)
    )

    with pytest.raises(StorageUnavailable), store.fetch(SHA256):
        pass


def test_a_service_that_is_away_is_named_and_the_source_stays(tmp_path: Path) -> None:
    config = S3Config("bucket", "http://127.0.0.1:9", "eu-central-1", "key", "hush")
    store = S3BlobStore(config, incoming=tmp_path / "incoming")
    source = tmp_path / "a.wav"
    source.write_bytes(CONTENT)

    with pytest.raises(StorageUnavailable):
        store.put_file(source, content_type="audio/wav")

    assert source.read_bytes() == CONTENT


def test_the_configuration_does_not_show_its_secret() -> None:
    assert "hush" not in repr(S3Config("bucket", None, None, "key", "hush"))
