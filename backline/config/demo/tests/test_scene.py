"""The demo scene as it is written down: whole, varied and free of slips of the pen."""

import re

import pytest

from backline.config.demo.bands import BANDS, Role
from backline.config.demo.drums import DRUMS
from backline.config.demo.encode import EXPORTS
from backline.config.demo.scene import ARTISTS, SOLVEIG, TRACKS, DemoTrack, FileFormat, Hook, tracks_of
from backline.config.demo.score import lay_out_bars
from backline.config.demo.song import BandName, SectionKind
from backline.config.demo.voices import PITCHED

every_track = pytest.mark.parametrize("track", TRACKS, ids=lambda track: track.key)


def test_three_artists_have_four_tracks_each() -> None:
    assert [len(tracks_of(artist)) for artist in ARTISTS] == [4, 4, 4]
    assert len({artist.handle for artist in ARTISTS}) == 3
    assert all(re.fullmatch(r"[a-z]{3,30}", artist.handle) for artist in ARTISTS)
    assert [track.number for track in tracks_of(SOLVEIG)] == [1, 2, 3, 4]


def test_the_formats_are_all_used() -> None:
    assert {track.file_format for track in TRACKS} == set(FileFormat) == set(EXPORTS)


def test_lengths_run_from_a_minute_and_a_half_to_three_and_a_half() -> None:
    lengths = [track.duration_ms for track in TRACKS]

    assert min(lengths) >= 90_000
    assert max(lengths) <= 210_000
    assert max(lengths) - min(lengths) > 90_000
    assert len(set(lengths)) == 12


def test_codes_and_keys_are_unique_and_well_formed() -> None:
    assert len({track.isrc for track in TRACKS}) == len({track.key for track in TRACKS}) == 12
    assert all(re.fullmatch(r"QZZZZ\d{7}", track.isrc) for track in TRACKS)
    assert all(re.fullmatch(r"[a-z0-9-]+", track.key) for track in TRACKS)


def test_one_track_is_explicit_and_three_have_timed_lyrics() -> None:
    timed = [track.key for track in TRACKS if track.lyrics is not None and track.lyrics.is_timed]

    assert [track.key for track in TRACKS if track.is_explicit] == ["kombiclub-3-night-bus"]
    assert timed == ["solveig-4-slow-satellites", "kombiclub-1-lanterna-azul", "hartini-4-ferry-home"]


def test_chosen_hooks_begin_with_the_first_chorus() -> None:
    hooks = {track.key: track.hook for track in TRACKS if track.hook}

    assert hooks == {
        "solveig-1-nordurljos": Hook(63_158, 25_263),
        "kombiclub-2-chrome-picnic": Hook(24_407, 16_271),
        "hartini-2-paper-lighthouse": Hook(32_727, 19_091),
    }


@every_track
def test_every_bar_of_a_melody_is_full(track: DemoTrack) -> None:
    lengths = {sum(note.beats for note in bar) for bars in track.song.parsed_melodies.values() for bar in bars}

    assert lengths == {float(track.song.beats_per_bar)}


@every_track
def test_every_bar_has_a_chord_and_the_chorus_returns(track: DemoTrack) -> None:
    bars = list(lay_out_bars(track.song))

    assert len(bars) == track.song.bars
    assert len(track.song.sections_of(SectionKind.CHORUS)) >= 2


@every_track
def test_timed_lyrics_rise_and_end_before_the_song(track: DemoTrack) -> None:
    if track.lyrics is None:
        assert track.lyrics_text is None
        return

    stamps = re.findall(r"^\[(\d\d):(\d\d\.\d\d)\]\S", track.lyrics.lrc(track.song), re.MULTILINE)
    seconds = [int(minutes) * 60 + float(rest) for minutes, rest in stamps]

    assert seconds == sorted(set(seconds))
    assert len(seconds) == len([line for line in track.lyrics.plain().splitlines() if line])
    assert seconds[-1] < track.song.duration_s


def test_the_first_sung_line_falls_on_its_section() -> None:
    satellites = tracks_of(SOLVEIG)[3]

    assert satellites.lyrics_text is not None
    assert satellites.lyrics_text.splitlines()[0] == "[00:08.14]We left the kettle and the keys"


@pytest.mark.parametrize("name", BandName)
def test_bands_play_instruments_that_exist_in_measures_that_fit(name: BandName) -> None:
    band = BANDS[name]
    steps = 12 if name is BandName.WALTZ else 16
    voices = {channel.name: channel.voice for channel in band.channels}

    assert all(channel.voice in (DRUMS if channel.role is Role.DRUM else PITCHED) for channel in band.channels)
    for patterns in band.patterns.values():
        assert set(patterns) <= set(voices)
        measures = [measure for pattern in patterns.values() if len(pattern) > 1 for measure in pattern.split("|")]
        assert {len(measure) for measure in measures} == {steps}


@every_track
def test_songs_only_replace_instruments_that_their_band_has(track: DemoTrack) -> None:
    channels = {channel.name for channel in BANDS[track.song.band].channels}

    assert set(track.song.voices) <= channels
    assert set(track.song.voices.values()) <= set(PITCHED)
