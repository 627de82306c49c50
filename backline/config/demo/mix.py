"""Puts the notes of a song into the air: channels, side chain, echo, room, and a master that never clips.

Each distinct note is synthesized once and laid down wherever it occurs, which is why three minutes take
about a second. The room is a convolution with decaying noise at a lower rate; the master brings the song
to its loudness and a look-ahead limiter holds every sample below the ceiling. Everything runs in one
thread in a fixed order.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from backline.config.demo.bands import BANDS, Channel, Role
from backline.config.demo.drums import TAKES, strike
from backline.config.demo.score import Note
from backline.config.demo.song import Song
from backline.config.demo.voices import play

Stereo = npt.NDArray[np.float32]
"""Two rows of float32 samples, left and right."""

CEILING = 0.86
"""No sample exceeds this (-1.3 dBFS), which leaves lossy encoders room."""

LOUDNESS_DB = -15.5
"""RMS of the louder parts after the master, in dB below full scale."""

_DUCK_S = 0.28
_LIMIT_BLOCK = 128
_ROOM_BLOCK = 1 << 16


@dataclass
class _Desk:
    """The buses that channels are mixed to."""

    master: Stereo
    room: npt.NDArray[np.float32]
    echo: npt.NDArray[np.float32]
    scratch: Stereo
    duck: npt.NDArray[np.float32]
    takes: dict[tuple[str, int, float], npt.NDArray[np.float32]] = field(default_factory=dict)


def mix_song(song: Song, score: dict[str, tuple[Note, ...]], *, rate_hz: int) -> Stereo:
    """The finished stereo signal: (2, samples), peak at most `CEILING`."""
    band = BANDS[song.band]
    samples = int(song.duration_s * rate_hz)
    desk = _Desk(
        master=np.zeros((2, samples), dtype=np.float32),
        room=np.zeros(samples, dtype=np.float32),
        echo=np.zeros(samples, dtype=np.float32),
        scratch=np.zeros((2, samples), dtype=np.float32),
        duck=_duck_curve(score.get("kick", ()), samples, rate_hz),
    )
    for channel in band.channels:
        if score[channel.name]:
            _mix_channel(desk, channel, song.voices.get(channel.name, channel.voice), score[channel.name], rate_hz)
    _add_echo(desk, int(0.75 * song.beat_s * rate_hz))
    _add_room(desk, band.room_s, rate_hz)
    return _master(desk.master, rate_hz)


def _duck_curve(kicks: tuple[Note, ...], samples: int, rate_hz: int) -> npt.NDArray[np.float32]:
    """How far the side chain presses at each sample: 1 on a kick, back to 0 within a quarter of a second."""
    curve = np.zeros(samples, dtype=np.float32)
    dip = np.linspace(1.0, 0.0, int(_DUCK_S * rate_hz), dtype=np.float32) ** 2
    for kick in kicks:
        start = int(kick.start_s * rate_hz)
        part = curve[start : start + len(dip)]
        np.maximum(part, dip[: len(part)], out=part)
    return curve


def _mix_channel(desk: _Desk, channel: Channel, voice: str, notes: tuple[Note, ...], rate_hz: int) -> None:
    desk.scratch.fill(0.0)
    for note in notes:
        _lay_down(desk, channel, voice, note, rate_hz)
    angle = (channel.pan + 1.0) * np.pi / 4
    for side, gain in enumerate((np.cos(angle), np.sin(angle))):
        desk.scratch[side] *= np.float32(gain * np.sqrt(2.0) * channel.gain)
    if channel.duck:
        desk.scratch *= np.float32(1.0) - desk.duck * np.float32(channel.duck)
    desk.master += desk.scratch
    if channel.room:
        desk.room += (desk.scratch[0] + desk.scratch[1]) * np.float32(0.5 * channel.room)
    if channel.echo:
        desk.echo += (desk.scratch[0] + desk.scratch[1]) * np.float32(0.5 * channel.echo)


def _lay_down(desk: _Desk, channel: Channel, voice: str, note: Note, rate_hz: int) -> None:
    """Add one note to the scratch bus, synthesizing it if this voice has not played it before."""
    if channel.role is Role.DRUM:
        name = (voice, note.pitch % TAKES, 0.0)
    else:
        name = (voice, note.pitch, round(note.seconds, 3))
    wave = desk.takes.get(name)
    if wave is None:
        is_drum = channel.role is Role.DRUM
        wave = strike(voice, name[1], rate_hz) if is_drum else play(voice, name[1], name[2], rate_hz)
        desk.takes[name] = wave
    start = int(note.start_s * rate_hz)
    room = max(0, desk.scratch.shape[1] - start)
    desk.scratch[:, start : start + wave.shape[-1]] += wave[..., :room] * np.float32(note.strength)


def _add_echo(desk: _Desk, delay: int) -> None:
    """Four repeats, a dotted eighth apart, from side to side; later ones also reach the room."""
    for repeat in range(1, 5):
        shift = delay * repeat
        gain = np.float32(0.75 * 0.5**repeat)
        desk.master[repeat % 2, shift:] += desk.echo[:-shift] * gain
        if repeat > 1:
            desk.room[shift:] += desk.echo[:-shift] * (gain * np.float32(0.5))


def _add_room(desk: _Desk, seconds: float, rate_hz: int) -> None:
    """Convolve the room bus with a decaying noise per side, at about 24 kHz, and add it to the master."""
    factor = max(1, round(rate_hz / 24_000))
    samples = desk.room.shape[0]
    padded = np.zeros(-(-samples // factor) * factor, dtype=np.float32)
    padded[:samples] = desk.room
    slow = padded.reshape(-1, factor).mean(axis=1, dtype=np.float32)
    for side in (0, 1):
        wet = convolve(slow, _room_response(seconds, rate_hz // factor, side))
        desk.master[side] += _stretch(wet, factor)[:samples]


def _room_response(seconds: float, rate_hz: int, side: int) -> npt.NDArray[np.float32]:
    """What a hall answers to a click: 20 ms of nothing, then noise whose treble dies first."""
    samples = int(seconds * rate_hz)
    dice = np.random.Generator(np.random.PCG64(900 + side))
    t = np.arange(samples) / rate_hz
    bright = dice.standard_normal(samples)
    dull = np.convolve(dice.standard_normal(samples), np.ones(6) / 6.0, mode="same")
    tail = 0.6 * bright * np.exp(-13.8 * t / seconds) + 1.6 * dull * np.exp(-6.9 * t / seconds)
    tail -= np.convolve(tail, np.ones(129) / 129.0, mode="same")
    tail *= np.clip(t / 0.03, 0.0, 1.0)
    response = np.concatenate([np.zeros(int(0.02 * rate_hz)), tail])
    scaled: npt.NDArray[np.float32] = (response * (0.9 / np.sqrt(np.sum(response**2)))).astype(np.float32)
    return scaled


def convolve(signal: npt.NDArray[np.float32], response: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Linear convolution by overlapping blocks, cut to the length of the signal."""
    size = _ROOM_BLOCK
    while size < 2 * len(response):
        size *= 2
    hop = size - len(response) + 1
    shape = np.fft.rfft(response, size)
    out = np.zeros(len(signal) + size, dtype=np.float32)
    for start in range(0, len(signal), hop):
        block = np.fft.irfft(np.fft.rfft(signal[start : start + hop], size) * shape, size)
        out[start : start + size] += block.astype(np.float32, copy=False)
    return out[: len(signal)]


