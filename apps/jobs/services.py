"""Start jobs, and move them from one state to the next. Every move is one conditional update: of two that try, one wins."""

import logging
import os
import secrets
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.jobs import registry
from apps.jobs.models import Job, State

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 3
HEARTBEAT: Final = timedelta(seconds=2)
GONE: Final = timedelta(seconds=6)
"""Without a sign of life for so long and without its process, a job is given up."""
SILENT: Final = timedelta(seconds=30)
"""Without a sign of life for so long a job is given up wherever its process may be."""
RESEND: Final = timedelta(minutes=5)
"""A job that still waits after so long is sent to the queue again, in case the queue has lost it."""


def start(*, kind: str, arguments: Mapping[str, Any], created_by_id: int | None = None) -> Job:
    """Record a job and send it to the queue when the transaction is through.

    Raises:
        ValueError: there is no such kind.
    """
    if registry.find(kind) is None:
        raise ValueError(f"There is no kind of job {kind!r}.")
    job = Job.objects.create(kind=kind, arguments=dict(arguments), created_by_id=created_by_id)
    transaction.on_commit(lambda: send(job))
    return job


def send(job: Job) -> None:
    """Give the job's number to the queue. A queue that cannot be reached is no error: the reaper sends it again later."""
    from apps.jobs.tasks import run_job  # noqa: PLC0415  the task imports this module

    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    try:
        result = run_job.enqueue(job.pk)
    except Exception:  # whatever the queue's client raises
        logger.exception("job %s could not be queued", job.pk)
        Job.objects.filter(pk=job.pk).update(sent_at=None)
        return
    Job.objects.filter(pk=job.pk).update(task_id=result.id)


def claim(pk: int) -> Job | None:
    """Begin an attempt; None when the job does not wait any more (it was queued twice, or deleted)."""
    now, run = timezone.now(), secrets.token_hex(16)
    waiting = Job.objects.filter(pk=pk, state=State.QUEUED)
    taken = waiting.update(
        state=State.RUNNING,
        run=run,
        attempts=F("attempts") + 1,
        worker=this_worker(),
        started_at=now,
        heartbeat=now,
        finished_at=None,
    )
    return Job.objects.get(pk=pk) if taken else None


def update(job: Job, **values: Any) -> bool:
    """Change the row if it is still this attempt's; whether it was."""
    mine = Job.objects.filter(pk=job.pk, run=job.run, state=State.RUNNING)
    return bool(mine.update(heartbeat=timezone.now(), **values))


def finish(job: Job, result: Mapping[str, Any] | None) -> bool:
    """The work is done."""
    return update(job, state=State.DONE, progress=1.0, message="", result=result, finished_at=timezone.now())


def fail(job: Job, reason: str) -> bool:
    """The work cannot be done."""
    return update(job, state=State.FAILED, message=reason, finished_at=timezone.now())


def put_back(job: Job, reason: str, *, counted: bool) -> bool:
    """Let the job wait again; an attempt that is not `counted` was no fault of the job."""
    attempts = job.attempts - (0 if counted else 1)
    if attempts >= MAX_ATTEMPTS:
        return fail(job, f"{reason} It was tried {attempts} times.")
    if not update(job, state=State.QUEUED, attempts=attempts, message=reason):
        return False
    transaction.on_commit(lambda: send(job))
    return True


def this_worker() -> str:
    """Host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"
