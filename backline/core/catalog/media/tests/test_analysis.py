"""One decode measures exactly, judges by what decodes, and agrees with FFmpeg's own meters."""

import json
import struct
from pathlib import Path

import av
import av.filter
import numpy as np
import pytest

from backline.core.catalog.media.analysis import analyse
from backline.core.catalog.media.decode import Shape, open_sound
from backline.core.catalog.media.errors import (
    Damaged,
    HeaderWithoutSound,
    MediaRefused,
    TooLong,
    TooShort,
    Truncated,
)
from backline.core.catalog.media.loudness import TruePeakMeter
from backline.core.catalog.media.model import Span
from backline.core.catalog.media.testing import (
    LOSSLESS,
    Format,
    Samples,
    claim_ten_hours,
    cut_off,
    header_only,
    make_file,
    make_sound,
    sound_of,
    write_sound,
)
from backline.core.catalog.media.waveform import write_peaks

TRUE_PEAK_TOLERANCE_DB = 0.25
SUPPORTED_CUT = [kind for kind in Format if kind not in {Format.ADTS, Format.MP3_WITHOUT_LENGTH}]


@pytest.mark.parametrize("kind", Format)
def test_length_is_what_decodes(tmp_path: Path, kind: Format) -> None:
    path = make_file(tmp_path, kind, seconds=3)
    expected, rate = sound_of(path)

    found = analyse(path).measurements

    assert (found.channels, found.frames, found.sample_rate_hz) == (*expected.shape, rate)
    assert found.duration_ms == round(expected.shape[1] * 1000 / rate)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_decoded_samples_are_those_that_were_written(tmp_path: Path, kind: Format) -> None:
    written = make_sound(2)
    path = write_sound(tmp_path / "a.bin", written, kind)

    with open_sound(path) as sound:
        read = np.concatenate(list(sound.blocks(10_000)), axis=1)

    assert read.shape == written.shape
    assert float(np.abs(read - written).max()) < 1.6 / 32768


@pytest.mark.parametrize("kind", [Format.WAV_16, Format.AAC, Format.MP3, Format.MP3_WITHOUT_LENGTH, Format.OPUS])
def test_loudness_is_that_of_the_filter_for_any_length(tmp_path: Path, kind: Format) -> None:
    path = make_file(tmp_path, kind, seconds=5.017)

    found = analyse(path).measurements

    expected = _filter_of(path, "metadata=1:framelog=quiet:peak=none")
    assert found.loudness_lufs == pytest.approx(float(expected["lavfi.r128.I"]), abs=0.01)
    assert found.loudness_range_lu == pytest.approx(float(expected["lavfi.r128.LRA"]), abs=0.01)


def _sine(frequency: float, phase: float, rate: int = 44_100) -> Samples:
    time = np.arange(3 * rate) / rate
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.1)  # an abrupt start has a peak of its own
    return np.asarray(0.7 * (fade * np.sin(2 * np.pi * frequency * time + phase))[None], dtype=np.float32)


def _limited(seed: int) -> Samples:
    return np.asarray(np.clip(make_sound(4, seed=seed, level=3.0), -0.8, 0.8), dtype=np.float32)


@pytest.mark.parametrize(
    "samples",
    [
        make_sound(4),
        make_sound(4, channels=1, seed=5, level=0.99),
        _limited(2),
        _sine(11_025, np.pi / 4),
        _sine(997, 0.3),
        _sine(14_700, 1.0),
        np.asarray(np.random.default_rng(4).uniform(-0.5, 0.5, (2, 132_300)), dtype=np.float32),
    ],
    ids=["music", "mono", "limited", "quarter rate", "sine", "high sine", "noise"],
)
def test_true_peak_agrees_with_the_filter(tmp_path: Path, samples: Samples) -> None:
    path = write_sound(tmp_path / "a.wav", samples, Format.WAV_FLOAT)

    found = analyse(path).measurements.true_peak_dbtp

    expected = _filter_of(path, "metadata=1:framelog=quiet:peak=true")["lavfi.r128.true_peak"]
    assert found == pytest.approx(20 * np.log10(float(expected)), abs=TRUE_PEAK_TOLERANCE_DB)


