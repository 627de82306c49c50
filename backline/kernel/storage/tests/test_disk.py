import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from backline.kernel.kit.errors import StorageFull
from backline.kernel.storage.blobs import BlobMissing, BlobRef
from backline.kernel.storage.disk import DiskBlobStore

CONTENT = b"the sound of one hand" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def all_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_stored_file_is_named_by_its_content_and_the_source_is_gone(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    source = tmp_path / "incoming" / "a.part"
    source.write_bytes(CONTENT)

    ref = store.put_file(source, content_type="audio/wav")

    assert ref == BlobRef(SHA256, len(CONTENT))
    assert all_files(tmp_path) == [f"blobs/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"]
    path = store.local_path(SHA256)
    assert path is not None
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o777 == 0o640
    assert store.exists(SHA256)
    assert store.size_of(SHA256) == len(CONTENT)
    with store.open(SHA256) as stream:
        assert stream.read() == CONTENT
    with store.fetch(SHA256) as local:
        assert local.read_bytes() == CONTENT
    assert store.presign(SHA256, content_type="audio/wav", seconds=60) is None


def test_the_same_content_twice_is_one_file(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    source = tmp_path / "again.wav"
    source.write_bytes(CONTENT)

    first = store.put_bytes(CONTENT, content_type="audio/wav")
    second = store.put_file(source, content_type="audio/wav")

    assert first == second
    assert not source.exists()
    assert len(all_files(tmp_path)) == 1


def test_many_writers_of_the_same_content_at_once_leave_one_whole_blob(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    sources = [tmp_path / "incoming" / f"{number}.part" for number in range(8)]
    for source in sources:
        source.write_bytes(CONTENT)
    begin = threading.Barrier(8)
    refs: list[BlobRef] = []

    def put(source: Path) -> None:
        begin.wait()
        refs.append(store.put_file(source, content_type="audio/wav"))

    threads = [threading.Thread(target=put, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refs == [BlobRef(SHA256, len(CONTENT))] * 8
    assert all_files(tmp_path) == [f"blobs/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"]


def test_a_hard_linked_source_is_copied_so_that_its_other_name_cannot_change_the_blob(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    source, other = tmp_path / "a.wav", tmp_path / "b.wav"
    source.write_bytes(CONTENT)
    os.link(source, other)

    store.put_file(source, content_type="audio/wav")
    other.write_bytes(b"changed")

    with store.open(SHA256) as stream:
        assert stream.read() == CONTENT
    assert not source.exists()


def test_a_blob_cut_short_by_a_broken_disk_is_replaced_by_the_next_put(tmp_path: Path) -> None:
    store = DiskBlobStore(tmp_path)
    store.put_bytes(CONTENT, content_type="audio/wav")
    path = store.local_path(SHA256)
    assert path is not None
    os.truncate(path, 10)

    store.put_bytes(CONTENT, content_type="audio/wav")

    assert store.size_of(SHA256) == len(CONTENT)


def test_a_full_disk_is_named_and_nothing_half_made_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DiskBlobStore(tmp_path)

    def no_room(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StorageFull):
        store.put_bytes(CONTENT, content_type="audio/wav")

    assert all_files(tmp_path) == []
    assert not store.exists(SHA256)


def test_a_full_disk_leaves_the_source_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DiskBlobStore(tmp_path)
    source = tmp_path / "incoming" / "a.part"
    source.write_bytes(CONTENT)

    def no_room(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StorageFull):
        store.put_file(source, content_type="audio/wav")

    assert all_files(tmp_path) == ["incoming/a.part"]
    assert source.read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64, "0" * 64])
def test_what_is_not_stored_is_missing_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    store = DiskBlobStore(tmp_path)

    assert not store.exists(name)
    assert store.local_path(name) is None
    with pytest.raises(BlobMissing):
        store.open(name)
    with pytest.raises(BlobMissing):
        store.size_of(name)
