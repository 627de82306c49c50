"""The door to the synthesizer: a song goes in, samples come out, the same ones on every run.

The samples depend on the song and on nothing else: not on the clock, the locale, the hash seed or the
number of cores. Between two machines the last bit may differ where their processors round a sine
differently.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from backline.config.demo.mix import Stereo, mix_song
from backline.config.demo.score import write_score
from backline.config.demo.song import Song


def render(song: Song, *, rate_hz: int) -> Stereo:
    """The song as (2, samples) float32 at `rate_hz`, its peak below full scale."""
    return mix_song(song, write_score(song), rate_hz=rate_hz)


def excerpt(song: Song, first: int, last: int) -> Song:
    """The song with only the sections `first` to `last` of its form, both included."""
    return replace(song, form=song.form[first : last + 1])


def to_integers(signal: Stereo, bits: int) -> npt.NDArray[np.int32]:
    """Samples as signed integers of so many bits, rounded to nearest."""
    integers: npt.NDArray[np.int32] = np.rint(signal * np.float32(2 ** (bits - 1) - 1)).astype(np.int32)
    return integers
