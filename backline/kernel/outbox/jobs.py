"""Jobs live in the same Postgres as everything else: deferring one is part of the transaction that wants it done.

Procrastinate runs them. We defer through Django's connection always, also from inside a job, so that a job deferred by
a transaction that rolls back never was.
"""

from enum import StrEnum
from functools import lru_cache

from procrastinate import manager
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Job


class Lane(StrEnum):
    """Queues that do not wait for one another: decoding a long album must not hold up a password mail."""

    DEFAULT = "default"
    MEDIA = "media"
    MAIL = "mail"


@lru_cache(maxsize=1)
def job_manager() -> manager.JobManager:
    """Procrastinate's job manager on Django's own connection."""
    return manager.JobManager(DjangoConnector(alias="default"))


def defer(task: str, *, lane: Lane = Lane.DEFAULT, lock: str | None = None, **arguments: str | int | bool) -> int:
    """Enqueue a task by its dotted name, within the current transaction; returns the job's id.

    Jobs that share a `lock` run one after another, in the order in which they were deferred.
    """
    job = Job(id=None, queue=lane.value, lock=lock, queueing_lock=None, task_name=task, task_kwargs=dict(arguments))
    deferred = job_manager().defer_job(job)
    assert deferred.id is not None, "the database numbers every job"  # noqa: S101 - narrows a type
    return deferred.id
