"""One running product for all tests that go through HTTP."""

from collections.abc import Iterator

import pytest

from backline.config.testing import Stack, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product, started once; whoever uses it brings accounts and handles of their own."""
    with running_stack() as running:
        yield running
