"""Which store this installation uses: a folder by default, a bucket when one is configured.

The choice is made once when the process starts; everybody else asks for `blob_store()`.
"""

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from backline.kernel.kit.clock import now
from backline.kernel.storage.blobs import BlobStore
from backline.kernel.storage.disk import DiskBlobStore
from backline.kernel.storage.s3 import S3BlobStore, S3Config
from backline.kernel.storage.signed_url import MediaSigner

LEFT_OVER_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class StorageConfig:
    """The data folder, the install's secret (for signed addresses) and the bucket, if blobs go to one."""

    data_dir: Path
    secret_key: str = field(repr=False)
    s3: S3Config | None = None


_configs: list[StorageConfig] = []


def configure(config: StorageConfig) -> None:
    """Choose the store of this process. Called when it starts; a second call replaces the first (tests)."""
    _configs[:] = [config]


def blob_store() -> BlobStore:
    """The store of this installation. Raises RuntimeError before `configure`."""
    return _store_of(_configured())


def media_signer() -> MediaSigner:
    """The maker of signed addresses of public blobs. Raises RuntimeError before `configure`."""
    return _signer_of(_configured().secret_key)


def incoming_dir() -> Path:
    """The folder for files still arriving, on the same file system as the blobs of a folder store."""
    folder = _configured().data_dir / "incoming"
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    return folder


def sweep_left_overs(older_than: timedelta) -> int:
    """Remove what killed processes left half-made among the arriving files; returns how many.

    Uploads on their way (`.part`, `.done`) have a sweep of their own. Whoever is still at work touches its files far
    more often than `older_than`.
    """
    limit = (now() - older_than).timestamp()
    swept = 0
    for path in incoming_dir().iterdir():
        if path.suffix in (".part", ".done"):
            continue
        with suppress(FileNotFoundError):  # its owner finished just now
            if path.lstat().st_mtime < limit:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                swept += 1
    return swept


def _configured() -> StorageConfig:
    if not _configs:
        raise RuntimeError("backline.kernel.storage.store.configure() has not been called")
    return _configs[0]


@lru_cache(maxsize=8)
def _store_of(config: StorageConfig) -> BlobStore:
    if config.s3 is not None:
        return S3BlobStore(config.s3, incoming=config.data_dir / "incoming")
    return DiskBlobStore(config.data_dir)


@lru_cache(maxsize=8)
def _signer_of(secret_key: str) -> MediaSigner:
    return MediaSigner(secret_key)
