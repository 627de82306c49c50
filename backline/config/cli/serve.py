"""The two processes that do the work: `backline web` and `backline worker`.

Either may be run by hand, by a service file or by `backline up`. Each says first as which database role it
connects, so that the owner's password is neither needed nor read.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from backline.config.postgres.roles import DatabaseRole
from backline.config.settings import ROLE_VARIABLE, Settings

PARENT = "BACKLINE_SUPERVISOR_PID"
LOOK_EVERY_S = 0.5
# Requests that are still being answered when the end is asked for get this long; streams end at once.
GRACE_S = 10


def web(settings: Settings) -> int:
    """Run one web process on HOST and PORT until SIGINT or SIGTERM."""
    import uvicorn

    prepare(DatabaseRole.WEB)
    settings.static_root.mkdir(parents=True, exist_ok=True)
    uvicorn.run(
        "backline.config.asgi:application",
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # the front decides which proxies it believes
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


def worker() -> int:
    """Run one worker until SIGINT or SIGTERM."""
    import django

    prepare(DatabaseRole.WORKER)
    django.setup()
    from backline.config import worker as jobs

    jobs.run()
    return 0


def prepare(role: DatabaseRole) -> None:
    """Settle the role and Django's settings, and watch the supervisor."""
    os.environ[ROLE_VARIABLE] = role.value
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backline.config.django_settings")
    parent = os.environ.get(PARENT)
    if parent:
        threading.Thread(target=_end_with, args=[int(parent)], daemon=True, name="supervisor-watch").start()


def _end_with(parent: int) -> None:
    """End this process when its supervisor is gone: it would hold the port, and nobody would ever stop it."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
