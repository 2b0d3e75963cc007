"""The recipe of the generator "dcgan" 2.0.0, in one command: from nothing, on the portraits of CelebA's training split.

    python -m ml.training.gan --data DIR --work DIR [--minutes M | --epochs E] [--weights weights] [--activate synthesis]

Checkpoint, log and sheets of samples stand in WORK/gan; an interrupted run goes on where it was, a finished one is only exported.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import keras

from ml.engine import SYNTHESIS
from ml.training import gan_model
from ml.training.gan_data import portraits
from ml.training.gan_fit import BATCH, Plan, Trainer
from ml.training.release import release


def main() -> None:
    """Run the recipe."""
    settings = _settings()
    keras.utils.set_random_seed(settings.seed)
    photos = portraits(settings.data, "train")
    steps = max(1, round(settings.epochs * len(photos) / BATCH))
    trainer = Trainer(photos, Plan(steps, seed=settings.seed, minutes=settings.minutes), settings.work / "gan")
    trainer.run()
    release(gan_model.served(trainer.generator()), ENTRY, settings.weights, active=tuple(settings.activate))


def _settings() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.training.gan", description="Train the generator of faces.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the set celeba")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoint, log and samples (20 MB)")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="where the network is released")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=float, default=25.0, help="images seen, in sizes of the training split")
    length.add_argument("--minutes", type=float, help="end after so many minutes of training instead")
    parser.add_argument("--activate", nargs="*", default=(), choices=(SYNTHESIS,), help="tasks it shall answer")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


ENTRY: Final[dict[str, Any]] = {
    "name": "dcgan",
    "version": "2.0.0",
    "title": "DCGAN of our own: portraits of people who do not exist",
    "tasks": [SYNTHESIS],
    "arch": "portrait",
    "outputs": ["image"],
    "licence": "own weights, trained on research-only data",
    "commercial": False,
    "source": "ml.training.gan",
    "training_data": "CelebA",
    "notes": "64 pixels wide, 76 high. Research-only data, hence not for commercial use. Most of the photographs show young "
    "celebrities with light skin, and so do the portraits.",
    "input": {"align": "none", "mean": [0.0], "scale": 1.0},
}


if __name__ == "__main__":
    main()
