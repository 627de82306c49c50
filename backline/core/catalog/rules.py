"""Pure decisions about tracks: what a hook may be, how a title comes from a file name."""

import re
from pathlib import PurePosixPath

from backline.core.catalog.media.model import MAX_HOOK_MS, HookWindow

MIN_HOOK_MS = 500


class HookOutside(ValueError):
    """The window is not a hook of this track; the message says why."""


def check_hook(start_ms: int, duration_ms: int, *, track_ms: int | None) -> HookWindow:
    """The window if it is a hook of a track that long (None: not known yet). Raises HookOutside.

    A track shorter than half a second may have its whole length as its hook.
    """
    if start_ms < 0:
        raise HookOutside("the hook begins at 0 ms or later")
    if duration_ms > MAX_HOOK_MS:
        raise HookOutside(f"a hook is at most {MAX_HOOK_MS // 1000} s long, this is {duration_ms / 1000:g} s")
    shortest = MIN_HOOK_MS if track_ms is None else min(MIN_HOOK_MS, track_ms)
    if duration_ms < shortest:
        raise HookOutside(f"a hook is at least {shortest} ms long")
    if track_ms is not None and start_ms + duration_ms > track_ms:
        raise HookOutside(f"the hook ends at {start_ms + duration_ms} ms, the track at {track_ms} ms")
    return HookWindow(start_ms, duration_ms)


def title_from(filename: str) -> str:
    """A title to begin with: the file's name without folder, ending and leading track number."""
    stem = PurePosixPath(filename.replace("\\", "/")).stem
    words = re.sub(r"[_\s]+", " ", stem).strip()
    without_number = re.sub(r"^(?:\d{1,3}\s*[-.)\]]|0\d)\s*(?=\S)", "", words)
    return (without_number or words or "Untitled")[:200]
