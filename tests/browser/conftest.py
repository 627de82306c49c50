"""One Backline and one Chromium for all browser tests; each test opens windows of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import Person, open_window
from tests.browser.stack import ROOT, Stack, running_stack

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Window = Callable[..., Person]


def chromium() -> str:
    """The browser that `make test` found or got; else one on the PATH."""
    named = os.environ.get("BACKLINE_CHROMIUM", "")
    note = ROOT / ".tools" / "chromium"
    if not named and note.is_file():
        named = note.read_text().strip()
    found = named or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "no Chromium: run `make test`, or name one in BACKLINE_CHROMIUM"
    return found


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def window(browser: Browser, stack: Stack) -> Iterator[Window]:
    """Opens windows; at the end no page may have complained (scripts, styles, the content policy)."""
    people: list[Person] = []

    def open_one(**options: Any) -> Person:
        people.append(open_window(browser, stack, **options))
        return people[-1]

    yield open_one
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        person.context.close()
    assert complaints == []


@pytest.fixture(scope="session", autouse=True)
def own_storage() -> None:
    """The browser tests use the storage of their own Backline, not that of this process."""
