"""Writes the demo tracks to a folder, each in its own format, and remembers what is already there.

Beside each file stands its recipe: a digest of the track's description and of this folder's own code,
with the file's size. A second run finds the same recipe and does nothing; a change to a song or to the
synthesizer renders anew. A file appears whole or not at all.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backline.config.demo.covers import draw_track_cover
from backline.config.demo.encode import EXPORTS, encode
from backline.config.demo.scene import TRACKS, DemoTrack
from backline.config.demo.synth import render
from backline.config.demo.tags import write_tags


@dataclass(frozen=True, slots=True)
class DemoTrackFile:
    """A demo track as a file. `was_rendered` is False when an earlier run had left it there."""

    track: DemoTrack
    path: Path
    content_type: str
    size_bytes: int
    was_rendered: bool


def write_demo_files(out_dir: Path, tracks: tuple[DemoTrack, ...] = TRACKS) -> list[DemoTrackFile]:
    """Write the tracks to `out_dir`, created if missing; about two seconds of work for each new file."""
    return [write_demo_file(track, out_dir) for track in tracks]


def write_demo_file(track: DemoTrack, out_dir: Path) -> DemoTrackFile:
    """Write one track to `out_dir`, unless the same recipe has been written there before.

    Raises OSError when the disk refuses; nothing half-written is left under the track's name.
    """
    export = EXPORTS[track.file_format]
    path = out_dir / f"{track.key}{export.suffix}"
    recipe = path.with_name(f".{path.name}.recipe")
    digest = recipe_digest(track)
    was_rendered = not _is_current(path, recipe, digest)
    if was_rendered:
        out_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".rendering-", dir=out_dir) as folder:
            draft = Path(folder) / path.name
            encode(render(track.song, rate_hz=export.rate_hz), draft, export)
            write_tags(track, draft, draw_track_cover(track))
            note = Path(folder) / recipe.name
            note.write_text(_recipe_note(digest, draft), encoding="ascii")
            # The recipe goes last: a file without its recipe is rendered again, never trusted.
            recipe.unlink(missing_ok=True)
            draft.replace(path)
            note.replace(recipe)
    return DemoTrackFile(track, path, export.content_type, path.stat().st_size, was_rendered)


def recipe_digest(track: DemoTrack) -> str:
    """SHA-256 over everything the file's bytes follow from: the description and the code."""
    export = EXPORTS[track.file_format]
    description = repr((track, track.lyrics_text, export)).encode()
    return hashlib.sha256(_code_digest() + description).hexdigest()


@cache
def _code_digest() -> bytes:
    """SHA-256 over the sources in this folder, so that nobody has to remember to raise a version."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.digest()


def _recipe_note(digest: str, path: Path) -> str:
    return f"{digest} {path.stat().st_size}\n"


def _is_current(path: Path, recipe: Path, digest: str) -> bool:
    if not (path.is_file() and recipe.is_file()):
        return False
    return recipe.read_text(encoding="ascii") == _recipe_note(digest, path)
