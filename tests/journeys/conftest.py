"""One running product for all journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backline.config.testing import Stack, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product, started once; journeys use handles of their own."""
    with running_stack() as running:
        yield running


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path) -> Path:
    """Nothing: journeys go through HTTP, the product has its own storage."""
    return tmp_path
