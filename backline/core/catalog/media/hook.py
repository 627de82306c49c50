"""Chooses the most telling thirty seconds of a track, and says why in words made of what was measured.

A hook is where the song is itself: loud for this song, returning later or earlier, entered through a change,
and begun on a beat. Every possible start is scored by these; then the start moves to the strongest onset
nearby, preferring one on the beat. These are pure rules: the same features always give the same hook, and it
always lies inside the track.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import BANDS, Features
from .model import MAX_HOOK_MS, HookSuggestion

Scores = NDArray[np.float64]

MAX_COLOURS = 900
RETURN_MS = 15_000  # the stretch that must come back for a part to count as repeated
NEAREST_RETURN_MS = 10_000
ENTRANCE_MS = 4_000
SNAP_MS = 1_600.0
PRE_ROLL_MS = 12.0  # the fade-in ends before the onset, so that its attack is whole
SILENT_MEAN_SQUARE = 1e-6
ALIKE = 0.55
LOUDNESS_WEIGHT = 0.2
OPENING_WEIGHT = 0.3  # a hook has to catch within its first half, not at its end
RETURN_WEIGHT = 0.3
ENTRANCE_WEIGHT = 0.2
INTRO_COST = 0.1
SILENCE_COST = 1.0
_LEAST_LOUDNESS_SPREAD_DB = 4.0
_LEAST_RETURN_SPREAD = 0.15
_LEAST_ENTRANCE_SPREAD_DB = 4.0
_TEMPO_RANGE_BPM = (70.0, 180.0)
_BEAT_CLARITY = 0.25


@dataclass(frozen=True)
class _Grid:
    """The beat: its length and where the first one falls, in milliseconds."""

    beat_ms: float
    phase_ms: float

    def is_on(self, at_ms: float) -> bool:
        off = (at_ms - self.phase_ms) % self.beat_ms
        return min(off, self.beat_ms - off) <= max(45.0, 0.1 * self.beat_ms)


@dataclass(frozen=True)
class _Choice:
    """One start on the coarse time grid, with what speaks for it."""

    start_ms: float
    louder_by_db: float
    is_loudest: bool
    returns: int
    is_first_of_returns: bool


def suggest_hook(features: Features, duration_ms: int, *, max_ms: int = MAX_HOOK_MS) -> HookSuggestion:
    """The window to suggest, inside [0, duration_ms] and at most `max_ms` long, with its reason in one
    sentence.
    """
    if duration_ms <= max_ms:
        return HookSuggestion(0, duration_ms, f"The whole track: it is only {_seconds(duration_ms)} long.")
    if not features.energy.size or float(features.energy.max()) < SILENT_MEAN_SQUARE:
        return HookSuggestion(0, max_ms, "The beginning: the track is silent, so no part tells more than another.")
    choice = _choose(features, duration_ms, max_ms)
    latest = duration_ms - max_ms
    grid = _beat_grid(features)
    onset_ms = _nearby_onset(features, choice.start_ms, latest, grid)
    start_ms = choice.start_ms if onset_ms is None else onset_ms - PRE_ROLL_MS
    start = int(min(max(0, round(start_ms)), latest))
    is_on_beat = onset_ms is not None and grid is not None and grid.is_on(onset_ms)
    return HookSuggestion(start, max_ms, _reason(choice, start, has_onset=onset_ms is not None, on_beat=is_on_beat))


def _choose(features: Features, duration_ms: int, max_ms: int) -> _Choice:
    colours, step_ms = _coarse(features)
    count = len(colours)
    starts = np.arange(max(1, min(count, int((duration_ms - max_ms) / step_ms) + 1)))
    level = _levels(features, step_ms, count)
    window = min(count, max(1, round(max_ms / step_ms)))
    half = max(1, window // 2)
    loudness = _decibels(_window_means(level, window)[starts.clip(max=count - window)])
    opening = _decibels(_window_means(level, half)[starts.clip(max=count - half)])
    returning, returns, firsts = _returns(colours, step_ms, starts)
    entrance = _entrances(level, step_ms, starts)
    silent_share = _window_means((level < SILENT_MEAN_SQUARE).astype(float), window)[starts.clip(max=count - window)]
    score = (
        LOUDNESS_WEIGHT * _spread(loudness, _LEAST_LOUDNESS_SPREAD_DB)
        + OPENING_WEIGHT * _spread(opening, _LEAST_LOUDNESS_SPREAD_DB)
        + RETURN_WEIGHT * _spread(returning, _LEAST_RETURN_SPREAD)
        + ENTRANCE_WEIGHT * np.clip(entrance / (2 * _LEAST_ENTRANCE_SPREAD_DB), -0.5, 1.0)
        - SILENCE_COST * silent_share
        - INTRO_COST * (starts * step_ms < 0.05 * duration_ms)
    )
    best = int(np.argmax(np.round(score, 9)))
    track_db = float(_decibels(np.array([level.mean()]))[0])
    return _Choice(
        start_ms=best * step_ms,
        louder_by_db=float(opening[best]) - track_db,
        is_loudest=bool(opening[best] >= opening.max() - 0.5),
        returns=int(returns[best]),
        is_first_of_returns=bool(firsts[best]),
    )


def _coarse(features: Features) -> tuple[NDArray[np.float32], float]:
    """The colours, thinned for long tracks so that comparing each with each stays small."""
    colours, step_ms = features.colours, features.colour_step_ms
    group = -(-len(colours) // MAX_COLOURS)
    if group > 1:
        whole = len(colours) // group * group
        colours = colours[:whole].reshape(-1, group, colours.shape[1]).mean(axis=1)
    if not len(colours):
        colours = np.zeros((1, features.colours.shape[1]), dtype=np.float32)
    return colours, step_ms * max(1, group)


def _levels(features: Features, step_ms: float, count: int) -> Scores:
    """Mean square of the sound in each of `count` coarse steps."""
    total = np.concatenate(([0.0], np.cumsum(features.energy, dtype=np.float64)))
    edges = np.rint(np.arange(count + 1) * step_ms / features.energy_step_ms).astype(int).clip(max=len(total) - 1)
    widths = np.maximum(1, np.diff(edges))
    return np.asarray(np.diff(total[edges]) / widths)


def _window_means(values: Scores, window: int) -> Scores:
    total = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray((total[window:] - total[:-window]) / window)


def _decibels(mean_square: Scores) -> Scores:
    return np.asarray(10 * np.log10(np.maximum(mean_square, 1e-9)))


def _spread(values: Scores, least: float) -> Scores:
    """Values brought to 0..1; differences smaller than `least` altogether count less than large ones."""
    low, high = float(np.percentile(values, 10)), float(values.max())
    return np.asarray(np.clip((values - high) / max(least, high - low) + 1, 0, 1))


def _returns(colours: NDArray[np.float32], step_ms: float, starts: NDArray[np.intp]) -> tuple[Scores, Scores, Scores]:
    """For each start: how closely its best returns resemble it, how often it comes, and whether it is the
    first.
    """
    alike = _resemblance(colours)
    count = len(alike)
    window = max(1, min(round(RETURN_MS / step_ms), count))
    nearest = max(window // 2, round(NEAREST_RETURN_MS / step_ms), 1)
    positions = count - window + 1
    pairs = np.full((positions, positions), -1.0)
    for lag in range(nearest, positions):
        means = _window_means(np.diagonal(alike, lag), window)
        where = np.arange(len(means))
        pairs[where, where + lag] = means
        pairs[where + lag, where] = means
    threshold = max(ALIKE, float(np.percentile(pairs[pairs > -1], 80)) if (pairs > -1).any() else ALIKE)
    closeness, times, is_first = np.zeros(len(starts)), np.ones(len(starts)), np.zeros(len(starts))
    for index, start in enumerate(starts):
        row = pairs[min(int(start), positions - 1)]
        found = _separate_peaks(row, threshold, window)
        closeness[index] = np.mean([max(0.0, row[at]) for at in found[:2]]) if found else max(0.0, row.max()) / 2
        times[index] = 1 + len(found)
        is_first[index] = bool(found) and min(found) > start
    return closeness, times, is_first


def _resemblance(colours: NDArray[np.float32]) -> Scores:
    """How alike each two steps sound, from -1 to 1: half by timbre and loudness of the bands, half by
    harmony.
    """
    halves = []
    for part in (colours[:, :BANDS], colours[:, BANDS:]):
        centred = part.astype(np.float64) - part.mean(axis=0)
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        halves.append(centred / np.maximum(length, 1e-6))
    return np.asarray((halves[0] @ halves[0].T + halves[1] @ halves[1].T) / 2)


def _separate_peaks(row: Scores, threshold: float, apart: int) -> list[int]:
    """The best positions above the threshold that do not overlap each other, best first."""
    found: list[int] = []
    for at in np.argsort(-row, kind="stable"):
        if row[at] < threshold:
            break
        if all(abs(int(at) - other) >= apart for other in found):
            found.append(int(at))
    return found


def _entrances(level: Scores, step_ms: float, starts: NDArray[np.intp]) -> Scores:
    """By how many decibels the sound after each start is louder than before it."""
    span = max(1, round(ENTRANCE_MS / step_ms))
    total = np.concatenate(([0.0], np.cumsum(level)))
    count = len(level)
    before = (total[starts] - total[np.maximum(0, starts - span)]) / np.maximum(1, np.minimum(starts, span))
    ends = np.minimum(count, starts + span)
    after = (total[ends] - total[starts]) / np.maximum(1, ends - starts)
    change = _decibels(after) - _decibels(before)
    change[starts == 0] = 0.0
    return np.asarray(np.clip(change, -12, 12))


def _beat_grid(features: Features) -> _Grid | None:
    """The beat, if there is a clear one: the lag at which the onsets repeat best, and its best phase."""
    flux = features.flux.astype(np.float64)
    step = features.flux_step_ms
    shortest = max(2, int(60_000 / _TEMPO_RANGE_BPM[1] / step))
    longest = int(60_000 / _TEMPO_RANGE_BPM[0] / step) + 1
    if len(flux) < 8 * longest:
        return None
    flux = flux - flux.mean()
    spectrum = np.fft.rfft(flux, 2 * len(flux))
    self_likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: 4 * longest + 2]
    if self_likeness[0] <= 0:
        return None
    self_likeness = self_likeness / self_likeness[0]
    lags = np.arange(shortest, longest + 1)
    best = int(lags[np.argmax(self_likeness[lags] + 0.5 * self_likeness[2 * lags])])
    if self_likeness[best] < _BEAT_CLARITY:
        return None
    beat = _refined(self_likeness, 4 * best, reach=2) / 4
    offsets = np.arange(0, beat, 0.25)
    beats = np.arange(int(len(flux) / beat) - 1) * beat
    at = np.rint(offsets[:, None] + beats).astype(int).clip(max=len(flux) - 1)
    phase = float(offsets[int(np.argmax(flux[at].sum(axis=1)))])
    return _Grid(beat * step, features.flux_offset_ms + phase * step)


def _refined(values: Scores, near: int, *, reach: int) -> float:
    """The position of the maximum near an index, between samples (parabola through three points)."""
    low, high = max(1, near - reach), min(len(values) - 2, near + reach)
    if high < low:
        return float(near)
    at = low + int(np.argmax(values[low : high + 1]))
    before, here, after = values[at - 1], values[at], values[at + 1]
    bend = before - 2 * here + after
    return float(at if bend == 0 else at + np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def _nearby_onset(features: Features, start_ms: float, latest_ms: int, grid: _Grid | None) -> float | None:
    """The strongest onset around a start, near ones and those on the beat first; None if nothing begins."""
    times = features.flux_offset_ms + np.arange(len(features.flux)) * features.flux_step_ms
    near = np.flatnonzero((np.abs(times - start_ms) <= SNAP_MS) & (times <= latest_ms))
    if not near.size:
        return None
    usual = float(np.median(features.flux)) + 1e-6
    best_ms, best_score = None, 0.0
    for index in near:
        strength = float(features.flux[index])
        if strength < 2 * usual:
            continue
        exact_ms = _exact_onset(features, float(times[index]))
        closeness = 1 - 0.6 * abs(exact_ms - start_ms) / SNAP_MS
        bonus = 1.4 if grid is not None and grid.is_on(exact_ms) else 1.0
        score = strength * closeness * bonus * (1 + 0.15 * _step_up_db(features, exact_ms))
        if exact_ms <= latest_ms and score > best_score:
            best_ms, best_score = exact_ms, score
    return best_ms


def _step_up_db(features: Features, at_ms: float) -> float:
    """By how many decibels, from 0 to 12, the second after an instant is louder than the second before it."""
    at, reach = round(at_ms / features.energy_step_ms), max(1, round(1000 / features.energy_step_ms))
    around = features.energy[max(0, at - reach) : at], features.energy[at : at + reach]
    if not around[0].size or not around[1].size:
        return 0.0
    before, after = _decibels(np.array([side.mean(dtype=np.float64) for side in around]))
    return float(np.clip(after - before, 0, 12))


def _exact_onset(features: Features, at_ms: float) -> float:
    """Where, within a spectrum's width of `at_ms`, the energy rises most steeply: exact to a bin of 5 ms."""
    step = features.energy_step_ms
    first = max(2, int((at_ms - 70) / step))
    last = min(len(features.energy) - 2, int((at_ms + 70) / step))
    if last <= first:
        return at_ms
    level = _decibels(features.energy[first - 2 : last + 2].astype(np.float64) + 1e-7)
    rise = np.minimum(level[2:-1], level[3:]) - np.maximum(level[:-3], level[1:-2])
    return (first + int(np.argmax(rise))) * step


def _reason(choice: _Choice, start_ms: int, *, has_onset: bool, on_beat: bool) -> str:
    loud = "the loudest part" if choice.is_loudest else "a strong part"
    if choice.louder_by_db >= 1:
        loud += f", {choice.louder_by_db:.1f} dB above the track as a whole"
    words = [f"{loud[0].upper()}{loud[1:]}"]
    at = _clock(start_ms)
    if choice.returns > 1:
        times = "twice" if choice.returns == 2 else f"{choice.returns} times"
        place = "first here" if choice.is_first_of_returns else "one of them here"
        words.append(f"it comes {times}, {place} at {at}")
    else:
        words.append(f"it starts at {at}")
    if on_beat:
        words.append("and it begins right on a beat")
    elif has_onset:
        words.append("and it begins where a new sound sets in")
    return f"{words[0]}: {', '.join(words[1:])}."


def _clock(ms: int) -> str:
    seconds = round(ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.0f} seconds" if ms % 1000 == 0 else f"{ms / 1000:.1f} seconds"
