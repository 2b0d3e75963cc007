"""Milliseconds per photograph: the engine against the `mtcnn` package, in turns within one run.

    python bench/latency.py [--runs 30] [--threads 2] [--without-package]

The photograph is NASA's public-domain portrait of Eileen Collins (scikit-image), laid on a canvas of 640x480: one face.
Needs requirements-dev.txt.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage.data

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ml.engine import PHOTO_TASKS, Engine  # noqa: E402
from ml.finding import DetectOptions  # noqa: E402
from ml.images import Photo  # noqa: E402
from ml.types import RgbU8  # noqa: E402


def photograph() -> RgbU8:
    """480 rows and 640 columns with one face of about 85 pixels."""
    canvas = np.full((480, 640, 3), 90, np.uint8)
    canvas[:, 64:576] = skimage.data.astronaut()[:480]
    return canvas


def candidates(engine: Engine, rgb_u8: RgbU8, *, package: bool) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    photo, exact = Photo(rgb_u8), DetectOptions(min_face=20)
    runs: dict[str, Callable[[], object]] = {
        "analyze, all tasks": lambda: engine.analyze(photo, PHOTO_TASKS, detect=exact)
    }
    for task in PHOTO_TASKS:
        runs[task] = lambda task=task: engine.analyze(photo, [task], detect=exact)
    runs["verify"] = lambda: engine.verify(photo, photo, detect=exact)
    runs["synthesis, 16 faces"] = lambda: engine.synthesize(count=16, seed=1)
    for name in engine.detectors:
        options = DetectOptions(detector=name, min_face=20)
        runs[f"detect by {name}"] = lambda options=options: engine.analyze(photo, ["detect"], detect=options)
    if package:
        from mtcnn import MTCNN  # noqa: PLC0415  loads TensorFlow

        detector = MTCNN()
        runs["package mtcnn, detection alone"] = lambda: detector.detect_faces(rgb_u8)
    return runs


def measure(runs: dict[str, Callable[[], object]], count: int) -> dict[str, list[float]]:
    """Each candidate once per round, so that a slow moment of the machine meets all of them; two rounds warm up."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(count + 2):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn >= 2:
                times[name].append((time.perf_counter() - start) * 1000)
    return times


def main() -> None:
    """Print a table: median, quartiles, and the ratio to all tasks together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--without-package", action="store_true")
    arguments = parser.parse_args()
    engine = Engine(ROOT / "weights", threads=arguments.threads)
    engine.warm_up()
    times = measure(candidates(engine, photograph(), package=not arguments.without_package), arguments.runs)
    whole = statistics.median(times["analyze, all tasks"])
    print(f"{'640x480, one face':34} {'median':>8} {'25 %':>8} {'75 %':>8} {'ratio':>7}")
    for name, values in times.items():
        low, median, high = np.percentile(values, [25, 50, 75])
        print(f"{name:34} {median:8.1f} {low:8.1f} {high:8.1f} {median / whole:7.2f}")


if __name__ == "__main__":
    main()
