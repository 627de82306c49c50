"""How the demo songs sound, by the numbers: the same each time, level, in time, in key, with a chorus."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from backline.config.demo import songs
from backline.config.demo.mix import CEILING, Stereo, convolve, loud_rms
from backline.config.demo.score import write_score
from backline.config.demo.song import SectionKind, Song
from backline.config.demo.synth import excerpt, render, to_integers

RATE_HZ = 22_050

_DIGEST_PROGRAM = """
import hashlib
from backline.config.demo import songs, synth
song = synth.excerpt(songs.FIVE_TO_ELEVEN, 1, 2)
print(hashlib.sha256(synth.to_integers(synth.render(song, rate_hz=22050), 16).tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def whole() -> Stereo:
    return render(songs.CHROME_PICNIC, rate_hz=RATE_HZ)


def _rms(signal: Stereo) -> float:
    return float(np.sqrt(np.mean(np.square(signal), dtype=np.float64)))


def _section(signal: Stereo, song: Song, index: int) -> Stereo:
    start = int(song.section_start_s(index) * RATE_HZ)
    return signal[:, start : start + int(song.form[index].bars * song.bar_s * RATE_HZ)]


def _spectra(signal: Stereo, size: int, hop: int) -> npt.NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(signal.mean(axis=0), size)[::hop]
    spectra: npt.NDArray[np.float64] = np.abs(np.fft.rfft(windows * np.hanning(size), axis=1))
    return spectra


def test_other_processes_with_other_hash_seeds_make_the_same_samples() -> None:
    digests = set()
    for seed, zone in (("1", "UTC"), ("4242", "Asia/Tokyo")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        run = subprocess.run(
            [sys.executable, "-c", _DIGEST_PROGRAM],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        digests.add(run.stdout.strip())

    here = to_integers(render(excerpt(songs.FIVE_TO_ELEVEN, 1, 2), rate_hz=RATE_HZ), 16)

    assert digests == {hashlib.sha256(here.tobytes()).hexdigest()}


def test_another_seed_moves_the_players_but_not_the_notes() -> None:
    first = write_score(songs.HARBOUR_STATIC)["lead"]
    second = write_score(replace(songs.HARBOUR_STATIC, seed=9))["lead"]

    chorus_s = songs.HARBOUR_STATIC.section_start_s(2) - 0.1
    upto = songs.HARBOUR_STATIC.section_start_s(3) - 0.1
    assert [n.pitch for n in first if chorus_s < n.start_s < upto] == [
        n.pitch for n in second if chorus_s < n.start_s < upto
    ]
    assert first != second


def test_a_song_has_its_length_level_and_no_clipping(whole: Stereo) -> None:
    assert whole.shape == (2, int(songs.CHROME_PICNIC.duration_s * RATE_HZ))
    assert whole.dtype == np.float32
    assert 0.7 < float(np.abs(whole).max()) <= CEILING + 1e-6
    assert -18.0 < 20 * np.log10(loud_rms(whole, RATE_HZ)) < -13.0
    assert abs(float(whole.mean())) < 1e-4


def test_a_song_is_never_silent_before_its_end(whole: Stereo) -> None:
    seconds = whole[:, : whole.shape[1] // RATE_HZ * RATE_HZ].reshape(2, -1, RATE_HZ)
    levels = np.sqrt(np.mean(np.square(seconds), axis=(0, 2)))

    assert float(levels[:-3].min()) > 0.02
    assert float(np.abs(whole[:, -200:]).max()) < 0.001


def test_the_chorus_is_louder_and_brighter_than_the_verse(whole: Stereo) -> None:
    song = songs.CHROME_PICNIC
    verse = _section(whole, song, song.sections_of(SectionKind.VERSE)[0])
    chorus = _section(whole, song, song.sections_of(SectionKind.CHORUS)[0])

    assert _rms(chorus) > 1.25 * _rms(verse)
    treble = int(5000 / RATE_HZ * 2048)
    assert _spectra(chorus, 2048, 2048)[:, treble:].mean() > 1.25 * _spectra(verse, 2048, 2048)[:, treble:].mean()


def test_the_chorus_returns(whole: Stereo) -> None:
    song = songs.CHROME_PICNIC
    first, second = song.sections_of(SectionKind.CHORUS)[:2]
    verse = song.sections_of(SectionKind.VERSE)[1]
    timbres = [_spectra(_section(whole, song, index), 2048, 2048).mean(axis=0) for index in (first, second, verse)]

    again = float(np.corrcoef(timbres[0], timbres[1])[0, 1])
    assert again > 0.98
    assert again > float(np.corrcoef(timbres[0], timbres[2])[0, 1])


def test_the_pulse_is_the_tempo(whole: Stereo) -> None:
    hop = 256
    spectra = np.log1p(50 * _spectra(whole[:, : 40 * RATE_HZ], 1024, hop))
    onsets = np.maximum(np.diff(spectra, axis=0), 0.0).sum(axis=1)
    onsets -= onsets.mean()
    echo = np.fft.irfft(np.abs(np.fft.rfft(onsets, 1 << 14)) ** 2)
    tempos = np.arange(80.0, 159.0, 0.25)
    strengths = np.interp(60.0 / tempos * RATE_HZ / hop, np.arange(len(echo)), echo)

    assert abs(float(tempos[strengths.argmax()]) - songs.CHROME_PICNIC.tempo_bpm) < 1.5


@pytest.mark.parametrize("song", [songs.GLASS_TIDE, songs.FERRY_HOME, songs.PAPER_LIGHTHOUSE])
def test_the_notes_are_in_the_key(song: Song) -> None:
    drums = {"kick", "rim", "snare", "hat", "shaker", "crash", "riser", "clap", "tambourine", "brush"}
    section_end = song.section_start_s(3)
    pitches = [
        note.pitch
        for name, notes in write_score(song).items()
        if name not in drums
        for note in notes
        if note.start_s < section_end
    ]

    assert len(pitches) > 200
    assert sum(song.key.has(pitch) for pitch in pitches) / len(pitches) > 0.97


def test_the_spectrum_stands_on_the_key() -> None:
    song = excerpt(songs.GLASS_TIDE, 1, 1)
    spectrum = np.square(_spectra(render(song, rate_hz=RATE_HZ), 16384, 8192)).sum(axis=0)
    hz = np.fft.rfftfreq(16384, 1 / RATE_HZ)
    band = (hz > 130) & (hz < 1500)
    pitches = np.rint(69 + 12 * np.log2(hz[band] / 440)).astype(int)
    inside = np.array([song.key.has(int(pitch)) for pitch in pitches])

    assert float(spectrum[band][inside].sum() / spectrum[band].sum()) > 0.9


def test_convolution_in_blocks_is_convolution() -> None:
    dice = np.random.Generator(np.random.PCG64(5))
    signal = dice.standard_normal(150_000).astype(np.float32)
    response = dice.standard_normal(300).astype(np.float32)

    np.testing.assert_allclose(convolve(signal, response), np.convolve(signal, response)[:150_000], atol=1e-3)


def test_integers_reach_neither_end_too_early() -> None:
    signal = np.array([[1.0, -1.0, 0.0], [0.5, -0.5, 0.25]], dtype=np.float32)

    assert to_integers(signal, 16).tolist() == [[32767, -32767, 0], [16384, -16384, 8192]]
