"""What the analysis of a track costs beside decoding it, measured side by side in one run.

Three things are done with the same four-minute file, interleaved, and the median of their CPU times is
printed: *decode* hands every frame over and drops it, *samples* also turns it into the floats that any
measurement needs, *analysis* is everything that `analyse` does (loudness, true peak, waveform, silence,
features of the hook), decoding included. For PCM decoding is a copy of bytes, so its first ratio compares
measuring with copying. Run it with `python -m benchmarks.ingest [--seconds 240] [--rounds 5] [--full]`.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av

from backline.core.catalog.media.analysis import BINS_PER_BLOCK, analyse, bin_frames_of
from backline.core.catalog.media.decode import open_sound
from backline.core.catalog.media.ingest import ingest
from backline.core.catalog.media.testing import Format, make_sound, write_sound

FORMATS = (Format.WAV_16, Format.FLAC, Format.MP3)


def decode(path: Path) -> None:
    """Decode every frame and keep nothing."""
    with av.open(str(path)) as container:
        container.streams.audio[0].codec_context.thread_count = 1
        for _ in container.decode(audio=0):
            pass


def samples(path: Path) -> None:
    """Decode to blocks of floats, as the analysis receives them, and keep nothing."""
    with open_sound(path) as sound:
        for _ in sound.blocks(bin_frames_of(sound.shape.sample_rate_hz) * BINS_PER_BLOCK):
            pass


def analysis(path: Path) -> None:
    """Measure everything."""
    analyse(path)


def cpu_seconds(work: Callable[[Path], None], path: Path) -> float:
    """Processor time of one call, user and system."""
    start = time.process_time()
    work(path)
    return time.process_time() - start


def compare(path: Path, rounds: int) -> dict[str, float]:
    """Median CPU seconds of each kind of work; the kinds take turns, so that a busy machine disturbs all
    alike.
    """
    kinds: dict[str, Callable[[Path], None]] = {"decode": decode, "samples": samples, "analysis": analysis}
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for name in kinds:
        kinds[name](path)
    for _ in range(rounds):
        for name, work in kinds.items():
            taken[name].append(cpu_seconds(work, path))
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Print one line per format, and with --full what the whole ingest costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=240.0, help="length of the track")
    parser.add_argument("--rounds", type=int, default=5, help="how many times each kind of work is measured")
    parser.add_argument("--full", action="store_true", help="also measure the whole ingest with its encodes")
    options = parser.parse_args()
    sound = make_sound(options.seconds)
    print(f"{options.seconds:.0f} s stereo 44.1 kHz, median CPU of {options.rounds} rounds")
    print("format   decode  samples  analysis  analysis/decode  analysis/samples")
    with tempfile.TemporaryDirectory() as folder:
        for kind in FORMATS:
            path = write_sound(Path(folder) / kind.name, sound, kind)
            found = compare(path, options.rounds)
            print(
                f"{kind.name:7} {found['decode']:6.3f}s  {found['samples']:6.3f}s   {found['analysis']:6.3f}s"
                f"  {found['analysis'] / found['decode']:14.1f}x  "
                f"{found['analysis'] / found['samples']:15.1f}x"
            )
            if options.full:
                start, cpu = time.perf_counter(), time.process_time()
                ingest(path, Path(folder), hook=None)
                print(
                    f"        whole ingest with four encodes: {time.perf_counter() - start:.1f} s,"
                    f" {time.process_time() - cpu:.1f} s CPU"
                )
    print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
