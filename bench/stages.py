"""Where the time of one request goes, stage by stage, measured from outside: functions of the engine are wrapped while it is asked.

The engine has one thread here, so that stages follow each other and add up. What no stage covers is shown as "the rest of the engine".
"""

import contextlib
import importlib
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ml.engine import PHOTO_TASKS, Engine
from ml.images import decode
from ml.runtime import LiteRtNetwork

STAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "photograph to input": ("ml.detectors.scrfd:_canvas",),
    "answers to boxes": ("ml.detectors.scrfd:_decoded",),
    "overlapping boxes": ("ml.detectors.scrfd:suppress",),
    "crops for O-Net": ("ml.detectors.refine:crops",),
    "align": ("ml.answering:crop_matrix", "ml.answering:look"),
    "sharpness": ("ml.answering:clarity",),
}
"""Stage to the functions whose own time it is, without that of stages within them; networks and decoding are added."""
DECODE: Final = "decode"
REST: Final = "the rest of the engine"
WARM: Final = 5

Shape = tuple[str, tuple[int, ...]]


class Watch:
    """Own time of nested stages per thread, and which network ran on which input."""

    def __init__(self) -> None:
        self.ms: defaultdict[str, float] = defaultdict(float)
        self.runs: Counter[Shape] = Counter()
        self._inner = threading.local()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a block."""
        outer = getattr(self._inner, "ms", 0.0)
        self._inner.ms, start = 0.0, time.perf_counter()
        yield
        whole = (time.perf_counter() - start) * 1000
        with self._lock:
            self.ms[name] += whole - self._inner.ms
        self._inner.ms = outer + whole

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as a stage."""

        def measured(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return function(*args, **kwargs)

        return measured


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Wrap the functions of STAGES and every network for the time of the block. AttributeError when one is not there any more."""
    watch = Watch()
    with contextlib.ExitStack() as undo:
        for name, places in STAGES.items():
            for place in places:
                owner, attribute = _found(place)
                _replace(undo, owner, attribute, watch.wrapped(name, getattr(owner, attribute)))
        run = LiteRtNetwork.run

        def measured(network: LiteRtNetwork, batch: Any, *args: Any, **kwargs: Any) -> Any:
            watch.runs[network.spec.key, tuple(batch.shape)] += 1
            with watch.stage(f"network {network.spec.name}"):
                return run(network, batch, *args, **kwargs)

        _replace(undo, LiteRtNetwork, "run", measured)
        yield watch


def request(engine: Engine, photo: bytes, runs: int) -> dict[str, Any]:
    """Median milliseconds of each stage of `analyze` with all tasks, and the networks that it ran.

    bare_ms: the same request with nothing wrapped, measured in turns with the others.
    """
    rows: list[dict[str, float]] = []
    bare: list[float] = []
    shapes: Counter[Shape] = Counter()
    for _ in range(runs + WARM):
        start = time.perf_counter()
        engine.analyze(decode(photo), PHOTO_TASKS)
        bare.append((time.perf_counter() - start) * 1000)
        with watching() as watch:
            start = time.perf_counter()
            report = engine.analyze(decode(photo), PHOTO_TASKS)
            whole = (time.perf_counter() - start) * 1000
        watch.ms[DECODE] = report.timing_ms["decode"]
        watch.ms[REST] = whole - sum(watch.ms.values())
        rows.append(watch.ms)
        shapes = watch.runs
    stages = {name: round(statistics.median(row[name] for row in rows[WARM:]), 2) for name in rows[-1]}
    return {
        "bare_ms": round(statistics.median(bare[WARM:]), 2),
        "stages_ms": dict(sorted(stages.items(), key=lambda item: -item[1])),
        "runs": [{"network": key, "shape": list(shape), "times": times} for (key, shape), times in shapes.items()],
    }


def _found(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, attribute = path.split(".")
    for name in outer:
        owner = getattr(owner, name)
    return owner, attribute


def _replace(undo: contextlib.ExitStack, owner: Any, attribute: str, value: Any) -> None:
    undo.callback(setattr, owner, attribute, getattr(owner, attribute))
    setattr(owner, attribute, value)
