import os
from datetime import timedelta
from pathlib import Path

import pytest

from backline.kernel.storage import store
from backline.kernel.storage.disk import DiskBlobStore
from backline.kernel.storage.s3 import S3BlobStore, S3Config
from backline.kernel.storage.store import (
    StorageConfig,
    blob_store,
    configure,
    incoming_dir,
    media_signer,
    sweep_left_overs,
)


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


def test_what_killed_processes_left_is_swept_and_uploads_on_their_way_are_not(tmp_path: Path) -> None:
    configure(StorageConfig(data_dir=tmp_path, secret_key="x" * 32))
    folder = incoming_dir()
    for name in ("a.blob", "b.part", "c.done", "young.blob"):
        (folder / name).write_bytes(b"x")
    (folder / "work-1").mkdir()
    (folder / "work-1" / "half").write_bytes(b"x")
    for name in ("a.blob", "b.part", "c.done", "work-1"):
        os.utime(folder / name, (0, 0))

    assert sweep_left_overs(timedelta(hours=2)) == 2

    assert sorted(path.name for path in folder.iterdir()) == ["b.part", "c.done", "young.blob"]
