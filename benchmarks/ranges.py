"""Byte ranges: CPU per request of Backline's own server beside nginx, in one run, on the same file.

Both serve the same signed addresses: uvicorn with the whole front (routing, token, access log), nginx with
deploy/nginx.conf.sample, in which only the lines marked CHANGE are changed and TLS is left out. CPU is user
and system time of the server's processes from /proc, which other work on the machine disturbs less than the
clock. Before anything is measured, good, bound, edited and expired addresses are sent to nginx and must be
answered as Backline answers them.

python -m benchmarks.ranges [--rounds 5] [--seconds 2]
"""

import argparse
import contextlib
import http.client
import os
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from backline.core.streaming.tokens import AudioGrant, AudioTokens, RenditionKind
from backline.kernel.kit.clock import now
from backline.kernel.kit.ids import new_id
from backline.kernel.storage.disk import DiskBlobStore

SECRET, NGINX_SECRET = "a secret for this run only", "another secret for this run"
SAMPLE = Path(__file__).parent.parent / "deploy" / "nginx.conf.sample"
FILE_BYTES = 8 * 1024 * 1024
CONNECTIONS = 16
TICKS = os.sysconf("SC_CLK_TCK")
BOUND_AT_64_KIB = 2.5


@dataclass(frozen=True)
class Served:
    """A server under test: its port and the processes whose CPU counts."""

    name: str
    port: int
    pids: tuple[int, ...]


@dataclass(frozen=True)
class Measured:
    """One measurement: requests answered and CPU microseconds of each."""

    requests: int
    cpu_us: float


def main() -> int:
    """Run everything and print a table; exit status 1 where nginx answers wrongly or the bound is missed."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0)
    chosen = options.parse_args()
    if shutil.which("nginx") is None:
        print("nginx is not installed (Debian: apt-get install nginx-light)")
        return 1
    with tempfile.TemporaryDirectory(prefix="backline-ranges-", dir="/var/tmp") as folder:
        return compare(Path(folder), chosen.rounds, chosen.seconds)


def compare(folder: Path, rounds: int, seconds: float) -> int:
    """Start both servers, check nginx's answers, measure in turns, print."""
    folder.chmod(0o755)
    grant = make_grant(folder)
    address = AudioTokens(SECRET, NGINX_SECRET).address(grant)
    cookie = f"backline_listener={grant.listener_id}"
    with running_backline(folder) as ours, running_nginx(folder, ours.port) as nginx:
        problems = check_answers(nginx.port, grant)
        if problems:
            print("\n".join(problems))
            return 1
        print("nginx verifies good, bound, edited and expired addresses as Backline does")
        ratio = 0.0
        for size in (64 * 1024, 1024 * 1024):
            figures: dict[str, list[float]] = {served.name: [] for served in (ours, nginx)}
            for _ in range(rounds):
                for served in (ours, nginx):
                    figures[served.name].append(measure(served, address, cookie, size, seconds).cpu_us)
            medians = {name: statistics.median(values) for name, values in figures.items()}
            found = medians["backline"] / medians["nginx"]
            ratio = ratio or found
            print(
                f"{size // 1024:5d} KiB   backline {medians['backline']:6.1f} us"
                f"   nginx {medians['nginx']:6.1f} us   ratio {found:.2f}"
                f"   (CPU per request, median of {rounds};"
                f" all: {rounded(figures['backline'])} / {rounded(figures['nginx'])})"
            )
    print(f"bound at 64 KiB: {BOUND_AT_64_KIB}x: {'held' if ratio <= BOUND_AT_64_KIB else 'MISSED'}")
    return 0 if ratio <= BOUND_AT_64_KIB else 1


def rounded(values: list[float]) -> str:
    """Figures for people."""
    return " ".join(f"{value:.0f}" for value in values)


def make_grant(folder: Path) -> AudioGrant:
    """Store a file and grant it for an hour."""
    ref = DiskBlobStore(folder).put_bytes(os.urandom(FILE_BYTES), content_type="audio/webm")
    for path in (folder / "blobs").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # nginx's workers run as another user
    (folder / "blobs").chmod(0o755)
    return AudioGrant(
        track_id=new_id(),
        kind=RenditionKind.FULL,
        sha256=ref.sha256,
        size_bytes=ref.size_bytes,
        content_type="audio/webm; codecs=opus",
        expires_at=now() + timedelta(hours=1),
        listener_id=new_id(),
        is_bound=True,
    )


@contextlib.contextmanager
def running_backline(folder: Path) -> Iterator[Served]:
    """One uvicorn process with the front; its log goes to a file, as under a service manager."""
    port = free_port()
    environment = {**os.environ, "RANGES_FOLDER": str(folder), "RANGES_SECRET": SECRET}
    command = [
        *(sys.executable, "-m", "uvicorn", "benchmarks.apps:ranges_app", "--factory", "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header"),
        *("--no-proxy-headers", "--lifespan", "on", "--log-level", "warning"),
    ]
    with (folder / "backline.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port)
            yield Served("backline", port, (process.pid,))
        finally:
            process.terminate()
            process.wait(20)


@contextlib.contextmanager
def running_nginx(folder: Path, backline_port: int) -> Iterator[Served]:
    """One nginx worker with the sample configuration."""
    port = free_port()
    (folder / "site.conf").write_text(sample_on_loopback(port, backline_port, folder))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events { worker_connections 512; }\n"
        f"http {{ client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n"
        f"fastcgi_temp_path {folder}/f;\n"
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000;\n"
        f"include {folder}/site.conf; }}\n"
    )
    process = subprocess.Popen(["nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"])
    try:
        wait_for(port)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Served("nginx", port, (process.pid, *map(int, children)))
    finally:
        process.terminate()
        process.wait(20)


