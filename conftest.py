"""What every test shares: a database as the web process sees it, and storage of its own.

Sockets other than loopback are refused by an option in pyproject.toml (pytest-socket).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backline.kernel.storage.store import StorageConfig, configure


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path) -> Iterator[Path]:
    """A blob store of the test's own."""
    from django.conf import settings

    folder = tmp_path / "data"
    configure(StorageConfig(data_dir=folder, secret_key=settings.BACKLINE.secret_key))
    yield folder
    configure(StorageConfig(data_dir=settings.BACKLINE.data_dir, secret_key=settings.BACKLINE.secret_key))
