import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backline.config.postgres.binaries import find_binaries
from backline.config.postgres.supervisor import PostgresServer
from backline.config.setting_types import PostgresSource

# Every source of programs that this machine has; the embedded one comes with the lock and is always there.
SOURCES = sorted({binaries.source for binaries in find_binaries()})


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that the database's user can walk to; for root, pytest's own are too private."""
    folder = Path(tempfile.mkdtemp(prefix="backline-postgres-")).resolve()
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=SOURCES, ids=str)
def server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A running server of each source, one for the module."""
    source: PostgresSource = request.param
    folder = Path(tempfile.mkdtemp(prefix="backline-postgres-"))
    folder.chmod(0o711)
    server = PostgresServer(folder, source, is_durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def superuser(server: PostgresServer) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of the role that only sets things up, outside a transaction."""
    with psycopg.connect(server.layout.url("backline_super", "postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(server: PostgresServer) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of the owner, outside a transaction."""
    with psycopg.connect(server.layout.url("backline"), autocommit=True) as connection:
        yield connection
