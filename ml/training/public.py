"""What the public networks for age, gender and expression need from training faces: an interval for the age.

    python -m ml.training.public --data DIR --work DIR [--weights weights] [--choose]

calibrates the age interval of tiny-xception and puts it into the manifest. --choose measures on training faces what ml.nets fixes:
margin, temperature, spread of ages; of big Xception, which knows its training faces by heart, on validation
faces. The figures come from ml.training.evaluate.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ml.runtime import Network, Networks
from ml.training import calibrate
from ml.training.batches import Faces
from ml.training.corpus import open_corpus
from ml.training.entries import annotate
from ml.training.locate import locate
from ml.training.public_choices import CHOICE_IMAGES, VERSION, answers, choices, sample

CALIBRATION_IMAGES: Final = 1500  # training faces of UTKFace that decide the age interval


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.public", description="Calibrate the public networks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--work", type=Path, required=True, help="folder of the caches of ml.training.face")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--choose", action="store_true", help="margin, temperature and spread on training faces")
    arguments = parser.parse_args()
    corpus = open_corpus(arguments.data, arguments.work)
    boxes_xyxy, points_xy, _ = locate(corpus, arguments.weights, arguments.work)
    faces = Faces(corpus, boxes_xyxy, points_xy)
    networks = Networks(arguments.weights, threads=1)
    if arguments.choose:
        _say(choices(networks, faces, arguments.weights))
        return
    interval = age_interval(networks.get("tiny-xception"), faces)
    annotate(arguments.weights, "tiny-xception", VERSION, calibration={"age": interval}, metrics={})
    _say(interval)


def age_interval(network: Network, faces: Faces) -> dict[str, Any]:
    """[network.calibration.age] from training faces of UTKFace that chose nothing."""
    rows = sample(faces.corpus, "utkface", CHOICE_IMAGES + CALIBRATION_IMAGES)[CHOICE_IMAGES:]
    return calibrate.interval(answers(network, faces, rows)["age"], faces.corpus.labels.age_low[rows])


def _say(figures: Mapping[str, Any]) -> None:
    print(json.dumps(figures, indent=1), flush=True)


if __name__ == "__main__":
    main()
