"""The manifest entry of the face network."""

from collections.abc import Mapping
from typing import Any, Final

from ml.nets.face import MARGIN, OUTPUTS, SIDE
from ml.nets.mobilenet import MEAN_BGR

NAME: Final = "face"
VERSION: Final = "1.9.0"
TASKS: Final = ("age", "gender", "emotion", "attributes", "mask")


def entry(interval: Mapping[str, Any], *, how: str) -> dict[str, Any]:
    """The entry without files and figures; `how` tells what was trained."""
    return {
        "name": NAME,
        "version": VERSION,
        "title": "MobileNet for age, gender, expression, attributes and mask",
        "tasks": list(TASKS),
        "arch": "face",
        "outputs": list(OUTPUTS),
        "licence": "trunk and the two Xceptions MIT, the rest ours; trained on research-only data",
        "commercial": False,
        "source": f"npm @vladmandic/human 3.3.6, models/faceres; {how} by ml.training.face; ml.training.expression; "
        "big Xception from npm @vladmandic/human 3.3.6, models/emotion; "
        "TinyXception from npm @vladmandic/face-api 1.7.15",
        "training_data": "VGGFace2 (trunk), UTKFace, FairFace, FER-2013 with FER+, CelebA, three face-mask sets; "
        "TinyXception: UTKFace, FG-NET, ChaLearn, IMDB-WIKI, CACD, MegaAge, MegaAge-Asian",
        "notes": "Research-only data, hence not for commercial use. Age: expected value of 101 classes, three tenths of it "
        "TinyXception's, which saw four fifths of UTKFace, so that figures on UTKFace flatter a little; FairFace it did not see. "
        "Gender: the sum of the trunk's and its logits. Expressions, attributes and mask: from the trunk's earlier maps too. "
        "The interval is decoded by ml.tasks.age_interval from [network.calibration.age]. "
        "All probabilities are calibrated on held-out training faces, "
        "those of expressions on FER-2013 PublicTest.",
        "input": {
            "size": [SIDE, SIDE],
            "align": "box",
            "margin": MARGIN,
            "colour": "bgr",
            "mean": list(MEAN_BGR),
            "scale": 1.0,
        },
        "calibration": {"age": dict(interval)},
    }