def sample_on_loopback(port: int, backline_port: int, folder: Path) -> str:
    """The sample with its marked lines changed and without TLS."""
    text = SAMPLE.read_text()
    redirect = re.compile(r"server \{\n    listen 80;.*?\n\}\n", re.DOTALL)
    text = redirect.sub("", text)
    text = re.sub(r"    (?:listen \[::\]|ssl_).*\n", "", text)
    for old, new in (
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{backline_port};"),
        ("change-me-to-a-long-random-text", NGINX_SECRET),
        ("/var/lib/backline/blobs", f"{folder}/blobs"),
        ("/var/log/nginx/backline.log", f"{folder}/access.log"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


def check_answers(port: int, grant: AudioGrant) -> list[str]:
    """What nginx does with addresses that are good and that are not; empty where all is right."""
    tokens = AudioTokens(SECRET, NGINX_SECRET)
    bound = tokens.address(grant)
    unbound = tokens.address(replace(grant, is_bound=False))
    expired = tokens.address(replace(grant, expires_at=now() - timedelta(seconds=5)))
    mine = {"Cookie": f"other=1; backline_listener={grant.listener_id}"}
    theirs = {"Cookie": f"backline_listener={new_id()}"}
    unlinked = bound.partition("&n=")[0]
    # A good answer with nginx's own entity tag was served by nginx; Backline's tag is the file's hash.
    cases = [
        ("bound, its listener", bound, mine, 206, "nginx"),
        ("unbound", unbound, {}, 206, "nginx"),
        ("bound, nobody", bound, {}, 403, "backline"),
        ("bound, another listener", bound, theirs, 403, "backline"),
        ("expired", expired, mine, 403, "backline"),
        ("without a link", unlinked, mine, 206, "backline"),
        ("another track", bound.replace(str(grant.track_id), str(new_id())), mine, 403, "backline"),
        ("token called full", bound.replace("1.full.", "1.hook."), mine, 403, "backline"),
        ("no token", f"/api/audio/{grant.track_id}", mine, 403, "backline"),
    ]
    token = bound.partition("?token=")[2].partition("&n=")[0]
    for index in range(len(token)):
        edited = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
        cases.append((f"token edited at {index}", bound.replace(token, edited), mine, 403, "backline"))
    problems = []
    for name, address, headers, status, by in cases:
        found, server, length = ask(port, address, headers)
        if (found, server) != (status, by) or (status == 206) != (length == 1000):
            problems.append(f"{name}: {found} by {server}, {length} bytes; should be {status} by {by}")
    return problems


def ask(port: int, address: str, headers: dict[str, str]) -> tuple[int, str, int]:
    """Status, who answered, and how many bytes of sound came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", address, headers={**headers, "Range": "bytes=5000-5999"})
    answer = connection.getresponse()
    body = answer.read()
    by = "backline" if answer.getheader("x-request-id") else "nginx"
    is_sound = answer.getheader("content-type") == "audio/webm; codecs=opus"
    connection.close()
    return answer.status, by, len(body) if is_sound else 0


def measure(served: Served, address: str, cookie: str, size: int, seconds: float) -> Measured:
    """Ask for ranges over a few kept-alive connections, all always busy, and count the server's CPU."""
    load(served.port, address, cookie, size, 0.3)
    before = cpu_of(served)
    requests = load(served.port, address, cookie, size, seconds)
    return Measured(requests, (cpu_of(served) - before) * 1e6 / requests)


def load(port: int, address: str, cookie: str, size: int, seconds: float) -> int:
    """How many requests were answered whole in this time."""
    selector = selectors.DefaultSelector()
    head = f"GET {address} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n"
    requests = [f"{head}Range: bytes={at}-{at + size - 1}\r\n\r\n".encode() for at in range(0, FILE_BYTES - size, size)]
    buffer = bytearray(512 * 1024)
    missing: dict[socket.socket, int] = {}
    for number in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(requests[number % len(requests)])
        missing[connection] = -1
        selector.register(connection, selectors.EVENT_READ)
    answered, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in selector.select(1):
            connection = cast("socket.socket", key.fileobj)
            got = connection.recv_into(buffer)
            if missing[connection] < 0:
                begun = bytes(buffer[: min(got, 4096)])
                assert begun.startswith(b"HTTP/1.1 206"), begun[:100]
                missing[connection] = begun.index(b"\r\n\r\n") + 4 + size
            missing[connection] -= got
            if missing[connection] == 0:
                answered += 1
                missing[connection] = -1
                connection.sendall(requests[answered % len(requests)])
    for connection in missing:
        connection.close()
    return answered


def cpu_of(served: Served) -> float:
    """User and system seconds of the server's processes so far."""
    total = 0
    for pid in served.pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens. Raises TimeoutError after 20 seconds."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


if __name__ == "__main__":
    sys.exit(main())
