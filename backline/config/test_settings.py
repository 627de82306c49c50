"""Settings of the test run: a Postgres and a data folder of its own, which end with it.

Importing this module starts the database, because Django must know its address before anything else. The tests'
connection is the owner's; requests take the web role while they run (`kit.rows`), so that the same policies hold.
"""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg

_SECRET = "test-secret-key-of-at-least-thirty-two-characters"  # noqa: S105 - of the test run only


PREFIX = "backline-test-"


def _forget_the_dead() -> None:
    """Stop the databases of test runs that were killed, and remove their folders."""
    from backline.config.postgres.postmaster import read_postmaster

    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder / "owner"
        try:
            if not owner.exists() or owner.stat().st_uid != os.getuid() or Path(f"/proc/{owner.read_text()}").exists():
                continue
            server = read_postmaster(folder / "postgres" / "cluster")
            if server:
                os.kill(server.pid, signal.SIGQUIT)
        except (OSError, ValueError):
            continue  # another run is just removing it
        shutil.rmtree(folder, ignore_errors=True)


def _start() -> None:
    """Start the throw-away database and put its address into the environment."""
    from backline.config.postgres.roles import ensure_roles
    from backline.config.postgres.supervisor import PostgresServer
    from backline.config.setting_types import PostgresSource

    _forget_the_dead()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / "owner").write_text(str(os.getpid()))
    folder.chmod(0o755)  # the database may run as another user, who walks through here
    os.environ["BACKLINE_DATA"] = str(folder)
    os.environ["BACKLINE_SECRET_KEY"] = _SECRET
    for name in ("SMTP_URL", "REDIS_URL", "BACKLINE_S3_BUCKET", "BACKLINE_PUBLIC_URL", "BACKLINE_DATABASE_ROLE"):
        os.environ.pop(name, None)
    if os.environ.get("BACKLINE_TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = os.environ["BACKLINE_TEST_DATABASE_URL"]
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    else:
        os.environ.pop("DATABASE_URL", None)
        source = PostgresSource(os.environ.get("BACKLINE_POSTGRES", "auto"))
        server = PostgresServer(folder, source, is_durable=False)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(server.stop)
        os.environ["DATABASE_URL"] = server.start().owner_url
    with psycopg.connect(os.environ["DATABASE_URL"]) as owner:
        ensure_roles(owner, _SECRET)


_start()

from backline.config.django_settings import *  # noqa: E402, F403 - the address had to be there first
from backline.config.django_settings import BACKLINE  # noqa: E402

BACKLINE = BACKLINE.model_copy(update={"public_url": "http://testserver"})
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]

# WhiteNoise would list every static file anew for each test client.
WHITENOISE_AUTOREFRESH = True
