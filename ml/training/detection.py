"""How well and how fast the detectors find faces, beside the package they replace: weights/reports/detectors.json.

    python -m ml.training.detection --data DIR [--weights weights]

DIR holds images.zip and labels.csv. A box counts as found when a detection overlaps it by IoU 0.4 or more, each box once.
Each detector looks for the faces that it looks for as served, the default also for those from 20 pixels on, as the package does. All of
them, the package too, answer down to FLOOR, so that average precision sees the whole curve; MTCNN and the package also from 0.8, where the
package stops as shipped. Times are taken from the confidences that are served, on one thread, the detectors taking turns on each
photograph.
"""

import argparse
import importlib.util
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ml import manifest
from ml.detectors import Detector, build_detectors
from ml.finding import DetectOptions
from ml.runtime import Networks
from ml.training.detection_scores import (
    IOU,
    SHIPPED,
    Outcome,
    Photo,
    above,
    agreement,
    figures,
    laid_together,
    outcome_of,
    photos,
    recall_and_precision,
    recall_at,
    rounded,
)
from ml.training.entries import annotate
from ml.types import F32, RgbU8

FLOOR: Final = 0.1
MIN_FACE: Final = 20.0  # the package's
DEFAULT: Final = DetectOptions().detector
BOUNDED: Final = f"{DEFAULT}, faces from {MIN_FACE:g} pixels on"
TIMED: Final = 40
PACKAGE: Final = "package mtcnn 1.0.0"
Find = Callable[[RgbU8], tuple[F32, F32]]
"""Photograph -> boxes (n, 4) and confidences (n,)."""


def outcomes_of(find: Find, labelled: Sequence[Photo]) -> list[Outcome]:
    """Run a detector over all photographs."""
    return [outcome_of(photo, *find(photo.rgb_u8)) for photo in labelled]


def time_ratios(finders: Mapping[str, Find], reference: str, labelled: Sequence[Photo]) -> dict[str, float]:
    """Milliseconds relative to the reference, medians over photographs, the detectors taking turns on each; both warmed up."""
    chosen = [labelled[i] for i in np.linspace(0, len(labelled) - 1, min(TIMED, len(labelled))).astype(int)]
    taken: dict[str, list[float]] = {name: [] for name in finders}
    for photo in chosen:
        for round_ in range(3):
            for name, find in finders.items():
                start = time.perf_counter()
                find(photo.rgb_u8)
                if round_:
                    taken[name].append(time.perf_counter() - start)
    base = np.array(taken[reference])
    return {name: rounded(float(np.median(np.array(times) / base))) for name, times in taken.items()}


def package_finder(floor: float) -> Find:
    """The package mtcnn 1.0.0 on one thread. Raises RuntimeError when TensorFlow has begun with more."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf  # noqa: PLC0415  slow to load
    from mtcnn import MTCNN  # noqa: PLC0415

    threading = tf.config.threading
    if threading.get_intra_op_parallelism_threads() != 1:  # TensorFlow lets nobody set it once it has begun
        threading.set_intra_op_parallelism_threads(1)
        threading.set_inter_op_parallelism_threads(1)
    package = MTCNN()

    def find(rgb_u8: RgbU8) -> tuple[F32, F32]:
        found = package.detect_faces(
            rgb_u8, fit_to_image=False, box_format="xyxy", output_type="numpy", threshold_onet=floor
        )
        rows = np.asarray(found, np.float32).reshape(-1, 16)
        return rows[:, 1:5], rows[:, 5]

    return find


def finder(detector: Detector, floor: float | None = None, min_face: float | None = None) -> Find:
    """A detector of the product from a confidence of `floor` or its own on; as served, a glance first, when min_face is left to it."""
    least = detector.default_confidence if floor is None else floor

    def find(rgb_u8: RgbU8) -> tuple[F32, F32]:
        if min_face is not None:
            found = detector.detect(rgb_u8, min_face=min_face, min_confidence=least)
        else:
            glanced = detector.glance(rgb_u8, min_confidence=detector.default_confidence)
            usual = detector.usual_face(max(rgb_u8.shape[:2]))
            found = glanced or detector.look(rgb_u8, min_face=usual, min_confidence=least)
        return found.boxes_xyxy, found.confidences

    return find


def own_finders(networks: Networks, floor: float | None = None) -> dict[str, Find]:
    """All detectors of the product by name, and the default one with the package's smallest face; without a floor from their own."""
    detectors = build_detectors(networks)
    return {name: finder(detector, floor) for name, detector in detectors.items()} | {
        BOUNDED: finder(detectors[DEFAULT], floor, MIN_FACE)
    }


