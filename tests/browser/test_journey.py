import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from backline.core.catalog.media.testing import Format, make_file
from tests.browser.conftest import Window
from tests.browser.people import Person

pytestmark = pytest.mark.browser

SILENCE_RMS = 0.01


def test_an_artist_publishes_and_a_stranger_hears_the_hook(window: Window, tmp_path: Path) -> None:
    artist = window()
    handle = f"mira-{abs(hash(tmp_path)) % 10**8}"
    artist.sign_up()
    make_world(artist, handle)
    upload(artist, tmp_path)
    hook_s = drag_the_hook(artist.page, "first")
    publish(artist.page)
    open_track(artist, "second")
    publish(artist.page)

    stranger = window()
    stranger.go(f"/{handle}")
    stranger.page.get_by_role("button", name="Play the hook of first").click()
    began = stranger.wait_for_sound(0.3)
    heard = stranger.served_sound()

    assert heard["rms"] > SILENCE_RMS
    assert abs(heard["seconds"] - hook_s) < 0.05
    browses_on(stranger, began)


def make_world(artist: Person, handle: str) -> None:
    page = artist.page
    expect(page.get_by_role("heading", name="Make your world")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Make your world").click()
    page.get_by_label("Artist name").fill("Mira Vale")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("About you").fill("Songs for night trains.")
    page.get_by_label("Published: everyone with the link").check()
    page.get_by_role("button", name="Make my world").click()
    expect(page.get_by_text("Your world is open to everyone.")).to_be_visible()


def upload(artist: Person, folder: Path) -> None:
    """Two files at once; their rows become ready by themselves, without a reload."""
    files = [
        make_file(folder, Format.WAV_16, seconds=45, seed=11).rename(folder / "first.wav"),
        make_file(folder, Format.FLAC, seconds=20, seed=12).rename(folder / "second.flac"),
    ]
    page = artist.page
    artist.go("/studio")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(files)
    for name in ("first", "second"):
        row = page.locator(".studio-track", has_text=f"{name}.")
        expect(row.locator(".status")).to_have_text("Ready, not published", timeout=60_000)
    expect(page.locator(".upload[data-state=done]")).to_have_count(2)


def open_track(artist: Person, title: str) -> None:
    artist.go("/studio")
    artist.page.locator(".studio-track").get_by_role("link", name=title).click()
    expect(artist.page.get_by_role("heading", name=title, level=1)).to_be_visible()


def drag_the_hook(page: Page, title: str) -> float:
    """Shorten the hook at its end and move it, by mouse; returns its length in seconds."""
    page.locator(".studio-track").get_by_role("link", name=title).click()
    expect(page.locator(".hook-whole")).to_be_visible()
    start, length = page.get_by_label("Begins at (seconds)"), page.get_by_label("Length (seconds)")
    before = (float(start.input_value()), float(length.input_value()))
    drag(page, ".hook-end", -60)
    drag(page, ".hook-whole", -25 if before[0] > 3 else 25)
    after = (float(start.input_value()), float(length.input_value()))
    assert after[1] < before[1] - 1
    assert after[0] != before[0]
    return after[1]


def drag(page: Page, part: str, by_px: int) -> None:
    box = page.locator(part).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_px / 2, y, steps=4)
    page.mouse.move(x + by_px, y, steps=4)
    page.mouse.up()


def publish(page: Page) -> None:
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_text("Published: everyone with the link hears the hook.")).to_be_visible()
    expect(page.locator(".studio-track").get_by_text("the hook is being cut")).to_have_count(0, timeout=30_000)


def browses_on(stranger: Person, began: float) -> None:
    """Follow links; the same element plays on, without a reload in between."""
    page = stranger.page
    page.evaluate("() => { window.sameVisit = document.querySelector('player-dock').audio; }")
    page.get_by_role("main").get_by_role("link", name="first").click()
    expect(page.get_by_role("heading", name="first", level=1)).to_be_visible()
    on_track = stranger.wait_for_sound(began)
    page.get_by_role("link", name="Backline").click()
    expect(page).to_have_url(re.compile(r"/$"))
    at_home = stranger.wait_for_sound(on_track)

    assert began < on_track < at_home
    assert page.evaluate("() => window.sameVisit === document.querySelector('player-dock').audio")
