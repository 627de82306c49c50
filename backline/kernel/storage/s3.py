"""Blobs in a bucket of any S3-compatible service, under blobs/ab/cd/abcd….

Big files go up in parts, and an object appears only when its last part has arrived, which gives the same
promise as a rename: whole or not at all. Readers who must not pass through this server get a presigned
address, which names one object and expires. boto3 takes half a second to import, so it is imported by the
first installation that uses it.
"""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast
from uuid import uuid4

from backline.kernel.storage.blobs import (
    BlobMissing,
    BlobRef,
    StorageUnavailable,
    full_disk_is_named,
    hash_stream,
    shard_of,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

PART_BYTES: Final = 16 * 1024 * 1024
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class S3Config:
    """Where the bucket is and who may write to it. No endpoint means Amazon's, no keys boto3's places."""

    bucket: str
    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)


class S3BlobStore:
    """Implements BlobStore; safe to share between threads."""

    def __init__(self, config: S3Config, *, incoming: Path) -> None:
        self._bucket = config.bucket
        self._incoming = incoming
        self._client = _client(config)
        incoming.mkdir(parents=True, exist_ok=True, mode=0o750)

    def put_file(self, path: Path, *, content_type: str) -> BlobRef:
        """See BlobStore.put_file."""
        with path.open("rb") as source:
            ref = hash_stream(source)
            source.seek(0)
            self._put(source, ref, content_type)
        path.unlink()
        return ref

    def put_bytes(self, data: bytes, *, content_type: str) -> BlobRef:
        """See BlobStore.put_bytes."""
        ref = BlobRef(hashlib.sha256(data).hexdigest(), len(data))
        self._put(io.BytesIO(data), ref, content_type)
        return ref

    def exists(self, sha256: str) -> bool:
        """See BlobStore.exists."""
        try:
            return self._head(sha256) is not None
        except BlobMissing:
            return False

    def size_of(self, sha256: str) -> int:
        """See BlobStore.size_of."""
        return self._head(sha256)["ContentLength"]

    def open(self, sha256: str) -> BinaryIO:
        """See BlobStore.open; the content is brought here first, because readers seek."""
        with ExitStack() as unless_handed_over:
            target = unless_handed_over.enter_context(tempfile.TemporaryFile(dir=self._incoming))
            self._download(sha256, target)
            target.seek(0)
            unless_handed_over.pop_all()
        return target

    def local_path(self, sha256: str) -> Path | None:
        """See BlobStore.local_path; nothing of a bucket is on this machine."""
        return None

    @contextmanager
    def fetch(self, sha256: str) -> Iterator[Path]:
        """See BlobStore.fetch; a temporary copy, removed afterwards."""
        path = self._incoming / f"{uuid4()}.fetched"
        try:
            with path.open("xb") as target:
                self._download(sha256, target)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def presign(self, sha256: str, *, content_type: str, seconds: int) -> str:
        """See BlobStore.presign (AWS Signature Version 4, query parameters). Asks no service."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": _key(sha256), "ResponseContentType": content_type},
            ExpiresIn=seconds,
        )

    def _put(self, source: BinaryIO, ref: BlobRef, content_type: str) -> None:
        from boto3.s3.transfer import TransferConfig

        if self.exists(ref.sha256):
            return
        plan = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)
        with _service_errors_are_named():
            self._client.upload_fileobj(
                cast("IO[bytes]", _KeptOpen(source)),
                self._bucket,
                _key(ref.sha256),
                ExtraArgs={"ContentType": content_type},
                Config=plan,
            )

    def _head(self, sha256: str) -> "HeadObjectOutputTypeDef":
        with _service_errors_are_named():
            return self._client.head_object(Bucket=self._bucket, Key=_key(sha256))

    def _download(self, sha256: str, target: BinaryIO) -> None:
        with _service_errors_are_named(), full_disk_is_named():
            body = self._client.get_object(Bucket=self._bucket, Key=_key(sha256))["Body"]
            with body:
                found = hash_stream(body, target)  # type: ignore[arg-type]  # reads as a stream does
            target.flush()
        if found.sha256 != sha256:
            raise StorageUnavailable("The storage service returned other bytes than were stored.", sha256=sha256)


class _KeptOpen(io.RawIOBase):
    # boto3 closes what it uploads; the caller's stream is the caller's to close.
    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


def _key(sha256: str) -> str:
    return f"blobs/{shard_of(sha256)}"


def _client(config: S3Config) -> "S3Client":
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(
        aws_access_key_id=config.access_key_id,
        aws_secret_access_key=config.secret_access_key,
        region_name=config.region or "us-east-1",
    )
    options = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if config.endpoint_url else "auto"},
        connect_timeout=5,
        read_timeout=30,
        retries={"max_attempts": 3, "mode": "standard"},
        # Services that only speak S3 refuse the checksums newer SDKs add; our name of a blob is its checksum.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return session.client("s3", endpoint_url=config.endpoint_url, config=options)


@contextmanager
def _service_errors_are_named() -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        if str(error.response.get("Error", {}).get("Code")) in _ABSENT:
            raise BlobMissing from error
        raise StorageUnavailable from error
    except (BotoCoreError, Boto3Error) as error:
        raise StorageUnavailable from error
