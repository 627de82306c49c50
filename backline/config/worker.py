"""The worker process: runs jobs of every lane until it is told to stop.

Sound is worked on in child processes, at most as many at once as there are cores; mails and deliveries have places of
their own, so that a long album never holds them up.
"""

import asyncio
import os

import structlog
from django.db import close_old_connections
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from backline.kernel.outbox.jobs import Lane
from backline.kernel.outbox.tasks import HEARTBEAT_S, STALLED_AFTER_S, rescue_stalled_jobs
from backline.kernel.storage.store import LEFT_OVER_AFTER, sweep_left_overs

log = structlog.get_logger("worker")

QUICK_JOBS = 4
GRACE_S = 20.0


def run() -> None:
    """Run jobs until SIGINT or SIGTERM; running jobs have twenty seconds to end, then they are left to be rescued."""
    sweep_left_overs(LEFT_OVER_AFTER)
    rescued = rescue_stalled_jobs()
    log.info("worker.started", rescued=rescued)
    close_old_connections()
    connector = app.connector
    assert isinstance(connector, DjangoConnector), "jobs are deferred through Django's connection"  # noqa: S101 - narrows
    with app.replace_connector(connector.get_worker_connector()) as worker_app:
        asyncio.run(_work(worker_app))


async def _work(worker_app: App) -> None:
    media = max(1, os.cpu_count() or 1)
    async with worker_app.open_async():
        lanes = (
            ("media", [Lane.MEDIA.value], media),
            ("quick", [Lane.DEFAULT.value, Lane.MAIL.value], QUICK_JOBS),
        )
        stop = asyncio.Event()
        _stop_on_signals(stop)
        workers = [
            asyncio.create_task(
                worker_app.run_worker_async(
                    queues=queues,
                    name=name,
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=GRACE_S,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=STALLED_AFTER_S,
                )
            )
            for name, queues, concurrency in lanes
        ]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([*workers, stopping], return_when=asyncio.FIRST_COMPLETED)
        for worker in workers:
            worker.cancel()
        results = await asyncio.gather(*workers, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result


def _stop_on_signals(stop: asyncio.Event) -> None:
    import signal

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
