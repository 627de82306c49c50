"""Uploads: how much the web process grows while 200 MB come in, by tus and as a form.

The front runs as shipped, in a process of its own. Its resident memory is read from /proc many times a
second while the file is sent; what counts is the highest figure above the one before. What arrived is
compared with what was sent.

python -m benchmarks.upload_memory [--mb 200]
"""

import argparse
import contextlib
import hashlib
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from backline.core.catalog.uploads.grants import UploadGrant, upload_address
from backline.kernel.kit.clock import now
from backline.kernel.kit.ids import new_id
from backline.kernel.storage.disk import DiskBlobStore
from benchmarks.ranges import free_port, wait_for

SECRET = "a secret for this run only"  # noqa: S105
MIB = 1024 * 1024
BOUND_MIB = 64
FORM = "/api/v1/artists/somebody/tracks"


@dataclass(frozen=True)
class Grown:
    """Resident memory in MiB: before, the highest during, and how long the upload took."""

    before: float
    highest: float
    seconds: float

    @property
    def growth(self) -> float:
        """How much more than before, in MiB."""
        return self.highest - self.before


class Random:
    """A stream of bytes that repeat a random block, hashed as they are read."""

    def __init__(self, size: int) -> None:
        self.block = os.urandom(MIB)
        self.left = size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self.block[: min(self.left, size if size > 0 else MIB, MIB)]
        self.left -= len(piece)
        self.digest.update(piece)
        return piece


def main() -> int:
    """Send both ways and print; exit status 1 where the process grew beyond the bound."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    options.add_argument("--mb", type=int, default=200)
    size = options.parse_args().mb * MIB
    grant = UploadGrant(new_id(), new_id(), size, now() + timedelta(hours=1))
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="backline-upload-", dir="/var/tmp") as name:
        folder = Path(name)
        with running_front(folder, grant) as (port, pid):
            warm_up(port)
            for kind, send in (("tus", send_by_tus), ("form", send_as_form)):
                body = Random(size)
                grown = watch(pid, lambda send=send, body=body: send(port, grant, body))  # type: ignore[misc]
                arrived_right(kind, folder, body)
                worst = max(worst, grown.growth)
                print(
                    f"{kind:5} {size // MIB} MB in {grown.seconds:.1f} s: {grown.before:.1f} MiB before,"
                    f" {grown.highest:.1f} MiB at most, growth {grown.growth:.1f} MiB"
                )
        left = [path.name for path in (folder / "incoming").iterdir() if path.suffix != ".done"]
    print(f"left behind in incoming/: {left or 'nothing'}")
    print(f"bound {BOUND_MIB} MiB: {'held' if worst < BOUND_MIB and not left else 'MISSED'}")
    return 0 if worst < BOUND_MIB and not left else 1


@contextlib.contextmanager
def running_front(folder: Path, grant: UploadGrant) -> Iterator[tuple[int, int]]:
    """The front in a process of its own: its port and process id."""
    port = free_port()
    environment = {
        **os.environ,
        "UPLOAD_FOLDER": str(folder),
        "UPLOAD_ID": str(grant.upload_id),
        "UPLOAD_SECRET": SECRET,
    }
    command = [
        *(sys.executable, "-m", "uvicorn", "benchmarks.apps:upload_app", "--factory", "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--lifespan", "on"),
        *("--no-proxy-headers", "--log-level", "warning"),
    ]
    with (folder / "backline.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(20)


def warm_up(port: int) -> None:
    """One small form, so that threads and buffers which every process has do not count."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", FORM, body=b"x" * 200_000, headers={"Authorization": "Bearer x"})
    connection.getresponse().read()
    connection.close()


def send_by_tus(port: int, grant: UploadGrant, body: Random) -> None:
    """One PATCH with everything."""
    request(
        port,
        "PATCH",
        upload_address(grant, secret=SECRET),
        body,
        {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    )


def send_as_form(port: int, grant: UploadGrant, body: Random) -> None:
    """One POST with everything."""
    request(port, "POST", FORM, body, {"Authorization": "Bearer x", "Content-Type": "multipart/form-data"})


def request(port: int, method: str, path: str, body: Random, headers: dict[str, str]) -> None:
    """Send the body with its length announced; the answer must be a success."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body=body, headers={**headers, "Content-Length": str(body.left)})
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status in (201, 204), (answer.status, said)
    if answer.status == 201:
        assert said.decode() == body.digest.hexdigest(), "the form arrived changed"
    connection.close()


def arrived_right(kind: str, folder: Path, body: Random) -> None:
    """What tus brought lies in the store under its hash."""
    if kind == "tus":
        assert DiskBlobStore(folder).exists(body.digest.hexdigest()), "the upload is not in the store"


def watch(pid: int, work: Callable[[], None]) -> Grown:
    """Run the work and note the process's resident memory as it goes."""
    before = highest = resident(pid)
    thread = threading.Thread(target=work)
    began = time.perf_counter()
    thread.start()
    while thread.is_alive():
        highest = max(highest, resident(pid))
        time.sleep(0.005)
    thread.join()
    return Grown(before, highest, time.perf_counter() - began)


def resident(pid: int) -> float:
    """Resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory")


if __name__ == "__main__":
    sys.exit(main())
