"""Find jobs whose worker is gone and jobs that the queue has lost; try them again or fail them with the reason."""

import os
import socket

from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskResultStatus, task_backends

from apps.jobs import services
from apps.jobs.models import Job, State
from apps.jobs.tasks import run_job

LOST = "The worker stopped in the middle of it."


def reap() -> int:
    """Look after all jobs that do not go on by themselves; how many there were. Any number of processes may do it at once."""
    return _give_up_silent() + _send_lost_again()


def _give_up_silent() -> int:
    quiet = Job.objects.filter(state=State.RUNNING, heartbeat__lt=timezone.now() - services.GONE)
    lost = [job for job in quiet if _is_lost(job)]
    return sum(services.put_back(job, LOST, counted=True) for job in lost)


def _is_lost(job: Job) -> bool:
    silent = job.heartbeat is None or job.heartbeat < timezone.now() - services.SILENT
    return silent or not _may_be_alive(job.worker)


def _may_be_alive(worker: str) -> bool:
    """False only when the process was on this machine and is not there now."""
    host, _, process = worker.rpartition(":")
    if host != socket.gethostname() or not process.isdecimal():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _send_lost_again() -> int:
    late = Q(sent_at__lt=timezone.now() - services.RESEND) | Q(
        sent_at=None, created_at__lt=timezone.now() - services.GONE
    )
    waiting = [job for job in Job.objects.filter(late, state=State.QUEUED) if not _is_queued(job)]
    for job in waiting:
        services.send(job)
    return len(waiting)


def _is_queued(job: Job) -> bool:
    """Whether the queue says that it holds the job; a queue that cannot tell may be asked twice, claiming sees to the rest."""
    backend = task_backends[run_job.backend]
    if not (job.task_id and backend.supports_get_result):
        return False
    try:
        return backend.get_result(job.task_id).status == TaskResultStatus.READY
    except Exception:  # noqa: BLE001  every queue has its own word for "unknown"
        return False
