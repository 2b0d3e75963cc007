"""A job that does nothing but wait: `manage.py check_worker` sends it to see whether a worker is there."""

import time
from typing import Any

from apps.jobs.registry import Progress, kind

STEP = 0.1


@kind("wait", title="Check the worker")
def wait(progress: Progress, *, seconds: float) -> dict[str, Any]:
    """Wait for so many seconds."""
    steps = max(1, round(seconds / STEP))
    for step in range(steps):
        progress(step / steps, f"{step * STEP:.0f} of {seconds:.0f} seconds")
        time.sleep(seconds / steps)
    return {"waited": seconds}
