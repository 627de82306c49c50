"""The only way in which a server process touches an uploaded sound file: through a child that may die of it.

A decoder is a large body of C that reads bytes chosen by strangers. So each file gets a process of its own
with limits and a deadline; it writes into a folder that nobody else knows, and only a complete result is
moved to where the caller wanted it. If the child crashes, hangs or is killed, the worker goes on, the upload
stays, and nothing half-made is left.
"""

import dataclasses
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import backline

from .disk import FULL_DISK, storage_full
from .errors import MediaCrashed
from .model import HookWindow, IngestResult, RenditionFile
from .protocol import ANSWER, REQUEST, STATUS_FULL, Answer, ChildLimits, Job, Request, raised_again

DEFAULT_TIMEOUT_S = 1800.0
DEFAULT_LIMITS = ChildLimits()
_MODULE = "backline.core.catalog.media.run"

log = logging.getLogger(__name__)


def ingest_file(
    source: Path,
    out_dir: Path,
    *,
    hook: HookWindow | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    limits: ChildLimits = DEFAULT_LIMITS,
) -> IngestResult:
    """Measure `source`, suggest a hook, and write all its files into the existing folder `out_dir`.

    The hook that is cut is `hook`, or else the suggestion. Raises the refusals of `media.errors`,
    MediaCrashed when the file brings the decoder down or takes longer than `timeout_s`, and StorageFull;
    `out_dir` is then as it was.
    """
    with _workshop(out_dir) as work:
        result = _ask(Job.INGEST, source, work, hook, timeout_s=timeout_s, limits=limits).ingested
        if result is None:
            raise _crashed(source, "gave no result")
        return _moved(result, out_dir)


def recut_hook(
    source: Path,
    hook: HookWindow,
    out_dir: Path,
    *,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    limits: ChildLimits = DEFAULT_LIMITS,
) -> tuple[RenditionFile, ...]:
    """Write the two files of a new hook into `out_dir`. Raises HookOutsideTrack, and what `ingest_file`
    raises.
    """
    with _workshop(out_dir) as work:
        files = _ask(Job.RECUT, source, work, hook, timeout_s=timeout_s, limits=limits).recut
        if files is None:
            raise _crashed(source, "gave no result")
        return tuple(dataclasses.replace(file, path=_move(file.path, out_dir)) for file in files)


@contextmanager
def _workshop(out_dir: Path) -> Iterator[Path]:
    """A folder beside the destination, so that moving is renaming, gone when the work is over however it
    ends.
    """
    try:
        work = Path(tempfile.mkdtemp(prefix=".media-", dir=out_dir))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        raise storage_full() from error


def _ask(
    job: Job, source: Path, work: Path, hook: HookWindow | None, *, timeout_s: float, limits: ChildLimits
) -> Answer:
    made = work / "made"
    made.mkdir()
    answer_path, request_path, noise_path = work / "answer.json", work / "request.json", work / "stderr"
    request = Request(job, source.resolve(), made.resolve(), answer_path.resolve(), hook, limits)
    request_path.write_bytes(REQUEST.dump_json(request))
    with noise_path.open("wb") as noise:
        status = _run_child(request_path, noise.fileno(), timeout_s, source)
    if status == STATUS_FULL:
        raise storage_full()
    if status != 0 or not answer_path.exists():
        cause = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        log.warning("the media child said: %s", noise_path.read_bytes()[-4000:].decode(errors="replace"))
        raise _crashed(source, cause)
    answer = ANSWER.validate_json(answer_path.read_bytes())
    if answer.refusal is not None:
        raise raised_again(answer.refusal)
    return answer


def _run_child(request_path: Path, noise: int, timeout_s: float, source: Path) -> int:
    """Run the child to its end and return its status. Its whole session is killed at the deadline."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module; the file's name is in the request, not here
        [sys.executable, "-m", _MODULE, str(request_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=noise,
        env=_environment(),
        start_new_session=True,
    ) as child:
        try:
            return child.wait(timeout_s)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise _crashed(source, f"took longer than {timeout_s:g} s") from error
            raise


def _environment() -> dict[str, str]:
    """Only what Python needs: no secret of the server reaches a process that decodes strangers' bytes."""
    root = str(Path(backline.__file__).resolve().parent.parent)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return kept | {"PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}


def _crashed(source: Path, cause: str) -> MediaCrashed:
    log.warning("media file %s could not be processed: %s", source.name, cause)
    return MediaCrashed(
        "This file brought the decoder down, so it is probably damaged. Export the track again, best as "
        "WAV or FLAC, "
        "and upload that file. What was uploaded is kept.",
        cause=cause,
    )


def _moved(result: IngestResult, out_dir: Path) -> IngestResult:
    overview, detail = result.overview, result.detail
    return dataclasses.replace(
        result,
        cover_path=None if result.cover_path is None else _move(result.cover_path, out_dir),
        overview=dataclasses.replace(overview, path=_move(overview.path, out_dir)),
        detail=dataclasses.replace(detail, path=_move(detail.path, out_dir)),
        renditions=tuple(dataclasses.replace(file, path=_move(file.path, out_dir)) for file in result.renditions),
    )


def _move(path: Path, out_dir: Path) -> Path:
    return path.replace(out_dir / path.name)
