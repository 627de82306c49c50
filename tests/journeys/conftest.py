"""Journeys go through HTTP to the product that all tests share (tests/conftest.py), with handles of their own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path) -> Path:
    """Nothing: journeys go through HTTP, the product has its own storage."""
    return tmp_path
