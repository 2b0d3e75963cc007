"""The recipe of the network "expression", in one command: from nothing, on FER-2013 with its FER+ votes.

    python -m ml.training.expression --data DIR --work DIR [--epochs 35.5]

The corpus is that of ml.training.face and is shared with it in --work, the faces are those that serving finds; an interrupted run goes on
where it was. Afterwards `ml.training.face` puts the network beside its trunk.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.nets.expression import HEADS, MARGIN, SIDE
from ml.training import calibrate, expression_model
from ml.training.augment import Strength
from ml.training.batches import Faces, Source
from ml.training.corpus import I64, SPLITS, open_corpus
from ml.training.fit import Job, Plan, Trainer
from ml.training.locate import as_served
from ml.training.release import release
from ml.types import F32

DATA_SET: Final = "fer2013"
BATCH: Final = 128
RATE: Final = 2e-3
DECAY: Final = 0.05
HOW: Final = Strength(shift=0.05, roll=10.0, tint=0.0, gray=0.0, small=0.1, blur=0.1, jpeg=0.1, hide=0.3)


def main() -> None:
    """Run the recipe."""
    settings = _settings()
    keras.utils.set_random_seed(settings.seed)
    corpus = open_corpus(settings.data, settings.work)
    rows = np.concatenate([corpus.rows(DATA_SET, split) for split in SPLITS])
    faces = Faces(corpus, *as_served(corpus, rows, settings.weights, settings.work))
    train = corpus.rows(DATA_SET, "train")
    model = expression_model.build()
    source = Source(faces, train, SIDE, MARGIN, BATCH, settings.seed, {DATA_SET: 1}, (HOW, HOW))
    job = Job(model, source, expression_model.network_input, expression_model.losses_of)
    steps = max(1, round(settings.epochs * len(train) / BATCH))
    plan = Plan(steps, rate=RATE, head_rate=RATE, decay=DECAY, minutes=settings.minutes)
    Trainer(job, plan, settings.work / "expression").run()
    held = corpus.rows(DATA_SET, "hold")
    heads = calibrate.expressive(expression_model.heads(model), logits(model, faces, held), corpus.labels.take(held))
    release(expression_model.served(model, heads), ENTRY, settings.weights, active=tuple(settings.activate))


def logits(model: keras.Model, faces: Faces, rows: I64) -> dict[str, F32]:
    """Both heads' (n, 7) logits of the crops that serving takes and their mirror images, the mean of both."""
    run = tf.function(lambda crops_u8: model(expression_model.network_input(crops_u8), training=False))
    views = ((crops, crops[:, :, ::-1]) for crops in faces.crops(rows, SIDE, MARGIN))
    found = [[run(tf.constant(view)) for view in both] for both in views]
    return {head: np.concatenate([(one[head] + other[head]).numpy() / 2 for one, other in found]) for head in HEADS}


def _settings() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the expression network.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the sets of ml.training.face")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches, checkpoints and log (4 GB)")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--epochs", type=float, default=35.5, help="images seen, in sizes of the training split")
    parser.add_argument("--minutes", type=float, help="end after so many minutes of training instead")
    parser.add_argument("--activate", nargs="*", default=(), choices=("emotion",), help="tasks it shall answer")
    parser.add_argument("--seed", type=int, default=11)
    return parser.parse_args()


ENTRY: Final[dict[str, Any]] = {
    "name": "expression",
    "version": "3.0.0",
    "title": "Small VGG for expression",
    "tasks": ["emotion"],
    "arch": "expression",
    "outputs": list(HEADS.values()),
    "licence": "ours; trained on research-only data",
    "commercial": False,
    "source": "ml.training.expression",
    "training_data": "FER-2013 with the votes of FER+",
    "notes": "Research-only data, hence not for commercial use. Two heads, for the labels of FER-2013 and for the votes of FER+, "
    "calibrated on held-out training faces. Part of the face network, and here alone.",
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
