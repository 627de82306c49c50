"""The servers under test: the front as it is shipped, with as little behind it as the measurement needs."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

from prometheus_client import Counter, Histogram

from backline.config.access_log import RequestSeen, json_access_log
from backline.config.bridge import Environ, StartResponse
from backline.config.front import Front, FrontConfig, RawRoute, build_app
from backline.core.catalog.uploads.grants import PREFIX as UPLOADS
from backline.core.catalog.uploads.grants import UploadGrant
from backline.core.catalog.uploads.sink import UploadSink
from backline.core.catalog.uploads.tus import TusApp
from backline.core.streaming.stream import AudioApp
from backline.core.streaming.tokens import PREFIX as AUDIO
from backline.core.streaming.tokens import AudioTokens
from backline.kernel.kit.logs import configure_logs
from backline.kernel.storage.disk import DiskBlobStore

MAX_UPLOAD_BYTES = 500 * 1024 * 1024


REQUESTS = Counter("benchmark_requests", "As the web process counts them", ("route", "method", "status"))
SECONDS = Histogram("benchmark_request_seconds", "As the web process counts them", ("route",))


def count_request(seen: RequestSeen) -> None:
    """What the web process's metrics do for each request."""
    requests, seconds = _counters(seen.route, seen.method, seen.status)
    requests.inc()
    seconds.observe(seen.seconds)


@lru_cache(maxsize=256)
def _counters(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, f"{status // 100}xx"), SECONDS.labels(route)


def ranges_app() -> Front:
    """Sound behind the front, logging every request as JSON."""
    configure_logs(as_json=True)
    folder = Path(os.environ["RANGES_FOLDER"])
    audio = AudioApp(AudioTokens(os.environ["RANGES_SECRET"]), DiskBlobStore(folder))
    config = FrontConfig(
        data_dir=folder,
        max_upload_bytes=MAX_UPLOAD_BYTES,
        on_request=(json_access_log(), count_request),
        routes=(RawRoute("streaming", AUDIO, audio),),
    )
    return build_app(nothing, config=config)


def upload_app() -> Front:
    """Uploads by tus, and by a form to a view that stores the body as Django's own handler would."""
    configure_logs(as_json=True)
    folder = Path(os.environ["UPLOAD_FOLDER"])
    store = DiskBlobStore(folder)
    sink = UploadSink(folder / "incoming")
    sink.create(UUID(os.environ["UPLOAD_ID"]))

    def take(grant: UploadGrant, path: Path) -> None:
        store.put_file(path, content_type="audio/wav")

    tus = TusApp(sink, take, secret=os.environ["UPLOAD_SECRET"], max_size_bytes=MAX_UPLOAD_BYTES)
    config = FrontConfig(
        data_dir=folder,
        max_upload_bytes=MAX_UPLOAD_BYTES,
        on_request=(json_access_log(),),
        routes=(RawRoute("uploads", UPLOADS, tus),),
    )
    return build_app(take_form, config=config)


def nothing(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Nobody asks for a page here."""
    start_response("404 Not Found", [])
    return []


def take_form(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Read the body in pieces into a temporary file, hashing it."""
    body, digest = cast("BinaryIO", environ["wsgi.input"]), hashlib.sha256()
    with tempfile.TemporaryFile() as target:
        while piece := body.read(64 * 1024):
            digest.update(piece)
            target.write(piece)
    start_response("201 Created", [("Content-Type", "text/plain")])
    return [digest.hexdigest().encode()]
