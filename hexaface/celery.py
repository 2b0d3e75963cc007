"""The Celery application, for HEXAFACE_TASKS=celery: `celery -A hexaface.celery worker --pool threads --concurrency 1`.

It carries one task, which runs a function of django-tasks by its dotted name. Imported by Celery's worker, and by the queue's backend
when a job is sent; nothing else needs Celery.
"""

import os
import threading
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hexaface.settings")

from django.conf import settings

app = Celery("hexaface", broker=settings.HEXAFACE.redis_url)
app.conf.update(
    task_acks_late=True,  # a message is only gone when its work is
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_ignore_result=True,  # results stand in the database
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=5,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 5},
    task_publish_retry=False,
    accept_content=["json"],
    timezone="UTC",
)


def _run(path: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Run the task of django-tasks at that dotted path."""
    from django.utils.module_loading import import_string  # noqa: PLC0415 (Django is set up by now)

    import_string(path).call(*args, **kwargs)


run = app.task(name="hexaface.run")(_run)


def _look_after_jobs(**_ignored: Any) -> None:
    """Jobs whose worker died are found here as they are by the embedded worker; no second process is needed for it."""
    from apps.jobs.worker import reap_for_ever  # noqa: PLC0415

    threading.Thread(target=reap_for_ever, name="reaper", daemon=True).start()


def _stop_work(**_ignored: Any) -> None:
    """Running work is put back at its next step, if this is its process: Celery tells the main process only, hence --pool threads."""
    from apps.jobs.running import stopping  # noqa: PLC0415

    stopping.set()


signals.worker_ready.connect(_look_after_jobs)
signals.worker_shutting_down.connect(_stop_work)
