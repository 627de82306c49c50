"""Who uses the browser in the tests: people with a window each.

Artists and tracks are made through the API where the page that makes them is not what is tested.
"""

import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from backline.core.catalog.media.testing import Format, make_file
from tests.browser.stack import PASSWORD, Stack

READY_S = 60.0
_number = count(1)


@dataclass
class Person:
    """Somebody with a browser window. Whatever the browser complains about is kept."""

    stack: Stack
    context: BrowserContext
    page: Page
    email: str = ""
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open an address of the site and wait until its scripts have run."""
        self.page.goto(self.stack.url + path)
        expect(self.page.locator("html[data-scripts=on]")).to_be_attached()

    def sign_up(self, name: str = "Mira") -> None:
        """Make an account by the page and sign in with it."""
        self.email = self.email or f"person{next(_number)}-{time.time_ns()}@example.org"
        self.go("/accounts/signup/")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign up").click()
        self.page.wait_for_url("**/accounts/login/")
        self.sign_in()

    def sign_in(self) -> None:
        """Sign in by the page."""
        if "/accounts/login/" not in self.page.url:
            self.go("/accounts/login/")
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url("**/studio")

    def playing(self) -> dict[str, Any]:
        """What the one audio element does: position in seconds, whether paused, where its bytes come from."""
        state: dict[str, Any] = self.page.evaluate(
            "() => { const a = document.querySelector('player-dock').audio;"
            " return {time: a.currentTime, paused: a.paused, src: a.src}; }"
        )
        return state

    def wait_for_sound(self, beyond_s: float) -> float:
        """Wait until the position is past a point while it plays; returns the position."""
        self.page.wait_for_function(
            """at => {
                const audio = document.querySelector('player-dock').audio;
                return !audio.paused && audio.currentTime > at;
            }""",
            arg=beyond_s,
            timeout=20_000,
        )
        return float(self.playing()["time"])

    def served_sound(self) -> dict[str, float]:
        """Decode what the audio element is served: its length in seconds and its root mean square."""
        heard: dict[str, float] = self.page.evaluate(
            """async () => {
                const audio = document.querySelector('player-dock').audio;
                const bytes = await (await fetch(audio.src)).arrayBuffer();
                const decoded = await new OfflineAudioContext(1, 44100, 44100).decodeAudioData(bytes);
                const samples = decoded.getChannelData(0);
                let sum = 0;
                for (const sample of samples) sum += sample * sample;
                return {seconds: decoded.duration, rms: Math.sqrt(sum / samples.length)};
            }"""
        )
        return heard


@dataclass(frozen=True)
class Artist:
    """An artist with a published world, and what its owner needs to act."""

    handle: str
    email: str
    token: str


def open_window(browser: Browser, stack: Stack, **options: Any) -> Person:
    """A new browser with nothing in it: no cookies, no cache."""
    context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | options))
    context.set_default_timeout(15_000)
    page = context.new_page()
    person = Person(stack, context, page)

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            person.complaints.append(f"{page.url}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: person.complaints.append(f"{page.url}: {error}"))
    return person


def make_artist(stack: Stack, *, name: str = "Mira Vale", **profile: Any) -> Artist:
    """An account with a published world, by the API."""
    number = next(_number)
    email = f"artist{number}-{time.time_ns()}@example.org"
    handle = f"artist-{number}-{time.time_ns() % 10**9}"
    stack.call("POST", "/api/v1/auth/signup", {"email": email, "password": PASSWORD, "name": name})
    token = stack.call("POST", "/api/v1/auth/token", {"email": email, "password": PASSWORD})["access_token"]
    body = {"handle": handle, "name": name, "state": "published"} | profile
    stack.call("POST", "/api/v1/artists", body, token=token)
    return Artist(handle, email, token)


def make_track(stack: Stack, artist: Artist, folder: Path, *, seconds: float = 40, **change: Any) -> dict[str, Any]:
    """A published track of an artist, by the API, ready to be played."""
    file = make_file(folder, Format.FLAC, seconds=seconds, seed=next(_number))
    path = f"/api/v1/artists/{artist.handle}/tracks"
    track_id = stack.send_file(path, file, token=artist.token)["id"]
    wait_until_ready(stack, artist, track_id)
    address = f"/api/v1/tracks/{track_id}"
    return stack.call("PATCH", address, {"published": True} | change, token=artist.token)


def wait_until_ready(stack: Stack, artist: Artist, track_id: str) -> None:
    """Wait until the worker has made a track ready. Raises AssertionError when it failed."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        track = stack.call("GET", f"/api/v1/tracks/{track_id}", token=artist.token)
        if track["status"] == "ready" and track["hook"]["is_ready"]:
            return
        assert track["status"] != "failed", track["error"]
        time.sleep(0.2)
    raise AssertionError(f"track {track_id} is not ready after {READY_S:.0f} s")
