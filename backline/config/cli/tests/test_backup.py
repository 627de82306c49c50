import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from backline.config.cli.archive import BLOBS, DUMP, KEY, MANIFEST, BadArchive, Entry, Manifest, inside
from backline.config.cli.restore import unpack

CONTENT = b"the sound of one hand"
NAME = f"{BLOBS}/ab/cd/{sha256(CONTENT).hexdigest()}"


def entry(data: bytes) -> Entry:
    return Entry(sha256=sha256(data).hexdigest(), size=len(data))


def archive(path: Path, members: dict[str, bytes], entries: dict[str, Entry] | None = None, **changes: object) -> Path:
    listed = entries if entries is not None else {name: entry(data) for name, data in members.items()}
    manifest = Manifest(
        format=1, backline="0", made_at="2026-01-01", postgres_major=15, holds_files=True, entries=listed
    ).model_copy(update=changes)
    with tarfile.open(path, "w") as tar:
        for name, data in {**members, MANIFEST: manifest.model_dump_json().encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_a_whole_archive_is_unpacked_as_it_was(tmp_path: Path) -> None:
    file = archive(tmp_path / "b.tar", {DUMP: b"dump", NAME: CONTENT})

    manifest = unpack(file, tmp_path / "out")

    assert manifest.postgres_major == 15
    assert (tmp_path / "out" / "database.dump").read_bytes() == b"dump"
    assert inside(tmp_path / "out", NAME).read_bytes() == CONTENT


def test_one_changed_byte_is_found(tmp_path: Path) -> None:
    file = archive(tmp_path / "b.tar", {DUMP: b"dump", NAME: CONTENT})
    data = file.read_bytes()
    file.write_bytes(data.replace(CONTENT, CONTENT[:-1] + b"X"))

    with pytest.raises(BadArchive, match="is not what it was when the backup was made"):
        unpack(file, tmp_path / "out")


def test_an_archive_that_was_cut_off_is_found(tmp_path: Path) -> None:
    file = archive(tmp_path / "b.tar", {DUMP: b"dump" * 5000})
    file.write_bytes(file.read_bytes()[:9000])

    with pytest.raises(BadArchive):
        unpack(file, tmp_path / "out")


@pytest.mark.parametrize(
    ("members", "entries", "reason"),
    [
        ({DUMP: b"d"}, {}, "is damaged"),
        ({DUMP: b"d"}, {DUMP: entry(b"d"), NAME: entry(CONTENT)}, "is damaged"),
        ({NAME: CONTENT}, None, "holds no database"),
        ({DUMP: b"d", f"{BLOBS}/ab/cd/{'0' * 64}": CONTENT}, None, "does not fit its name"),
    ],
)
def test_an_archive_that_does_not_agree_with_itself_is_refused(
    tmp_path: Path, members: dict[str, bytes], entries: dict[str, Entry] | None, reason: str
) -> None:
    with pytest.raises(BadArchive, match=reason):
        unpack(archive(tmp_path / "b.tar", members, entries), tmp_path / "out")


def test_a_format_of_the_future_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="has format 2"):
        unpack(archive(tmp_path / "b.tar", {DUMP: b"d"}, format=2), tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "backline-backup/../../evil", "elsewhere/evil"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    file = archive(tmp_path / "b.tar", {name: b"evil", DUMP: b"d"})

    with pytest.raises(BadArchive, match="has no place in a backup"):
        unpack(file, tmp_path / "a" / "b" / "out")

    assert [path for path in tmp_path.rglob("*") if "evil" in path.name] == []


def test_links_are_no_part_of_a_backup(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        info = tarfile.TarInfo(DUMP)
        info.type = tarfile.SYMTYPE
        info.linkname = "/etc/passwd"
        tar.addfile(info)

    with pytest.raises(BadArchive, match="no part of a backup"):
        unpack(tmp_path / "b.tar", tmp_path / "out")


def test_something_else_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_bytes(os.urandom(4096))

    with pytest.raises(BadArchive, match="cannot be read as a backup"):
        unpack(tmp_path / "b.tar", tmp_path / "out")


@pytest.fixture
def folders() -> Iterator[Path]:
    """A place that the database's user can walk to."""
    folder = Path(tempfile.mkdtemp(prefix="backline-backup-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def backline(data: Path, *words: str) -> tuple[int, str]:
    """Run the command on a data folder, as an operator does."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("BACKLINE_", "DATABASE_", "DJANGO_"))
    }
    env = {**kept, "BACKLINE_DATA": str(data), "BACKLINE_POSTGRES": "embedded"}
    command = [sys.executable, "-m", "backline.config.cli", *words]
    done = subprocess.run(command, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def test_a_backup_puts_everything_back_on_another_machine(folders: Path) -> None:
    old, new, file = folders / "old", folders / "new", folders / "backup.tar.gz"
    (folders / "password").write_text("correct horse battery staple\n")
    admin = ["createadmin", "--email", "boss@example.org", "--name", "Boss"]
    admin += ["--password-file", str(folders / "password")]
    assert backline(old, "migrate")[0] == 0
    assert backline(old, *admin)[0] == 0
    blob = old / "blobs" / "ab" / "cd" / sha256(CONTENT).hexdigest()
    blob.parent.mkdir(parents=True)
    blob.write_bytes(CONTENT)

    code, said = backline(old, "backup", str(file))
    assert (code, "the database and 1 files" in said) == (0, True), said
    assert backline(old, "backup", str(file))[0] == 1  # backups do not overwrite each other

    code, said = backline(new, "restore", str(file))
    assert (code, "Restored" in said) == (0, True), said
    assert (new / "blobs" / "ab" / "cd" / blob.name).read_bytes() == CONTENT
    assert (new / "secret_key").read_text() != (old / "secret_key").read_text()  # the key stays at home
    code, said = backline(new, *admin)
    assert (code, "That address has an account already" in said) == (1, True), said

    code, said = backline(new, "restore", str(file))
    assert (code, "nothing was changed" in said) == (1, True), said
    code, said = backline(new, "restore", "--force", str(file))
    assert code == 0, said
    assert [path.name for path in new.glob(".restore-*")] == []
    assert [path.name for path in folders.iterdir() if path.name.startswith(".")] == []


def test_the_key_travels_when_asked(folders: Path) -> None:
    old, new, file = folders / "old", folders / "new", folders / "backup.tar"
    assert backline(old, "migrate")[0] == 0

    assert backline(old, "backup", "--with-secret-key", str(file))[0] == 0
    with tarfile.open(file) as tar:
        assert KEY in tar.getnames()
    code, said = backline(new, "restore", str(file))

    assert code == 0, said
    assert (new / "secret_key").read_text() == (old / "secret_key").read_text()
    assert (new / "secret_key").stat().st_mode & 0o777 == 0o600
