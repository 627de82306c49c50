"""A suggested hook always lies inside the track, is always the same, and is the chorus where there is one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backline.core.catalog.media.analysis import analyse
from backline.core.catalog.media.features import BANDS, PITCH_CLASSES, Features
from backline.core.catalog.media.hook import suggest_hook
from backline.core.catalog.media.model import MAX_HOOK_MS, HookSuggestion
from backline.core.catalog.media.testing import Format, Samples, make_file, write_sound

RATE = 22_050
BEAT_S = 0.5


def _section(chords: Sequence[tuple[float, ...]], bars: int, level: float, drums: float, seed: int) -> Samples:
    count = round(bars * 4 * BEAT_S * RATE)
    time = np.arange(count) / RATE
    bar = (time / (4 * BEAT_S)).astype(int)
    sound = np.zeros(count)
    for index, chord in enumerate(chords):
        for pitch in chord:
            sound += (
                level
                * (bar % len(chords) == index)
                * (np.sin(2 * np.pi * pitch * time) + 0.4 * np.sin(4 * np.pi * pitch * time))
            )
    noise = np.random.default_rng(seed).standard_normal(count)
    return np.asarray((sound + drums * noise * np.exp(-40 * (time % BEAT_S)))[None], dtype=np.float32)


def _song() -> Samples:
    """Intro 0:00, verse 0:08, chorus 0:24, verse 0:40, chorus 0:56, bridge 1:12, chorus 1:28, outro 1:44 to
    1:52.
    """
    verse = [(220.0, 261.0, 329.0), (174.0, 220.0, 261.0)]
    chorus = [(261.0, 329.0, 392.0), (196.0, 247.0, 294.0), (220.0, 277.0, 330.0), (174.0, 233.0, 349.0)]
    bridge = [(146.0, 174.0, 220.0)]
    parts = [
        _section(bridge, 4, 0.02, 0.02, 1),
        _section(verse, 8, 0.05, 0.1, 2),
        _section(chorus, 8, 0.1, 0.25, 3),
        _section(verse, 8, 0.05, 0.1, 4),
        _section(chorus, 8, 0.1, 0.25, 5),
        _section(bridge, 8, 0.04, 0.05, 6),
        _section(chorus, 8, 0.1, 0.25, 7),
        _section(bridge, 4, 0.02, 0.0, 8),
    ]
    return np.concatenate(parts, axis=1)


def test_the_chorus_is_found_and_begins_on_its_first_beat(tmp_path: Path) -> None:
    analysis = analyse(write_sound(tmp_path / "a.flac", _song() * 0.7, Format.FLAC, rate=RATE))

    suggestion = suggest_hook(analysis.features, analysis.measurements.duration_ms)

    assert min(abs(suggestion.start_ms - chorus) for chorus in (24_000, 56_000, 88_000)) <= 30
    assert suggestion.duration_ms == 30_000
    assert "times" in suggestion.reason
    assert "right on a beat" in suggestion.reason
    assert "0:24" in suggestion.reason or "0:56" in suggestion.reason


def test_the_reason_is_made_of_measurements(tmp_path: Path) -> None:
    quiet, loud = _section([(220.0, 277.0)], 20, 0.01, 0.0, 1), _section([(330.0, 415.0)], 16, 0.2, 0.2, 2)
    song = np.concatenate((quiet, loud, quiet), axis=1)
    analysis = analyse(write_sound(tmp_path / "a.wav", song * 0.7, Format.WAV_16, rate=RATE))

    suggestion = suggest_hook(analysis.features, analysis.measurements.duration_ms)

    assert 39_000 <= suggestion.start_ms <= 42_200
    assert suggestion.reason.startswith("The loudest part, ")
    assert "dB above the track as a whole" in suggestion.reason


def test_an_intro_of_silence_is_not_the_hook(tmp_path: Path) -> None:
    song = np.concatenate(
        (np.zeros((1, 20 * RATE), dtype=np.float32), _section([(220.0, 277.0)], 24, 0.1, 0.2, 1)), axis=1
    )
    analysis = analyse(write_sound(tmp_path / "a.wav", song * 0.7, Format.WAV_16, rate=RATE))

    assert suggest_hook(analysis.features, analysis.measurements.duration_ms).start_ms >= 19_900


def test_a_track_shorter_than_a_hook_is_its_own_hook(tmp_path: Path) -> None:
    analysis = analyse(make_file(tmp_path, Format.OPUS, seconds=12))

    assert suggest_hook(analysis.features, 12_000) == HookSuggestion(
        0, 12_000, "The whole track: it is only 12 seconds long."
    )


def test_a_silent_track_has_a_hook_too(tmp_path: Path) -> None:
    silence = np.zeros((1, 40 * 8000), dtype=np.float32)
    analysis = analyse(write_sound(tmp_path / "a.wav", silence, Format.WAV_16, rate=8000))

    suggestion = suggest_hook(analysis.features, analysis.measurements.duration_ms)

    assert suggestion == HookSuggestion(
        0, 30_000, "The beginning: the track is silent, so no part tells more than another."
    )


_level = st.floats(0, 4, width=32)


@st.composite
def _features(draw: st.DrawFn) -> tuple[Features, int]:
    """Series of any content whose lengths fit the duration, or not quite."""
    duration_ms = draw(st.integers(1, 200_000))
    step = draw(st.sampled_from([5.0, 4.989]))
    flux_step = draw(st.sampled_from([46.44, 42.67, 64.0]))
    spare = draw(st.integers(0, 2))
    bins = max(1, int(duration_ms / step))
    hops = max(0, int(duration_ms / flux_step) - spare)
    colours = hops // 11
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    period = draw(st.integers(1, 400))
    energy = random.random(bins) ** draw(st.integers(1, 20)) * float(draw(_level))
    flux = random.random(hops) * (np.arange(hops) % period == 0)
    pattern = draw(hnp.arrays(np.float32, (4, BANDS + PITCH_CLASSES), elements=_level))
    return (
        Features(
            energy.astype(np.float32),
            step,
            flux.astype(np.float32),
            flux_step,
            flux_step,
            np.asarray(pattern[np.arange(colours) // 8 % 4], dtype=np.float32),
            flux_step * 11,
        ),
        duration_ms,
    )


@settings(max_examples=150, deadline=None)
@given(_features())
def test_a_hook_is_always_inside_the_track_and_always_the_same(given_features: tuple[Features, int]) -> None:
    features, duration_ms = given_features

    suggestion = suggest_hook(features, duration_ms)

    assert suggestion.start_ms >= 0
    assert suggestion.start_ms + suggestion.duration_ms <= duration_ms
    assert suggestion.duration_ms == min(MAX_HOOK_MS, duration_ms)
    assert suggestion.reason.endswith(".")
    assert suggest_hook(features, duration_ms) == suggestion


@pytest.mark.parametrize("seconds", [1800, 10_800])
def test_hours_of_sound_are_no_trouble(seconds: int) -> None:
    random = np.random.default_rng(1)
    features = Features(
        random.random(seconds * 200).astype(np.float32),
        5.0,
        random.random(seconds * 21).astype(np.float32),
        1000 / 21,
        46.0,
        random.random((seconds * 21 // 11, BANDS + PITCH_CLASSES)).astype(np.float32),
        11_000 / 21,
    )

    suggestion = suggest_hook(features, seconds * 1000)

    assert 0 <= suggestion.start_ms <= seconds * 1000 - 30_000