def report(folder: Path, weights: Path, *, timed: bool) -> dict[str, Any]:
    """All figures: per detector and source, agreement with the package, and with `timed` the time relative to it on one thread.

    Where the package is not installed the figures that need it are left out.
    """
    cv2.setNumThreads(1)
    single = photos(folder)
    labelled = [*single, *laid_together(single)]
    sources = sorted({photo.source for photo in labelled})
    ours = own_finders(Networks(weights, threads=1), FLOOR)
    packaged = {PACKAGE: package_finder(FLOOR)} if importlib.util.find_spec("mtcnn") else {}
    results = {name: outcomes_of(find, labelled) for name, find in {**ours, **packaged}.items()}
    measured: dict[str, Any] = {
        "data": f"{len(labelled)} photographs of {'; '.join(sources)} (1280x960); IoU {IOU}; smallest face as served, "
        f"the package's {MIN_FACE:g} pixels"
    }
    if packaged:
        measured["same_boxes_as_package"] = rounded(agreement(results["mtcnn"], results[PACKAGE]))
        measured["recall_at_the_precision_of_the_package"] = {
            source: _at_package_precision(results, source) for source in sources
        }
    for name in {"mtcnn", *packaged}:
        results[f"{name}, from {SHIPPED}"] = [above(found, SHIPPED) for found in results[name]]
    measured["accuracy"] = {
        name: {source: figures([out for out in results[name] if out.source == source]) for source in sources}
        for name in sorted(results)
    }
    if timed and packaged:
        as_shipped = {**own_finders(Networks(weights, threads=1)), PACKAGE: package_finder(SHIPPED)}
        measured["time_relative_to_package"] = time_ratios(as_shipped, PACKAGE, single)
    return measured


def _at_package_precision(results: Mapping[str, Sequence[Outcome]], source: str) -> dict[str, Any]:
    """Recall of the package as shipped, and of our detectors where their precision is the same or better."""
    chosen = {name: [out for out in found if out.source == source] for name, found in results.items()}
    shipped = [above(out, SHIPPED) for out in chosen[PACKAGE]]
    recall, precision = recall_and_precision(shipped)
    ours = {name: recall_at(found, precision) for name, found in chosen.items() if name != PACKAGE}
    return {"precision": rounded(precision), PACKAGE: rounded(recall)} | {
        name: rounded(value) for name, value in ours.items()
    }


def write(folder: Path, weights: Path, *, timed: bool) -> None:
    """Measure, write the report and put the headline figures into the manifest. Times that are not taken now stay."""
    path = weights / "reports" / "detectors.json"
    before = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    kept = {name: before[name] for name in ("time_relative_to_package",) if name in before}
    measured = kept | report(folder, weights, timed=timed)
    path.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    known = manifest.load(weights / "manifest.toml")
    for name, network in (("scrfd", "scrfd"), ("mtcnn", "mtcnn-pnet"), ("blazeface", "blazeface")):
        figures_of_it = {"detect": headline(measured, name)}
        annotate(weights, network, known.find(network).version, calibration={}, metrics=figures_of_it)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure the detectors.")
    parser.add_argument("--data", type=Path, required=True, help="directory with images.zip and labels.csv")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--no-time", action="store_true", help="leave the times as they are")
    args = parser.parse_args()
    write(args.data, args.weights, timed=not args.no_time)


def headline(measured: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The figures of one detector that its manifest entry shows."""
    fddb, facemask = (measured["accuracy"][name][source] for source in ("fddb", "facemask"))
    return {
        "ap": fddb["ap"],
        "low": fddb["low"],
        "high": fddb["high"],
        "images": fddb["images"],
        "data": f"part of FDDB, IoU {IOU}; facemask: part of Kaggle face-mask-detection, many small faces",
        "ap_facemask": facemask["ap"],
        "images_facemask": facemask["images"],
    } | _times(measured, name)


def _times(measured: Mapping[str, Any], name: str) -> dict[str, float]:
    times = measured.get("time_relative_to_package", {})
    return {"time_relative_to_mtcnn_package": times[name]} if name in times else {}


if __name__ == "__main__":
    main()
