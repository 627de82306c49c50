"""What holds on every page: axe finds nothing, the browser has no complaint, it works without scripts."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backline.core.catalog.media.testing import Format, make_file
from tests.browser.conftest import Window
from tests.browser.people import Artist, Person, make_artist, make_track
from tests.browser.stack import PASSWORD, ROOT, Stack

pytestmark = pytest.mark.browser

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def scene(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Artist, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("scene")
    artist = make_artist(
        stack,
        name="Ørjan & the Very Long Named Orchestra of the Northern Harbour",
        bio="Songs for night trains.\nRecorded in one room.",
        location="Bodø",
        genres=["dub", "folk"],
        links=[{"url": "https://example.org/shop", "label": "Shop"}],
    )
    lyrics = "\n".join(f"[00:{second:02d}.00]line {second}" for second in range(30))
    track = make_track(
        stack,
        artist,
        folder,
        title="قطار الليل",
        lyrics=lyrics,
        is_explicit=True,
        credits=[{"name": "Ana Ruiz", "role": "producer"}],
        isrc="USRC17607839",
    )
    make_track(stack, artist, folder, seconds=5, title="A title that goes on and on, " * 6)
    return artist, track


def findings_of(page: Page) -> list[str]:
    """What axe has against the page, by rule and place."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{page.url} {rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def sticking_out(page: Page) -> list[str]:
    """What reaches beyond the right edge, where the page can be scrolled sideways."""
    found: list[str] = page.evaluate(
        """() => {
            const edge = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= edge) return [];
            const all = [...document.querySelectorAll('body *')];
            const out = all.filter(one => one.getBoundingClientRect().right > edge + 0.5);
            return out.slice(0, 5).map(one => `${one.tagName} ${one.className} ${one.id}`);
        }"""
    )
    return [f"{page.url}: {name}" for name in found]


def public_paths(scene: tuple[Artist, dict[str, Any]]) -> list[str]:
    artist, track = scene
    return ["/", f"/{artist.handle}", f"/{artist.handle}/{track['id']}"]


ACCOUNT_PATHS = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/mailbox"]
OWN_PATHS = [
    "/studio",
    "/studio/world",
    "/settings",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/sessions",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_public_pages(window: Window, scene: tuple[Artist, dict[str, Any]], scheme: str) -> None:
    visitor = window(color_scheme=scheme, viewport=PHONE)
    found: list[str] = []
    for path in [*public_paths(scene), *ACCOUNT_PATHS]:
        visitor.go(path)
        found += findings_of(visitor.page)
    visitor.go(public_paths(scene)[1])
    visitor.page.get_by_role("main").get_by_role("button").first.click()
    visitor.wait_for_sound(0.1)
    found += findings_of(visitor.page)

    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_an_artists_pages(
    window: Window, scene: tuple[Artist, dict[str, Any]], scheme: str
) -> None:
    artist, track = scene
    owner = window(color_scheme=scheme)
    owner.email = artist.email
    owner.sign_in()
    found: list[str] = []
    for path in [
        *OWN_PATHS,
        f"/studio/tracks/{track['id']}",
        f"/studio/tracks/{track['id']}/delete",
        *public_paths(scene),
    ]:
        owner.go(path)
        found += findings_of(owner.page)

    assert found == []


def test_axe_finds_nothing_on_the_page_of_a_wrong_address(window: Window) -> None:
    visitor = window()
    visitor.go("/there-is-nothing-here")

    assert findings_of(visitor.page) == []
    visitor.complaints = [text for text in visitor.complaints if "status of 404" not in text]


def test_no_page_is_wider_than_the_smallest_phone(window: Window, scene: tuple[Artist, dict[str, Any]]) -> None:
    artist, track = scene
    owner = window(viewport=NARROW)
    owner.email = artist.email
    owner.sign_in()
    found: list[str] = []
    for path in [*public_paths(scene), *OWN_PATHS, *ACCOUNT_PATHS, f"/studio/tracks/{track['id']}"]:
        owner.go(path)
        found += sticking_out(owner.page)

    assert found == []


def test_everything_but_sound_works_without_scripts(window: Window, stack: Stack, tmp_path: Path) -> None:
    person = window(java_script_enabled=False)
    person.email = make_artist(stack).email
    handle_of_another = make_artist(stack, name="Another").handle
    sign_in_plainly(person)
    file = make_file(tmp_path, Format.WAV_16, seconds=3).rename(tmp_path / "plain.wav")

    person.page.set_input_files("input[name=file]", file)
    person.page.get_by_role("button", name="Upload", exact=True).click()
    expect(person.page.get_by_text("plain.wav arrived")).to_be_visible()
    person.page.goto(f"{stack.url}/{handle_of_another}")
    person.page.get_by_role("button", name="Join and hear it all").click()
    expect(person.page.get_by_text("1 member")).to_be_visible()
    person.page.get_by_role("button", name="Sign out").click()

    expect(person.page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()


def sign_in_plainly(person: Person) -> None:
    person.page.goto(f"{person.stack.url}/accounts/login/")
    person.page.get_by_label("Email").fill(person.email)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(person.page.get_by_role("heading", name="Studio")).to_be_visible()


def test_a_public_page_is_light(window: Window, scene: tuple[Artist, dict[str, Any]]) -> None:
    visitor = window()
    sizes: dict[str, int] = {}

    def measure(path: str) -> None:
        visitor.go(path)
        entries = visitor.page.evaluate(
            "() => performance.getEntriesByType('resource').map(e => [e.name, e.encodedBodySize])"
        )
        sizes.update(dict(entries))

    measure(public_paths(scene)[1])

    scripts = sum(size for name, size in sizes.items() if name.endswith(".js"))
    styles = sum(size for name, size in sizes.items() if name.endswith(".css"))
    assert all(name.startswith(visitor.stack.url) for name in sizes)
    assert 0 < scripts < 60_000
    assert 0 < styles < 25_000
