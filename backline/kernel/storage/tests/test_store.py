from pathlib import Path

import pytest

from backline.kernel.storage import store
from backline.kernel.storage.disk import DiskBlobStore
from backline.kernel.storage.s3 import S3BlobStore, S3Config
from backline.kernel.storage.store import StorageConfig, blob_store, configure, incoming_dir, media_signer


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_configs", [])


def test_the_default_store_is_a_folder(tmp_path: Path) -> None:
    configure(StorageConfig(tmp_path, "secret"))

    assert isinstance(blob_store(), DiskBlobStore)
    assert blob_store() is blob_store()
    assert media_signer() is media_signer()
    assert incoming_dir() == tmp_path / "incoming"


def test_a_bucket_replaces_the_folder(tmp_path: Path) -> None:
    configure(StorageConfig(tmp_path, "secret", S3Config("bucket", "http://127.0.0.1:9", None, "key", "hush")))

    assert isinstance(blob_store(), S3BlobStore)


def test_nothing_is_stored_before_the_store_is_chosen() -> None:
    with pytest.raises(RuntimeError, match="configure"):
        blob_store()


def test_the_configuration_does_not_show_the_secret(tmp_path: Path) -> None:
    assert "hush" not in repr(StorageConfig(tmp_path, "hush"))
