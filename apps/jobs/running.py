"""Run one job: signs of life from a thread beside it, progress from the work, and every way in which it can end."""

import logging
import threading
import time
from typing import Any, Final

from django.db import Error, OperationalError, close_old_connections, connections
from django.utils import timezone

from apps.jobs import registry, services
from apps.jobs.models import Job, State
from ml.errors import FaceError

logger = logging.getLogger(__name__)

stopping: Final = threading.Event()
"""Set when this process has been told to stop: running work ends at its next step and waits for the next worker."""
PROGRESS_SECONDS: Final = 0.5
STOPPED: Final = "The server was stopped; it begins again when the server does."
INTERNAL: Final = "Something went wrong on the server. The log tells more under job {}."


class _Stopped(Exception):  # noqa: N818
    """The process was told to stop."""


class _GivenUp(Exception):  # noqa: N818
    """The row belongs to another attempt now."""


def run(pk: int) -> str:
    """Do the work of a job that waits; the state it ends in, or "skipped" when it did not wait."""
    job = services.claim(pk)
    if job is None:
        return "skipped"
    logger.info("job %s (%s) begins, attempt %s", job.pk, job.kind, job.attempts)
    with _Heart(job):
        _attempt(job)
    state = Job.objects.values_list("state", flat=True).filter(pk=pk).first() or "deleted"
    logger.info("job %s (%s): %s", job.pk, job.kind, state)
    return state


def _attempt(job: Job) -> None:
    kind = registry.find(job.kind)
    if kind is None:
        services.fail(job, f"This version of HexaFace knows no job {job.kind!r}.")
        return
    try:
        services.finish(job, kind.work(_Progress(job), **job.arguments))
    except _GivenUp:
        logger.warning("job %s was given to another attempt", job.pk)
    except _Stopped:
        services.put_back(job, STOPPED, counted=False)
    except (registry.JobFailed, FaceError) as error:
        services.fail(job, str(error))
    except OperationalError:  # the database was away or locked: that passes
        logger.exception("job %s", job.pk)
        close_old_connections()  # one that broke writes nothing any more
        services.put_back(job, "The database could not be reached.", counted=True)
    except Exception:
        logger.exception("job %s", job.pk)
        services.fail(job, INTERNAL.format(job.pk))


class _Progress:
    """Writes at most twice a second."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._next = 0.0

    def __call__(self, share: float, message: str = "") -> None:
        if stopping.is_set():
            raise _Stopped
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PROGRESS_SECONDS
        if not services.update(self._job, progress=min(max(share, 0.0), 1.0), message=message):
            raise _GivenUp


class _Heart:
    """Tells the row every two seconds that the process lives."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heart of job {job.pk}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: Any) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        mine = Job.objects.filter(pk=self._job.pk, run=self._job.run, state=State.RUNNING)
        while not self._over.wait(services.HEARTBEAT.total_seconds()):
            try:
                mine.update(heartbeat=timezone.now())
            except Error:
                logger.warning("job %s: no sign of life could be written", self._job.pk)
                connections.close_all()  # a database that was restarted is reached by a new connection only
        connections.close_all()
