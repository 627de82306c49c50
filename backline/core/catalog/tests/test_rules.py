import pytest
from hypothesis import given
from hypothesis import strategies as st

from backline.core.catalog import rules
from backline.core.catalog.media.model import HookWindow


@given(st.integers(-1000, 400_000), st.integers(-10, 40_000), st.integers(1, 300_000))
def test_a_hook_that_is_let_through_lies_in_the_track(start_ms: int, duration_ms: int, track_ms: int) -> None:
    try:
        window = rules.check_hook(start_ms, duration_ms, track_ms=track_ms)
    except rules.HookOutside:
        is_hook = start_ms >= 0 and min(500, track_ms) <= duration_ms <= 30_000 and start_ms + duration_ms <= track_ms
        assert not is_hook
        return
    assert window == HookWindow(start_ms, duration_ms)
    assert window.start_ms >= 0
    assert window.start_ms + window.duration_ms <= track_ms
    assert window.duration_ms <= 30_000


def test_a_refused_hook_says_why() -> None:
    with pytest.raises(rules.HookOutside, match="the hook ends at 61000 ms, the track at 60000 ms"):
        rules.check_hook(41_000, 20_000, track_ms=60_000)
    with pytest.raises(rules.HookOutside, match="at most 30 s long, this is 31 s"):
        rules.check_hook(0, 31_000, track_ms=60_000)


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("01 - Harbour Lights.wav", "Harbour Lights"),
        ("03. Sólarris.flac", "Sólarris"),
        ("01 Chirp.wav", "Chirp"),
        ("7) seven.mp3", "seven"),
        ("99 Luftballons.mp3", "99 Luftballons"),
        ("my_song_final.wav", "my song final"),
        ("C:\\Music\\夜.flac", "夜"),
        ("disc 1/02-b.ogg", "b"),
        (".wav", ".wav"),
        ("", "Untitled"),
        ("1999.wav", "1999"),
    ],
)
def test_a_title_comes_from_the_file_name(filename: str, title: str) -> None:
    assert rules.title_from(filename) == title
