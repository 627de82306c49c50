"""Takes a picture of every page, as a phone and as a desk see it, light and dark, to be looked at.

It visits a running Backline with the demo scene (`make run`), as a stranger and as one of its artists, and
writes PNG files named after page, size and scheme.

Usage: screenshots.py [--url http://127.0.0.1:8000] [--out screenshots] [--only studio] [--light]
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent))
import browser as chromium

SIZES = {"phone": (390, 844), "desk": (1440, 900)}
ARTIST = ("kombiclub@example.org", "casset-demo-2026")
SETTLE_MS = 600


@dataclass(frozen=True)
class Shot:
    """One page to take, and whether it is taken with sound playing."""

    name: str
    path: str
    is_playing: bool = False


def main() -> int:
    """Take all pictures. Returns 1 when the demo scene is not there."""
    options = arguments()
    tracks = ask(options.url, "/api/v1/tracks?limit=100")
    if not tracks:
        print("No published track: start Backline with its demo scene (`make run`) first.")
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    schemes = ["light"] if options.light else ["light", "dark"]
    with sync_playwright() as playwright:
        program = str(chromium.ensure_browser())
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *chromium.QUIET])
        for scheme in schemes:
            for size in SIZES:
                take(browser, options, scheme, size, tracks)
        browser.close()
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Pictures of every page.")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    parser.add_argument("--light", action="store_true", help="leave the dark scheme out")
    return parser.parse_args()


def ask(url: str, path: str) -> list[dict[str, str]]:
    """Return the items of a list of the API."""
    with urllib.request.urlopen(url + path, timeout=30) as answer:  # noqa: S310  the operator's own server
        items: list[dict[str, str]] = json.load(answer)["items"]
    return items


def public_shots(tracks: list[dict[str, str]]) -> Iterator[Shot]:
    """Yield the pages that everyone may open."""
    track = next((one for one in tracks if one["lyrics_timed"]), tracks[0])
    path = "/" + track["url"].split("/", 3)[3]
    yield Shot("home", "/")
    yield Shot("home-playing", "/", is_playing=True)
    yield Shot("world", path.rsplit("/", 1)[0])
    yield Shot("world-playing", path.rsplit("/", 1)[0], is_playing=True)
    yield Shot("track", path)
    yield Shot("track-playing", path, is_playing=True)
    yield Shot("missing", "/there-is-nothing-here")
    yield Shot("sign-in", "/accounts/login/")
    yield Shot("sign-up", "/accounts/signup/")
    yield Shot("password-reset", "/accounts/password/reset/")
    yield Shot("mailbox", "/mailbox")


def own_shots(page: Page) -> Iterator[Shot]:
    """Yield the pages of a signed-in artist."""
    yield Shot("studio", "/studio")
    yield Shot("studio-world", "/studio/world")
    links = page.locator(".studio-track a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    if links:
        yield Shot("studio-track", links[0])
        yield Shot("studio-delete", f"{links[0]}/delete")
    yield Shot("settings", "/settings")
    yield Shot("account-email", "/accounts/email/")
    yield Shot("account-password", "/accounts/password/change/")
    yield Shot("account-second-factor", "/accounts/2fa/")
    yield Shot("account-sessions", "/accounts/sessions")


def take(browser: Browser, options: argparse.Namespace, scheme: str, size: str, tracks: list[dict[str, str]]) -> None:
    """Take every page in one scheme and size."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    ending = f"{size}-{scheme}"
    for shot in public_shots(tracks):
        picture(context, options, shot, ending)
    page = sign_in(context, options.url)
    for shot in own_shots(page):
        picture(context, options, shot, ending)
    context.close()


def sign_in(context: BrowserContext, url: str) -> Page:
    """Sign in as an artist of the demo scene, and stay on the studio's page."""
    page = context.new_page()
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Email").fill(ARTIST[0])
    page.get_by_label("Password").fill(ARTIST[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/studio")
    return page


def picture(context: BrowserContext, options: argparse.Namespace, shot: Shot, ending: str) -> None:
    """Take one page: the whole of it, or what one sees at once while it plays."""
    if options.only not in shot.name:
        return
    page = context.new_page()
    page.goto(options.url + shot.path)
    page.wait_for_timeout(SETTLE_MS)
    if shot.is_playing:
        page.locator("main play-button button").first.click()
        page.wait_for_timeout(3000)
    path = options.out / f"{shot.name}-{ending}.png"
    page.screenshot(path=path, full_page=not shot.is_playing)
    print(path)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