def test_a_peak_between_the_last_samples_of_two_blocks_is_seen() -> None:
    whole, parted = (TruePeakMeter(Shape(1, 44_100, "mono")) for _ in range(2))
    samples = _sine(11_025, np.pi / 4)[:, 50_000:54_000]

    whole.hear(samples, float(np.abs(samples).max()))
    for at in range(0, 4000, 250):
        part = samples[:, at : at + 250]
        parted.hear(part, float(np.abs(part).max()))

    assert parted.finish() == pytest.approx(whole.finish(), abs=0.001)


def test_silence_has_no_loudness_and_no_peak(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", np.zeros((2, 88_200), dtype=np.float32), Format.FLAC)

    found = analyse(path).measurements

    assert (found.loudness_lufs, found.loudness_range_lu, found.true_peak_dbtp) == (None, None, None)
    assert found.silences == (Span(0, 2000),)
    assert (found.leading_silence_ms, found.trailing_silence_ms) == (2000, 2000)


def test_silences_are_found_where_they_are(tmp_path: Path) -> None:
    samples = make_sound(10)
    for start, end in ((0.0, 1.0), (4.0, 5.5), (7.0, 7.2), (9.0, 10.0)):
        samples[:, round(start * 44_100) : round(end * 44_100)] = 0
    path = write_sound(tmp_path / "a.wav", samples, Format.WAV_16)

    found = analyse(path).measurements

    assert len(found.silences) == 3
    assert [span.start_ms for span in found.silences] == pytest.approx([0, 4000, 9000], abs=6)
    assert [span.end_ms for span in found.silences] == pytest.approx([1000, 5500, 10_000], abs=6)
    assert found.leading_silence_ms == pytest.approx(1000, abs=6)
    assert found.trailing_silence_ms == pytest.approx(1000, abs=6)


@pytest.mark.parametrize(
    ("rate", "channels"), [(8000, 1), (11_025, 1), (22_050, 2), (96_000, 2), (192_000, 2), (48_000, 6)]
)
def test_every_rate_and_channel_count_is_measured(tmp_path: Path, rate: int, channels: int) -> None:
    path = make_file(tmp_path, Format.WAV_24, seconds=3, rate=rate, channels=channels)

    analysis = analyse(path)

    found = analysis.measurements
    assert (found.duration_ms, found.channels, found.sample_rate_hz) == (3000, channels, rate)
    assert found.loudness_lufs is not None
    assert -40 < found.loudness_lufs < 0
    assert len(analysis.features.energy) == pytest.approx(600, abs=20)


def test_floats_above_full_scale_keep_their_peak_and_no_number_becomes_silence(tmp_path: Path) -> None:
    samples = make_sound(3, level=4.0)
    samples[:, 1000:1010] = np.nan
    samples[:, 2000:2010] = np.inf
    path = write_sound(tmp_path / "a.wav", samples, Format.WAV_FLOAT)

    found = analyse(path).measurements

    assert found.frames == 132_300
    assert found.true_peak_dbtp is not None
    assert 12.0 < found.true_peak_dbtp < 13.5


@pytest.mark.parametrize("kind", SUPPORTED_CUT)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kind: Format, share: float) -> None:
    path = cut_off(make_file(tmp_path, kind, seconds=6), share)

    with pytest.raises(Truncated, match="cut off"):
        analyse(path)


@pytest.mark.parametrize("kind", [Format.ADTS, Format.MP3_WITHOUT_LENGTH])
def test_formats_that_announce_no_length_are_taken_as_long_as_they_are(tmp_path: Path, kind: Format) -> None:
    path = cut_off(make_file(tmp_path, kind, seconds=6), 0.5)

    assert analyse(path).measurements.duration_ms == pytest.approx(3000, abs=80)


@pytest.mark.parametrize("kind", Format)
def test_a_few_hundred_bytes_of_a_file_are_refused(tmp_path: Path, kind: Format) -> None:
    path = make_file(tmp_path, kind, seconds=2)
    path.write_bytes(path.read_bytes()[:300])

    with pytest.raises(MediaRefused):
        analyse(path)


