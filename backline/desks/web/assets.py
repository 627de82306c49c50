"""Which built files a page needs, by the names their sources have.

The front-end build gives every file a name that carries its content's hash and writes a manifest of them.
Where nothing was built, pages come without scripts and styles: they are readable and their links and forms
work.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson
import structlog
from pydantic import BaseModel, Field, TypeAdapter

log = structlog.get_logger("web.assets")

MANIFEST = Path(__file__).resolve().parent.parent.parent / "static" / "build" / "manifest.json"
ADDRESS = "/static/build/"


class Chunk(BaseModel):
    """One entry of Vite's manifest."""

    file: str
    imports: list[str] = Field(default_factory=list)
    css: list[str] = Field(default_factory=list)
    assets: list[str] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asset:
    """The addresses of an entry: its script (None where nothing was built), its imports, styles and fonts."""

    script: str | None = None
    imports: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()


_manifest = TypeAdapter(dict[str, Chunk])


def asset(entry: str) -> Asset:
    """The built files of a source ("src/main.ts"); the manifest is read again when a build replaced it."""
    try:
        changed_ns = MANIFEST.stat().st_mtime_ns
    except FileNotFoundError:
        log.warning("web.front_end_not_built", expected=str(MANIFEST))
        return Asset()
    return _read(MANIFEST, changed_ns).get(entry, Asset())


@lru_cache(maxsize=2)
def _read(path: Path, changed_ns: int) -> dict[str, Asset]:
    chunks = _manifest.validate_python(orjson.loads(path.read_bytes()))
    return {name: _asset_of(chunk, chunks) for name, chunk in chunks.items()}


def _asset_of(chunk: Chunk, chunks: dict[str, Chunk]) -> Asset:
    # The two faces of most pages are fetched at once; the other subsets only where a text needs them.
    fonts = [file for file in chunk.assets if file.endswith(".woff2") and "-latin-wght-" in file]
    return Asset(
        script=ADDRESS + chunk.file,
        imports=tuple(ADDRESS + chunks[name].file for name in chunk.imports),
        styles=tuple(ADDRESS + file for file in chunk.css),
        fonts=tuple(ADDRESS + file for file in sorted(fonts)),
    )
