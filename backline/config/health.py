"""Is the process alive, is it of use, and how is it doing: for supervisors, proxies and graphs.

`/healthz` says only that the process answers. `/readyz` asks what a request would need: the database, migrated, and a
place for blobs. `/metrics` is for machines on this host or inside the operator's network (Prometheus text format).
"""

import os
from collections.abc import Callable

import orjson
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from backline.kernel.kit.conf import conf
from backline.kernel.kit.errors import NotFound
from backline.kernel.kit.http import is_direct_loopback
from backline.kernel.storage.store import incoming_dir

DEAD_LETTERS = Gauge("backline_outbox_dead_letters", "Deliveries that were given up and wait for a person")
JOBS = Gauge("backline_outbox_jobs", "Jobs by state", ("state",))


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when every need is met, else 503; the body says which is not."""
    needs: dict[str, Callable[[], str | None]] = {"database": _database, "migrations": _migrations, "storage": _storage}
    problems = {name: problem for name, check in needs.items() if (problem := check())}
    body = {"status": "not ready" if problems else "ready", "problems": problems}
    return HttpResponse(orjson.dumps(body), status=503 if problems else 200, content_type="application/json")


def _database() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "the database does not answer"
    return None


def _migrations() -> str | None:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "the database does not answer"
    return f"{len(plan)} migrations are not applied: run `backline migrate`" if plan else None


def _storage() -> str | None:
    if conf().s3_bucket is not None:
        return None
    try:
        return None if os.access(incoming_dir(), os.W_OK) else "the data folder cannot be written"
    except OSError:
        return "the data folder cannot be made"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for callers on this machine only."""
    if not is_direct_loopback(request):
        raise NotFound
    _measure_outbox()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _measure_outbox() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1")
            for state, number in cursor.fetchall():
                JOBS.labels(state).set(number)
            cursor.execute("SELECT outbox_count_dead()")
            row = cursor.fetchone()
            DEAD_LETTERS.set(row[0] if row else 0)
    except DatabaseError:
        # Metrics of the process itself are worth having while the database is away.
        return
