import re
from pathlib import Path

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import Window
from tests.browser.people import make_artist, make_track
from tests.browser.stack import Stack

pytestmark = pytest.mark.browser


def test_the_tracks_of_a_page_are_the_queue(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    for title in ("One", "Two"):
        make_track(stack, artist, tmp_path, seconds=6, title=title)
    listener = window()
    dock = listener.page.get_by_role("region", name="Player")

    listener.go(f"/{artist.handle}")
    expect(dock).to_be_hidden()
    listener.page.get_by_role("button", name="Play the hook of One").click()
    listener.wait_for_sound(0.1)
    expect(dock.get_by_role("link", name="One")).to_be_visible()
    expect(dock.get_by_role("button", name="Previous track")).to_be_enabled()
    dock.get_by_role("button", name="Next track").click()
    expect(dock.get_by_role("link", name="Two")).to_be_visible()
    expect(dock.get_by_role("button", name="Next track")).to_be_disabled()
    listener.wait_for_sound(0.1)
    dock.get_by_role("button", name="Pause").click()

    assert listener.playing()["paused"] is True
    expect(listener.page.get_by_role("button", name="Play the hook of Two")).to_be_visible()


def test_when_a_track_ends_the_next_begins(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    for title in ("One", "Two"):
        make_track(stack, artist, tmp_path, seconds=3, title=title)
    listener = window()
    reported: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/v1/plays"):
            reported.append((request.post_data_json or {})["milestone"])

    listener.page.on("request", note)
    listener.go(f"/{artist.handle}")
    listener.page.get_by_role("button", name="Play the hook of One").click()

    dock = listener.page.get_by_role("region", name="Player")
    expect(dock.get_by_role("link", name="Two")).to_be_visible()
    listener.wait_for_sound(0.2)
    assert reported == ["start", "end", "start"]


def test_the_dock_is_worked_by_keys(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    make_track(stack, artist, tmp_path, title="One")
    listener = window()
    listener.go(f"/{artist.handle}")
    listener.page.get_by_role("button", name="Play the hook of One").press("Enter")
    listener.wait_for_sound(0.2)
    title = listener.page.get_by_role("region", name="Player").get_by_role("link", name="One")

    title.press("ArrowRight")
    listener.wait_for_sound(5)
    title.press(" ")

    assert listener.playing()["paused"] is True
    slider = listener.page.get_by_role("slider", name="Position")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^0:00 of 0:"))


def test_an_address_that_ran_out_is_asked_for_again(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    make_track(stack, artist, tmp_path, title="One")
    listener = window()
    asked: list[str] = []

    def once_refused(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=403, content_type="application/problem+json", body="{}")
        else:
            route.continue_()

    listener.page.route("**/api/audio/**", once_refused)
    listener.go(f"/{artist.handle}")
    listener.page.get_by_role("button", name="Play the hook of One").click()
    listener.wait_for_sound(0.2)

    assert len(set(asked)) == 2
    listener.complaints = [text for text in listener.complaints if "403" not in text]


def test_without_network_the_player_says_so_and_goes_on_later(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    make_track(stack, artist, tmp_path, title="One")
    listener = window()
    listener.go(f"/{artist.handle}")
    dock = listener.page.get_by_role("region", name="Player")

    listener.context.set_offline(True)
    listener.page.get_by_role("button", name="Play the hook of One").click()
    expect(dock.get_by_role("status")).to_contain_text("The connection is gone")
    listener.context.set_offline(False)
    listener.wait_for_sound(0.2)

    expect(dock.get_by_role("status")).to_be_hidden()
    listener.complaints = [text for text in listener.complaints if "ERR_INTERNET_DISCONNECTED" not in text]


def test_members_hear_the_whole_track(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    make_track(stack, artist, tmp_path, seconds=40, title="One")
    member = window()
    member.sign_up("Lio")
    member.go(f"/{artist.handle}")

    member.page.get_by_role("button", name="Join and hear it all").click()
    expect(member.page.get_by_text("every track plays in full")).to_be_visible()
    member.page.get_by_role("button", name="Play One").first.click()
    member.wait_for_sound(0.2)

    assert member.served_sound()["seconds"] > 39


def test_back_and_forth_leaves_every_island_whole(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    track = make_track(stack, artist, tmp_path, title="One")
    listener = window()
    page = listener.page
    listener.go(f"/{artist.handle}/{track['id']}")
    page.get_by_role("button", name="Play the hook One").click()
    began = listener.wait_for_sound(0.2)

    page.get_by_role("main").get_by_role("link", name="Mira Vale").click()
    expect(page.get_by_role("heading", name="Tracks")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="One", level=1)).to_be_visible()
    page.go_forward()
    page.go_back()
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()

    expect(page.locator("wave-form canvas")).to_have_count(1)
    expect(page.locator("main play-button button")).to_have_count(1)
    expect(page.get_by_role("main").get_by_role("button", name="Pause One")).to_be_visible()
    assert listener.wait_for_sound(began) > began


def test_timed_lyrics_follow_the_sound(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    track = make_track(
        stack,
        artist,
        tmp_path,
        seconds=8,
        title="One",
        lyrics="[00:00.00]first line\n[00:01.00]second line\n[00:07.50]last line",
        hook={"start_ms": 0, "duration_ms": 6000},
    )
    listener = window()
    listener.go(f"/{artist.handle}/{track['id']}")

    listener.page.get_by_role("button", name="Play the hook One").click()

    expect(listener.page.locator("[data-at-ms][aria-current]")).to_have_text("second line")
