"""From one uploaded file to everything the world needs of it: facts, a suggested hook, and the files that are
served.

The track is decoded twice. The first decode measures it and refuses what must be refused before anything
expensive is done; the second writes all four renditions at once. This runs in a child process, see `run`;
callers use `worker_process`.
"""

import dataclasses
from pathlib import Path

from .analysis import analyse
from .hook import suggest_hook
from .model import HookWindow, IngestResult, RenditionFile, Tags
from .renditions import cut_hook, write_all
from .tags import read_tags
from .waveform import write_peaks

COVER_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}


def ingest(source: Path, out_dir: Path, *, hook: HookWindow | None) -> IngestResult:
    """Measure `source` and write its files into `out_dir`. Raises the refusals of `media.errors`, and
    StorageFull.
    """
    analysis = analyse(source)
    tags = read_tags(source)
    suggestion = suggest_hook(analysis.features, analysis.measurements.duration_ms)
    window = hook or suggestion.window
    renditions = write_all(source, window, out_dir)
    overview, detail = write_peaks(analysis.waveform, out_dir)
    return IngestResult(
        probe=analysis.probe,
        tags=dataclasses.replace(tags, cover=None),
        cover_path=_write_cover(tags, out_dir),
        measurements=analysis.measurements,
        suggestion=suggestion,
        hook=window,
        overview=overview,
        detail=detail,
        renditions=tuple(renditions),
    )


def recut(source: Path, out_dir: Path, *, hook: HookWindow) -> tuple[RenditionFile, ...]:
    """Write only the hook's two files. Raises what `cut_hook` raises."""
    return tuple(cut_hook(source, hook, out_dir))


def _write_cover(tags: Tags, out_dir: Path) -> Path | None:
    if tags.cover is None or tags.cover_mime is None:
        return None
    path = out_dir / f"cover{COVER_SUFFIXES[tags.cover_mime]}"
    path.write_bytes(tags.cover)
    return path