def _stretch(slow: npt.NDArray[np.float32], factor: int) -> npt.NDArray[np.float32]:
    """Back to the full rate, with straight lines between the samples."""
    steps = np.diff(slow, append=slow[-1:])
    fraction = np.arange(factor, dtype=np.float32) / np.float32(factor)
    lines: npt.NDArray[np.float32] = slow[:, None] + steps[:, None] * fraction
    return lines.reshape(-1)


def _master(signal: Stereo, rate_hz: int) -> Stereo:
    """Remove what is below hearing, bring the loud parts to `LOUDNESS_DB`, limit, fade the very end."""
    _remove_rumble(signal, rate_hz)
    signal *= np.float32(10 ** (LOUDNESS_DB / 20) / loud_rms(signal, rate_hz))
    _limit(signal)
    fade = int(1.5 * rate_hz)
    signal[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32) ** 2
    return signal


def _remove_rumble(signal: Stereo, rate_hz: int) -> None:
    """Subtract the running mean of a tenth of a second: no DC, nothing far below the bass."""
    width = rate_hz // 10
    for side in signal:
        total = np.zeros(len(side) + width + 1)
        np.cumsum(np.pad(side, (width // 2, width - width // 2)), out=total[1:])
        side -= ((total[width:-1] - total[: -width - 1]) / width).astype(np.float32)


def loud_rms(signal: Stereo, rate_hz: int) -> float:
    """RMS over the parts of 0.4 s that are not 10 dB quieter than the mean: what the ear calls the level."""
    width = int(0.4 * rate_hz)
    count = signal.shape[1] // width
    blocks = np.square(signal[:, : count * width]).reshape(2, count, width).mean(axis=(0, 2), dtype=np.float64)
    gated = blocks[blocks > 0.1 * blocks.mean()]
    return float(np.sqrt(gated.mean()))


def _limit(signal: Stereo) -> None:
    """Turn down around peaks above the ceiling: the gain moves in 80 ms lines and looks ahead as far."""
    samples = signal.shape[1]
    count = -(-samples // _LIMIT_BLOCK)
    peaks = np.zeros(count * _LIMIT_BLOCK, dtype=np.float32)
    np.max(np.abs(signal), axis=0, out=peaks[:samples])
    needed = np.minimum(1.0, CEILING / np.maximum(peaks.reshape(count, -1).max(axis=1), 1e-9))
    reach = 16
    padded = np.pad(needed, (2 * reach + 1, 2 * reach + 2), constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 3).min(axis=1)
    smooth = np.convolve(lowest, np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")
    gain = smooth.astype(np.float32)
    line = np.arange(_LIMIT_BLOCK, dtype=np.float32) / np.float32(_LIMIT_BLOCK)
    curve = (gain[:-1, None] + (gain[1:] - gain[:-1])[:, None] * line).reshape(-1)
    signal *= curve[:samples]
    np.clip(signal, -CEILING, CEILING, out=signal)
