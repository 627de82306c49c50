"""The pages that everybody opens: statements and CPU of the tracks list and of a world, in one run.

A whole Backline is started on an empty folder and filled with 200 worlds of 50 published tracks, each with
two credits and four renditions (rows only: no sound is read here). Statements are what one request sends to
the database, counted in this process. CPU is user and system time per request, from /proc, of the web
process and beside it of all processes of Postgres. The floor is `/healthz`, which goes through the same
front, thread and middleware and asks the database nothing.

python -m benchmarks.pages [--rounds 5] [--requests 100] [--explain]
"""

import argparse
import http.client
import os
import re
import statistics
from dataclasses import dataclass
from pathlib import Path

from backline.config.testing import Stack, running_stack

FLOOR = "/healthz"
LIST = "/api/v1/tracks?limit=20"
TICKS = os.sysconf("SC_CLK_TCK")
# Only this process, being the owner, changes its role around a request; the web process has the one (kit.rows).
ROLE_SWITCH = re.compile("SET LOCAL ROLE|RESET ROLE")


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of one request."""

    web_ms: float
    database_ms: float


def main() -> None:
    """Start, fill, measure, print."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    options.add_argument("--rounds", type=int, default=5, help="how often each page is measured")
    options.add_argument("--requests", type=int, default=100, help="requests in one measurement")
    options.add_argument("--explain", action="store_true", help="print each statement's plan under the web role")
    chosen = options.parse_args()
    with running_stack() as stack:
        become_owner(stack)
        from benchmarks.worlds import ARTISTS, LISTENERS, TRACKS_EACH, fill

        world = f"/{fill()}"
        print(f"{ARTISTS} worlds of {TRACKS_EACH} published tracks and {LISTENERS} members, median of {chosen.rounds}")
        found = compare(stack, [FLOOR, LIST, world], chosen.rounds, chosen.requests)
        print(f"{'page':26} statements  web CPU  x floor  database CPU  answer")
        for path, cost in found.items():
            sent, size = statements(path)
            print(
                f"{path:26} {len(sent):10} {cost.web_ms:5.2f} ms {cost.web_ms / found[FLOOR].web_ms:7.1f}x"
                f" {cost.database_ms:10.2f} ms {size / 1024:4.0f} KiB"
            )
        if chosen.explain:
            explain([*statements(LIST)[0], *statements(world)[0]])


def become_owner(stack: Stack) -> None:
    """Let this process use the stack's database as its owner does."""
    given = {name: stack.environment[name] for name in ("BACKLINE_DATA", "PORT")}
    os.environ.update(given, DJANGO_SETTINGS_MODULE="backline.config.django_settings", BACKLINE_DATABASE_ROLE="owner")
    import django

    django.setup()


def compare(stack: Stack, paths: list[str], rounds: int, requests: int) -> dict[str, Cost]:
    """The median costs of each page; the pages take turns, so that a busy machine disturbs all alike."""
    costs: dict[str, list[Cost]] = {path: [] for path in paths}
    for path in paths:
        ask(stack, path, 40)
    for _ in range(rounds):
        for path in paths:
            costs[path].append(measure(stack, path, requests))
    return {
        path: Cost(
            statistics.median(cost.web_ms for cost in seen),
            statistics.median(cost.database_ms for cost in seen),
        )
        for path, seen in costs.items()
    }


def measure(stack: Stack, path: str, requests: int) -> Cost:
    """Ask for a page over and over, and see what the processes used meanwhile."""
    pids = stack.pids()
    web, database = [pids["web"]], [pids["postgres"], *children(pids["postgres"])]
    before = cpu_ms(web), cpu_ms(database)
    ask(stack, path, requests)
    return Cost((cpu_ms(web) - before[0]) / requests, (cpu_ms(database) - before[1]) / requests)


def ask(stack: Stack, path: str, requests: int) -> None:
    """GET over one connection that is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    for _ in range(requests):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (path, answer.status)
    connection.close()


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_ms(pids: list[int]) -> float:
    """User and system milliseconds of these processes so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / TICKS


def statements(path: str) -> tuple[list[str], int]:
    """What one anonymous request sends to the database, and how many bytes it answers with."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        answer = Client(SERVER_NAME="127.0.0.1").get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    sent = [str(query["sql"]) for query in captured.captured_queries]
    return [sql for sql in sent if not ROLE_SWITCH.match(sql)], len(answer.content)


def explain(sent: list[str]) -> None:
    """How Postgres answers them for a stranger, row security included."""
    from django.db import connection, transaction

    from backline.kernel.kit.rows import ANYBODY, act_as

    for sql in sent:
        if sql.startswith("SELECT") and "set_config" not in sql:
            with transaction.atomic(), act_as(ANYBODY), connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}")
                plan = "\n".join(f"  {row[0]}" for row in cursor.fetchall())
            print(f"\n{sql[:100]} ...\n{plan}")


if __name__ == "__main__":
    main()
