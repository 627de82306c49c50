"""What every test shares: a database as the web process sees it, storage of its own, no network but loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import disable_socket, socket_allow_hosts

from backline.kernel.storage.store import StorageConfig, configure


def pytest_runtest_setup() -> None:
    """Refuse every socket but loopback and Unix ones."""
    disable_socket(allow_unix_socket=True)
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path) -> Iterator[Path]:
    """A blob store of the test's own."""
    from django.conf import settings

    folder = tmp_path / "data"
    configure(StorageConfig(data_dir=folder, secret_key=settings.BACKLINE.secret_key))
    yield folder
    configure(StorageConfig(data_dir=settings.BACKLINE.data_dir, secret_key=settings.BACKLINE.secret_key))
