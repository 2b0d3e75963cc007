"""django-tasks over Celery: a thin backend that hands a task's dotted name and arguments to the one Celery task of `hexaface.celery`.

Results are not read back: the record of a job is its row in the database.
"""

import uuid
from typing import Any

from django.utils import timezone
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task
from django_tasks.signals import task_enqueued


class CeleryBackend(BaseTaskBackend):
    """Sends each task as one message; Celery's own settings decide when it runs."""

    supports_async_task = True
    supports_get_result = False

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        """Send the message.

        Raises:
            kombu's OperationalError: Redis cannot be reached.
        """
        from hexaface.celery import run  # noqa: PLC0415  Celery is only needed where it is configured

        self.validate_task(task)
        result: TaskResult[Any] = TaskResult(
            task=task,
            id=str(uuid.uuid4()),
            status=TaskResultStatus.READY,
            enqueued_at=timezone.now(),
            started_at=None,
            finished_at=None,
            last_attempted_at=None,
            args=list(args),
            kwargs=dict(kwargs),
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        run.apply_async((task.module_path, result.args, result.kwargs), task_id=result.id)
        task_enqueued.send(type(self), task_result=result)
        return result
