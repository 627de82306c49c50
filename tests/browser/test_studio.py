from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, Request, expect

from backline.core.catalog.media.testing import Format, make_file, renamed_program
from tests.browser.conftest import Window
from tests.browser.people import Artist, Person, make_artist, make_track
from tests.browser.stack import Stack

pytestmark = pytest.mark.browser

SLOW_BYTES_PER_S = 1_500_000


def as_artist(window: Window, artist: Artist) -> Person:
    person = window()
    person.email = artist.email
    person.sign_in()
    return person


def choose(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(list(files))


def slow_down(person: Person) -> None:
    """Bytes leave at the pace of a phone, so that an upload can be caught under way."""
    session = person.context.new_cdp_session(person.page)
    session.send("Network.enable")
    conditions = {
        "offline": False,
        "latency": 5,
        "downloadThroughput": -1,
        "uploadThroughput": SLOW_BYTES_PER_S,
    }
    session.send("Network.emulateNetworkConditions", conditions)


def test_the_hook_is_edited_by_keys_alone(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    track = make_track(stack, artist, tmp_path, hook={"start_ms": 5000, "duration_ms": 10_000})
    person = as_artist(window, artist)
    person.go(f"/studio/tracks/{track['id']}")
    begins, whole, ends = (
        person.page.get_by_role("slider", name=name) for name in ("Hook begins", "Hook, whole", "Hook ends")
    )

    begins.press("ArrowRight")
    begins.press("Shift+ArrowLeft")
    ends.press("PageUp")
    whole.press("ArrowLeft")

    assert person.page.get_by_label("Begins at (seconds)").input_value() == "4.000"
    assert person.page.get_by_label("Length (seconds)").input_value() == "11.990"
    expect(ends).to_have_attribute("aria-valuenow", "15990")
    whole.press("Enter")
    person.wait_for_sound(4.0)
    person.page.get_by_role("button", name="Save", exact=True).click()
    expect(person.page.get_by_text("Saved.")).to_be_visible()
    saved = stack.call("GET", f"/api/v1/tracks/{track['id']}", token=artist.token)["hook"]
    assert (saved["start_ms"], saved["duration_ms"]) == (4000, 11_990)


def test_the_window_never_leaves_what_the_server_takes(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    track = make_track(stack, artist, tmp_path, seconds=40, hook={"start_ms": 5000, "duration_ms": 10_000})
    person = as_artist(window, artist)
    person.go(f"/studio/tracks/{track['id']}")
    start, length = (person.page.get_by_label(name) for name in ("Begins at (seconds)", "Length (seconds)"))

    person.page.get_by_role("slider", name="Hook ends").press("End")
    assert (start.input_value(), length.input_value()) == ("5.000", "30.000")
    person.page.get_by_role("slider", name="Hook, whole").press("End")
    assert (start.input_value(), length.input_value()) == ("10.000", "30.000")
    person.page.get_by_role("slider", name="Hook begins").press("End")
    assert (start.input_value(), length.input_value()) == ("39.500", "0.500")
    person.page.get_by_role("button", name="Use the suggestion").click()
    assert float(length.input_value()) > 0.5


def test_a_file_that_is_no_sound_says_so_and_the_others_arrive(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    person = as_artist(window, artist)
    empty = tmp_path / "empty.wav"
    empty.touch()
    good = make_file(tmp_path, Format.WAV_16, seconds=3).rename(tmp_path / "good.wav")
    person.go("/studio")

    choose(person.page, renamed_program(tmp_path / "program.mp3"), empty, good)

    uploads = person.page.get_by_role("list", name="Uploads").get_by_role("listitem")
    expect(uploads.filter(has_text="empty.wav")).to_contain_text("The file is empty")
    expect(uploads.filter(has_text="good.wav")).to_contain_text("Arrived")
    program = uploads.filter(has_text="program.mp3")
    expect(program).to_have_attribute("data-state", "failed")
    expect(program.locator(".upload-facts")).not_to_be_empty()
    expect(person.page.locator(".studio-track")).to_have_count(1)
    person.complaints = [text for text in person.complaints if "status of 4" not in text]


def test_a_folder_is_walked_and_what_is_no_sound_is_left_out(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    person = as_artist(window, artist)
    album = tmp_path / "album"
    (album / "side b").mkdir(parents=True)
    make_file(tmp_path, Format.WAV_16, seconds=2).rename(album / "1.wav")
    make_file(tmp_path, Format.FLAC, seconds=2, seed=2).rename(album / "side b" / "2.flac")
    (album / "notes.txt").write_text("notes")
    person.go("/studio")

    with person.page.expect_file_chooser() as chooser:
        person.page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(album)

    expect(person.page.locator(".upload-note")).to_have_text("1 file that is no sound left out.")
    expect(person.page.locator(".upload[data-state=done]")).to_have_count(2)
    expect(person.page.locator(".studio-track")).to_have_count(2)


def test_dropped_files_are_uploaded(window: Window, stack: Stack, tmp_path: Path) -> None:
    person = as_artist(window, make_artist(stack))
    sound = make_file(tmp_path, Format.WAV_16, seconds=2, rate=8000, channels=1).read_bytes()
    person.go("/studio")

    person.page.evaluate(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], 'dropped.wav'));
            const zone = document.querySelector('.drop-zone');
            zone.dispatchEvent(new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true}));
        }""",
        list(sound),
    )

    expect(person.page.locator(".studio-track").get_by_role("link", name="dropped")).to_be_visible()


def test_a_zip_becomes_an_album(window: Window, stack: Stack, tmp_path: Path) -> None:
    person = as_artist(window, make_artist(stack))
    album = tmp_path / "album.zip"
    with ZipFile(album, "w") as archive:
        for number in (1, 2):
            file = make_file(tmp_path, Format.MP3, seconds=2, seed=number)
            archive.write(file, f"album/0{number} - Song {number}.mp3")
    person.go("/studio")

    choose(person.page, album)

    expect(person.page.locator(".studio-track .status", has_text="Ready")).to_have_count(2, timeout=60_000)
    expect(person.page.locator(".studio-track").get_by_role("link", name="Song 2")).to_be_visible()


def test_an_upload_shows_its_pace_and_can_be_cancelled(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    person = as_artist(window, artist)
    person.go("/studio")
    slow_down(person)
    file = make_file(tmp_path, Format.WAV_16, seconds=90).rename(tmp_path / "long.wav")

    choose(person.page, file)
    facts = person.page.locator(".upload-facts")
    expect(facts).to_contain_text("left", timeout=20_000)
    expect(facts).to_contain_text("/s")
    person.page.get_by_role("button", name="Cancel long.wav").click()

    expect(person.page.locator(".upload")).to_have_count(0)
    tracks = stack.call("GET", f"/api/v1/artists/{artist.handle}/tracks", token=artist.token)
    assert tracks["items"] == []


def test_an_upload_goes_on_after_a_reload_where_it_stopped(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    person = as_artist(window, artist)
    person.page.on("dialog", lambda dialog: dialog.accept())
    offsets: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    person.page.on("request", note)
    person.go("/studio")
    slow_down(person)
    file = make_file(tmp_path, Format.WAV_16, seconds=60).rename(tmp_path / "long.wav")

    choose(person.page, file)
    person.page.wait_for_function(
        "() => (document.querySelector('.upload progress')?.value ?? 0) >= 30", timeout=30_000
    )
    person.page.reload()
    expect(person.page.locator(".upload-note")).to_contain_text("Interrupted earlier: long.wav")
    choose(person.page, file)

    expect(person.page.locator(".studio-track .status")).to_have_text("Ready, not published", timeout=60_000)
    assert offsets[0] == 0
    assert offsets[-1] > 0


def test_an_upload_survives_a_lost_network(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    person = as_artist(window, artist)
    person.go("/studio")
    slow_down(person)
    file = make_file(tmp_path, Format.WAV_16, seconds=60).rename(tmp_path / "long.wav")

    choose(person.page, file)
    person.page.wait_for_function("() => (document.querySelector('.upload progress')?.value ?? 0) >= 20")
    person.context.set_offline(True)
    person.page.wait_for_timeout(1500)
    person.context.set_offline(False)

    expect(person.page.locator(".studio-track .status")).to_have_text("Ready, not published", timeout=60_000)
    person.complaints = [text for text in person.complaints if "net::ERR" not in text]


def test_what_was_typed_survives_a_refusal(window: Window, stack: Stack, tmp_path: Path) -> None:
    artist = make_artist(stack)
    track = make_track(stack, artist, tmp_path, title="Before")
    person = as_artist(window, artist)
    person.go(f"/studio/tracks/{track['id']}")

    person.page.get_by_label("Title").fill("After")
    person.page.get_by_label("ISRC").fill("nonsense")
    person.page.get_by_role("button", name="Add a credit").click()
    person.page.get_by_label("Name", exact=True).last.fill("Ana Ruiz")
    person.page.get_by_role("button", name="Save", exact=True).click()

    expect(person.page.get_by_role("alert")).to_contain_text("isrc")
    expect(person.page.get_by_label("Title")).to_have_value("After")
    expect(person.page.get_by_label("Name", exact=True).first).to_have_value("Ana Ruiz")
    assert stack.call("GET", f"/api/v1/tracks/{track['id']}")["title"] == "Before"
    person.complaints = [text for text in person.complaints if "status of 422" not in text]


def test_signing_out_and_in_again(window: Window, stack: Stack) -> None:
    person = as_artist(window, make_artist(stack))

    person.page.get_by_role("link", name="Backline").click()
    person.page.get_by_role("link", name="Settings").click()
    expect(person.page.get_by_text(f"Signed in as {person.email}")).to_be_visible()
    person.page.get_by_role("button", name="Sign out").click()
    expect(person.page.get_by_role("link", name="Sign in")).to_be_visible()
    person.page.goto(f"{stack.url}/studio")
    expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible()
    person.page.get_by_label("Email").fill(person.email)
    person.page.get_by_label("Password").fill("not the password")
    person.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(person.page.get_by_role("alert")).to_contain_text("is not right")
    person.sign_in()

    expect(person.page.get_by_role("heading", name="Studio")).to_be_visible()