@pytest.mark.parametrize("kind", [Format.WAV_16, Format.AIFF, Format.FLAC])
def test_a_header_without_sound_is_refused(tmp_path: Path, kind: Format) -> None:
    with pytest.raises(HeaderWithoutSound, match="no sound"):
        analyse(header_only(tmp_path, kind))


@pytest.mark.parametrize("kind", [Format.WAV_16, Format.FLAC, Format.MP3, Format.AAC, Format.ALAC])
def test_a_claim_of_ten_hours_is_not_believed(tmp_path: Path, kind: Format) -> None:
    path = claim_ten_hours(make_file(tmp_path, kind, seconds=3, channels=1), kind)

    assert analyse(path).measurements.duration_ms == pytest.approx(3000, abs=50)


def test_a_track_over_the_limit_is_refused_whatever_it_claims(tmp_path: Path) -> None:
    path = make_file(tmp_path, Format.MP3_WITHOUT_LENGTH, seconds=5)

    with pytest.raises(TooLong) as refused:
        analyse(path, max_ms=4000)

    assert refused.value.data == {"max_ms": 4000}


def test_a_track_under_a_second_is_refused(tmp_path: Path) -> None:
    path = make_file(tmp_path, Format.FLAC, seconds=0.4)

    with pytest.raises(TooShort, match="400 ms long"):
        analyse(path)


def test_a_live_recorders_wav_without_a_length_is_taken(tmp_path: Path) -> None:
    path = make_file(tmp_path, Format.WAV_16, seconds=3)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.find(b"data") + 4, 0xFFFFFFFF)
    struct.pack_into("<I", data, 4, 0xFFFFFFFF)
    path.write_bytes(bytes(data))

    analysis = analyse(path)

    assert analysis.probe.claimed_ms is None
    assert analysis.measurements.duration_ms == 3000


def test_a_file_full_of_rubbish_is_damaged(tmp_path: Path) -> None:
    path = make_file(tmp_path, Format.AAC, seconds=4)
    data = bytearray(path.read_bytes())
    at = data.find(b"mdat") + 4
    rubbish = np.random.default_rng(2).bytes(40_000)
    data[at + 2000 : at + 42_000] = rubbish
    path.write_bytes(bytes(data))

    with pytest.raises((Damaged, Truncated)):
        analyse(path)


def test_peaks_follow_the_audiowaveform_format(tmp_path: Path) -> None:
    samples = np.zeros((2, 10 * 44_100), dtype=np.float32)
    samples[0, 5 * 44_100 :] = 0.5
    samples[1, 5 * 44_100 :] = -1.0
    analysis = analyse(write_sound(tmp_path / "a.wav", samples, Format.WAV_FLOAT))

    overview, detail = write_peaks(analysis.waveform, tmp_path)

    document = json.loads(overview.path.read_text())
    data = np.array(document.pop("data"))
    assert document == {
        "version": 2,
        "channels": 1,
        "sample_rate": 44_100,
        "samples_per_pixel": 660,
        "bits": 8,
        "length": 669,
    }
    assert len(data) == 2 * 669
    assert (data[:600] == 0).all()
    assert (data[-2], data[-1]) == (-127, 64)
    header = struct.unpack("<iIiiIi", detail.path.read_bytes()[:24])
    assert header == (2, 1, 44_100, 880, detail.points, 1)
    assert detail.path.stat().st_size == 24 + 2 * detail.points
    assert detail.points == -(-10 * 44_100 // 880)


@pytest.mark.parametrize(("seconds", "least"), [(1.0, 200), (4.0, 800), (17.0, 600), (61.0, 700)])
def test_an_overview_has_at_most_eight_hundred_points(tmp_path: Path, seconds: float, least: int) -> None:
    path = make_file(tmp_path, Format.FLAC, seconds=seconds, rate=8000, channels=1)

    assert least <= analyse(path).waveform.overview().points <= 800


def _filter_of(path: Path, arguments: str) -> dict[str, str]:
    found: dict[str, str] = {}
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source, meter, sink = (
            graph.add_abuffer(template=stream),
            graph.add("ebur128", arguments),
            graph.add("abuffersink"),
        )
        graph.link_nodes(source, meter, sink)
        graph.configure()
        for frame in [*container.decode(stream), None]:
            source.push(frame)
            while True:
                try:
                    found |= sink.pull().metadata
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
    return found
