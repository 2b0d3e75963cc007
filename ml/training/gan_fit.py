"""Adversarial training (Goodfellow et al. 2014) with two Adam optimisers, resumable from its last checkpoint.

As Radford et al. 2016 train: both networks step once on every batch, photographs and drawn images normalised separately, beta1 0.5.
Photographs count as 0.9 rather than 1 (Salimans et al. 2016), and the generator that is kept is the moving average of the weights
(Yazici et al. 2019), with the statistics of its normalisations taken anew.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np
import tensorflow as tf

from ml.generation import LATENT, Images, pixels
from ml.training import gan_model
from ml.training.gan_data import Portraits
from ml.training.progress import Progress, named, resumed
from ml.types import F32

BATCH: Final = 64
PHOTOGRAPH: Final = 0.9
"""What the discriminator is to say of a photograph; of a drawn image 0."""
AVERAGED: Final = 0.999
_SHEET: Final = (6, 10)
_SEED_OF_SHEET: Final = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast.

    steps: batches in all. rate: of both optimisers, until `hold` of the run is done; from there it falls to a tenth. minutes: if given,
    the schedule follows the clock and ends then.
    """

    steps: int
    rate: float = 4e-4
    hold: float = 0.6
    seed: int = 7
    minutes: float | None = None

    def share(self, step: int, seconds: float) -> float:
        """Part of the run that is done, 0..1."""
        return min(1.0, step / self.steps if self.minutes is None else seconds / (60 * self.minutes))

    def rate_at(self, share: float) -> float:
        """Learning rate there."""
        return self.rate * (1.0 - 0.9 * max(0.0, share - self.hold) / (1.0 - self.hold))


class Trainer:
    """One run in `folder`: log.jsonl, sheets of samples, and the checkpoint that it goes on from."""

    def __init__(self, photos: Portraits, plan: Plan, folder: Path) -> None:
        if not len(photos):
            raise ValueError("there are no portraits to learn from")
        self._photos, self._plan, self._folder = photos, plan, folder
        self._models = gan_model.generator(), gan_model.discriminator()
        self._optimisers = [keras.optimizers.Adam(plan.rate, beta_1=0.5) for _ in self._models]
        for optimiser, model in zip(self._optimisers, self._models, strict=True):
            optimiser.build(model.trainable_variables)
        self._average: list[F32] = self._models[0].get_weights()
        self._shown = gan_model.generator()
        self._step = tf.function(self._one_step)
        self.progress = self._resumed()

    def run(self, *, save_every: int = 500, log_every: int = 50) -> None:
        """Train to the end of the plan."""
        plan, progress = self._plan, self.progress
        while (share := plan.share(progress.step, progress.seconds)) < 1:
            begun = time.monotonic()
            for optimiser in self._optimisers:
                optimiser.learning_rate.assign(plan.rate_at(share))
            parts = self._step(*map(tf.constant, self._batch()))
            self._follow()
            progress.note({name: float(value) for name, value in parts.items()}, time.monotonic() - begun)
            if progress.step % log_every == 0:
                progress.log(self._folder, plan.share(progress.step, progress.seconds), BATCH)
            if progress.step % save_every == 0:
                self.save()
        self.save()

    def generator(self) -> keras.Model:
        """The generator with averaged weights, its normalisations with the statistics that these give."""
        self._shown.set_weights(self._average)
        gan_model.settle(self._shown, np.random.default_rng(_SEED_OF_SHEET))
        return self._shown

    def save(self) -> None:
        """Write the checkpoint and a sheet of samples; the old checkpoint stays until the new one is complete."""
        arrays: dict[str, Any] = {f"average_{i:04d}": value for i, value in enumerate(self._average)}
        for number, (model, optimiser) in enumerate(zip(self._models, self._optimisers, strict=True)):
            arrays |= {f"model{number}_{i:04d}": value for i, value in enumerate(model.get_weights())}
            arrays |= {f"optimiser{number}_{i:04d}": np.array(v) for i, v in enumerate(optimiser.variables)}
        self.progress.save(self._folder, arrays)
        sheet = sheet_of(self.generator(), *_SHEET)
        cv2.imwrite(str(self._folder / f"sheet-{self.progress.step:06d}.png"), sheet[..., ::-1])

    def _resumed(self) -> Progress:
        progress, arrays = resumed(self._folder)
        if arrays:
            self._average = named(arrays, "average_")
            for number, (model, optimiser) in enumerate(zip(self._models, self._optimisers, strict=True)):
                model.set_weights(named(arrays, f"model{number}_"))
                for variable, value in zip(optimiser.variables, named(arrays, f"optimiser{number}_"), strict=True):
                    variable.assign(value)
        return progress

    def _batch(self) -> tuple[Portraits, F32]:
        """Photographs, half of them mirrored, and as many random vectors; they depend on seed and step only."""
        rng = np.random.default_rng((self._plan.seed, self.progress.step))
        photos = self._photos[rng.integers(0, len(self._photos), BATCH)]
        mirrored = rng.random(BATCH) < 0.5
        photos[mirrored] = photos[mirrored, :, ::-1]
        return photos, rng.standard_normal((BATCH, LATENT), np.float32)

    def _one_step(self, photos_u8: Any, z: Any) -> dict[str, Any]:
        generator, discriminator = self._models
        real = tf.cast(photos_u8, tf.float32) / 127.5 - 1.0
        with tf.GradientTape(persistent=True) as tape:
            drawn = generator(z, training=True)
            of_real, of_drawn = discriminator(real, training=True), discriminator(drawn, training=True)
            judging = _cost(of_real, PHOTOGRAPH) + _cost(of_drawn, 0.0)
            drawing = _cost(of_drawn, 1.0)
        for optimiser, model, cost in zip(self._optimisers, self._models, (drawing, judging), strict=True):
            optimiser.apply(tape.gradient(cost, model.trainable_variables))
        seen = {"photo": tf.reduce_mean(tf.sigmoid(of_real)), "drawn": tf.reduce_mean(tf.sigmoid(of_drawn))}
        # How much the images of a batch differ from each other: far below the photographs' it means that all draw one face.
        variety = {
            f"variety_{name}": tf.reduce_mean(tf.math.reduce_std(x, 0))
            for name, x in (("photo", real), ("drawn", drawn))
        }
        return {"generator": drawing, "discriminator": judging} | seen | variety

    def _follow(self) -> None:
        step = self.progress.step
        keep = np.float32(min(AVERAGED, (1 + step) / (10 + step)))
        weights = self._models[0].get_weights()
        self._average = [keep * old + (1 - keep) * new for old, new in zip(self._average, weights, strict=True)]


def sheet_of(generator: keras.Model, rows: int, columns: int) -> Images:
    """Samples side by side, always of the same random vectors."""
    z = np.random.default_rng(_SEED_OF_SHEET).standard_normal((rows * columns, LATENT), np.float32)
    images = pixels(np.asarray(generator(z, training=False)))
    return np.concatenate([np.concatenate(list(row), 1) for row in images.reshape(rows, columns, *images.shape[1:])])


def _cost(logits: Any, wanted: float) -> Any:
    labels = tf.fill(tf.shape(logits), wanted)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
