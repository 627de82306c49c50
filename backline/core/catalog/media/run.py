"""The child process in which uploaded bytes meet FFmpeg: `python -m backline.core.catalog.media.run
REQUEST.json`.

Before anything of the file is read, the process gives up what it does not need: memory, processor time and
file sizes are capped by the kernel, core dumps are off, and it dies with its parent. Whatever a hostile file
does to the decoder, it does it here.
"""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from backline.kernel.kit.errors import DomainError

from .disk import FULL_DISK
from .ingest import ingest, recut
from .protocol import ANSWER, REQUEST, STATUS_FULL, Answer, ChildLimits, Job, Request, refusal_of

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Do the one job that the request file names and write the answer file. Exit status 0 means: an answer is
    there.
    """
    request = REQUEST.validate_json(Path(arguments[0]).read_bytes())
    confine(request.limits)
    try:
        request.answer_path.write_bytes(ANSWER.dump_json(_answer(request)))
    except OSError as error:
        if error.errno in FULL_DISK:
            return STATUS_FULL
        raise
    return 0


def confine(limits: ChildLimits) -> None:
    """Give up what a decoder does not need, for good."""
    for what, amount in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (most, most))
    os.nice(limits.niceness)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _answer(request: Request) -> Answer:
    try:
        if request.job is Job.INGEST:
            return Answer(ingested=ingest(request.source, request.out_dir, hook=request.hook))
        if request.hook is None:
            raise ValueError(request)
        return Answer(recut=recut(request.source, request.out_dir, hook=request.hook))
    except DomainError as error:
        return Answer(refusal=refusal_of(error))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
