"""Milliseconds of one face through each network, and of finding faces, the candidates taking turns in one run.

A busy machine slows all of them alike; the ratios hold better than the milliseconds.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.active import SWITCHABLE, can_answer
from ml.answering import Question, answer
from ml.embedding import embed
from ml.finding import DetectOptions, Finder
from ml.images import decode
from ml.manifest import NetworkSpec
from ml.photo import Photo
from ml.runtime import Network, Networks
from ml.tasks import FACE_TASKS
from ml.training.evaluate.writer import put

ROUNDS: Final = 40
WARM_UP: Final = 3
SAMPLE: Final = Path(__file__).parents[3] / "static" / "samples" / "astronaut.jpg"
PACKAGE: Final = "mtcnn package"


def write(weights: Path, networks: Networks) -> None:
    """Time everything and put "milliseconds" into the reports: median, quartiles, and the ratio to the `mtcnn` package."""
    specs = [spec for spec in networks.specs if any(can_answer(spec, task) for task in SWITCHABLE)]
    measured = milliseconds(candidates(networks, specs))
    reference = measured.pop(PACKAGE, None)
    for spec in specs:
        if spec.key in measured:
            figures = dict(measured[spec.key])
            if reference:
                figures["ratio_to_mtcnn_package"] = float(f"{figures['median'] / reference['median']:.3g}")
            put(weights, spec, {"milliseconds": figures | {"threads": 1, "what": "one face, found already"}})


def milliseconds(runs: dict[str, Callable[[], object]]) -> dict[str, dict[str, float]]:
    """Median and quartiles of each candidate; every round runs each of them once."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(ROUNDS + WARM_UP):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn >= WARM_UP:
                times[name].append(1000 * (time.perf_counter() - start))
    parts = {name: np.quantile(values, (0.5, 0.25, 0.75)).tolist() for name, values in times.items()}
    return {
        name: dict(zip(("median", "low", "high"), (round(value, 3) for value in values), strict=True))
        for name, values in parts.items()
    }


def candidates(networks: Networks, specs: list[NetworkSpec]) -> dict[str, Callable[[], object]]:
    """One face through each network, and the package if it is installed."""
    photo = decode(SAMPLE.read_bytes())
    face = Finder(networks).find(photo, DetectOptions()).faces[0]

    def of(network: Network) -> Callable[[], object] | None:
        tasks = [task for task in FACE_TASKS if can_answer(network.spec, task)]
        if tasks:
            return lambda: answer(Question(photo, [(network, tasks)]), face)
        return (lambda: embed(network, photo, face)) if can_answer(network.spec, "verify") else None

    runs = {spec.key: of(networks.get(spec.name, spec.version)) for spec in specs}
    return {name: run for name, run in {**runs, PACKAGE: package(photo)}.items() if run}


def package(photo: Photo) -> Callable[[], object] | None:
    """The search of the `mtcnn` package, None where it is not installed."""
    try:
        from ml.training.detection import package_finder  # noqa: PLC0415  loads TensorFlow

        find: Any = package_finder(0.8)
    except ImportError:
        return None
    return lambda: find(photo.rgb_u8)
