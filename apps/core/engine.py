"""The one engine of this process: loaded once, on purpose, never by importing Django."""

import sys
import threading
from typing import Any

from django.conf import settings

from apps.core.admission import Admission
from ml.engine import Engine
from ml.errors import FaceError, NotReady
from ml.manifest import NetworkSpec

EXIT_NOT_READY = 3
_lock = threading.Lock()
_engine: Engine | None = None
_admission: Admission | None = None


def get_engine() -> Engine:
    """The loaded and warm engine; the first caller loads it.

    Raises:
        NotReady: a network is missing or damaged.
    """
    global _engine  # noqa: PLW0603 (one per process is the point)
    if _engine is None:
        with _lock:
            if _engine is None:
                _engine = _load()
    return _engine


def _load() -> Engine:
    config = settings.HEXAFACE
    try:
        engine = Engine(config.weights, runtime=config.runtime, threads=config.engine_threads)
    except ImportError as error:
        raise NotReady(
            f"HEXAFACE_RUNTIME={config.runtime} needs packages that are not installed ({error.name}): "
            "pip install -r requirements-train.txt"
        ) from error
    engine.warm_up()
    return engine


def load_or_exit() -> None:
    """Load at server start; a failure stops the start with a sentence that says why."""
    try:
        get_engine()
    except FaceError as error:
        sys.stderr.write(
            f"\nHexaFace cannot start: {error.message}\n`make weights` checks them; see docs/operating.md.\n\n"
        )
        raise SystemExit(EXIT_NOT_READY) from None


def is_loaded() -> bool:
    """Whether this process has a warm engine."""
    return _engine is not None


def get_admission() -> Admission:
    """The bound on concurrent work in this process."""
    global _admission  # noqa: PLW0603
    with _lock:
        if _admission is None:
            config = settings.HEXAFACE
            _admission = Admission(running=config.concurrency, waiting=config.queue, seconds=config.queue_seconds)
        return _admission


def active_model(task: str) -> dict[str, Any] | None:
    """What pages say about the network that answers a task; None while it is unknown."""
    spec = get_engine().active.get(task)
    return None if spec is None else model_card(spec)


def model_card(spec: NetworkSpec) -> dict[str, Any]:
    """The public part of a network's manifest entry."""
    return {
        "network": spec.name,
        "version": spec.version,
        "title": spec.title,
        "tasks": list(spec.tasks),
        "licence": spec.licence,
        "commercial": spec.commercial,
        "source": spec.source,
        "training_data": spec.training_data,
        "notes": spec.notes,
        "sha256": spec.sha256,
        "precision": spec.precision,
        "metrics": {task: dict(values) for task, values in spec.metrics.items()},
    }
