"""The web process's application: raw ASGI for bytes in front, Django for everything else behind (ADR 0002)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backline.config.django_settings")

from backline.config.wsgi import application as wsgi_application  # isort: skip - sets Django up before models load

from functools import lru_cache
from pathlib import Path

from django.db import connection
from prometheus_client import Counter, Histogram

from backline.config.access_log import RequestSeen, console_access_log, json_access_log
from backline.config.front import Front, FrontConfig, RawRoute, build_app
from backline.config.postgres import database_url_for
from backline.config.postgres.roles import current_role
from backline.config.setting_types import LogFormat
from backline.config.settings import Settings, get_settings
from backline.core.catalog.actions.uploads import take_in, was_taken_in
from backline.core.catalog.uploads.grants import UploadGrant
from backline.core.catalog.uploads.sink import UploadSink
from backline.core.catalog.uploads.tus import TusApp
from backline.core.streaming.stream import AudioApp
from backline.core.streaming.tokens import AudioTokens
from backline.kernel.outbox.history import FactHistory
from backline.kernel.outbox.listener import FactListener, connect_to
from backline.kernel.outbox.sse import Hub, StreamApp
from backline.kernel.storage.media import MediaApp
from backline.kernel.storage.store import blob_store, incoming_dir, media_signer

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
REQUESTS = Counter("backline_web_requests", "Requests answered", ("route", "method", "status"))
SECONDS = Histogram("backline_web_request_seconds", "Time until an answer was sent", ("route",))


@lru_cache(maxsize=256)
def _counters(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, f"{status // 100}xx"), SECONDS.labels(route)


def count_request(seen: RequestSeen) -> None:
    """Feed the metrics: by route and class of status, never by address, so that their number stays small."""
    # Finding a counter by its labels takes a lock and costs more than counting: a player's ranges are many.
    requests, seconds = _counters(seen.route, seen.method if seen.method in METHODS else "other", seen.status)
    requests.inc()
    seconds.observe(seen.seconds)


def _take_in(grant: UploadGrant, path: Path) -> None:
    try:
        take_in(grant, path)
    finally:
        connection.close()


def _was_taken_in(grant: UploadGrant) -> bool:
    try:
        return was_taken_in(grant)
    finally:
        connection.close()


def make_application(settings: Settings) -> Front:
    """Wire the front of a web process."""
    hub = Hub()
    access_log = json_access_log() if settings.log_format is LogFormat.JSON else console_access_log()
    secret = settings.secret_key
    streams = StreamApp(hub, FactHistory(), secret=secret)
    uploads = TusApp(
        UploadSink(incoming_dir()),
        _take_in,
        was_accepted=_was_taken_in,
        secret=secret,
        max_size_bytes=settings.max_upload_bytes,
    )
    config = FrontConfig(
        data_dir=settings.data_dir,
        max_upload_bytes=settings.max_upload_bytes,
        routes=(
            RawRoute("streaming", "/api/audio/", AudioApp(AudioTokens(secret, settings.nginx_secret), blob_store())),
            RawRoute("uploads", "/api/uploads/", uploads),
            RawRoute("stream", "/api/stream", streams),
            RawRoute("media", "/media/", MediaApp(blob_store(), media_signer())),
        ),
        services=(FactListener(hub, connect_to(database_url_for(current_role()))),),
        web_threads=settings.web_threads,
        trusted_proxies=settings.trusted_proxies,
        allowed_hosts=settings.allowed_hosts,
        on_request=(access_log, count_request),
        on_end=(hub.let_go,),
    )
    return build_app(wsgi_application, config=config)


application = make_application(get_settings())
