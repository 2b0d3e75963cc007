"""Training: AdamW with a warm-up and a cosine, resumable from its last checkpoint."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.training import losses
from ml.training.batches import Source
from ml.training.progress import Progress, named, resumed

_LABELS: Final = ("age_low", "age_high", "gender", "emotion", "votes", "votes_other", "attributes", "mask")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast.

    steps: batches in all. rate, head_rate: learning rates of the trunk and of the heads. minutes: if given, the schedule follows
    the clock and ends then, whatever number of steps that is (a run with it cannot be repeated exactly).
    """

    steps: int
    rate: float = 3e-4
    head_rate: float = 5e-4
    decay: float = 0.03
    warm_up: int = 300
    minutes: float | None = None

    def share(self, progress: Progress) -> float:
        """Part of the run that is done, 0..1."""
        done = progress.step / self.steps
        return min(1.0, done if self.minutes is None else max(done, progress.seconds / (60 * self.minutes)))


@dataclass(frozen=True, slots=True)
class Job:
    """What is trained on what: a model of logits by head, its batches, how crops (n, h, w, 3) uint8 become its input."""

    model: keras.Model
    source: Source
    inputs: Callable[[Any], Any]
    losses: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]


class Trainer:
    """One run in `folder`: log.jsonl, and the checkpoint that it goes on from."""

    def __init__(self, job: Job, plan: Plan, folder: Path) -> None:
        self._job, self._plan, self._folder = job, plan, folder
        model = job.model
        self._heads = [weight for head in model.output_names for weight in model.get_layer(head).trainable_variables]
        mine = {id(weight) for weight in self._heads}
        self._trunk = [weight for weight in model.trainable_variables if id(weight) not in mine]
        self._optimisers = [
            keras.optimizers.AdamW(rate, weight_decay=plan.decay, global_clipnorm=5.0)
            for rate in (plan.rate, plan.head_rate)
        ]
        for optimiser, weights in zip(self._optimisers, (self._trunk, self._heads), strict=True):
            optimiser.build(weights)
        self._step = tf.function(self._one_step)
        self.progress = self._resumed()

    def run(self, *, save_every: int = 500, log_every: int = 50) -> None:
        """Train to the end of the plan."""
        plan, progress = self._plan, self.progress
        source = self._job.source.stream(progress.step)
        while plan.share(progress) < 1:
            begun = time.monotonic()
            crops_u8, labels = next(source)
            self._set_rates()
            parts = self._step(tf.constant(crops_u8), {name: tf.constant(getattr(labels, name)) for name in _LABELS})
            progress.note({name: float(value) for name, value in parts.items()}, time.monotonic() - begun)
            if progress.step % log_every == 0:
                progress.log(self._folder, plan.share(progress), self._job.source.size)
            if progress.step % save_every == 0:
                self.save()
        source.close()
        self.save()

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is complete."""
        arrays = {f"model_{i:04d}": value for i, value in enumerate(self._job.model.get_weights())}
        for number, optimiser in enumerate(self._optimisers):
            arrays |= {f"optimiser{number}_{i:04d}": np.array(v) for i, v in enumerate(optimiser.variables)}
        self.progress.save(self._folder, arrays)

    def _resumed(self) -> Progress:
        progress, arrays = resumed(self._folder)
        if arrays:
            self._job.model.set_weights(named(arrays, "model_"))
            for number, optimiser in enumerate(self._optimisers):
                for variable, value in zip(optimiser.variables, named(arrays, f"optimiser{number}_"), strict=True):
                    variable.assign(value)
        return progress

    def _one_step(self, crops_u8: Any, labels: Mapping[str, Any]) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            parts = self._job.losses(self._job.model(self._job.inputs(crops_u8), training=True), labels)
            total = losses.total(parts)
        gradients = tape.gradient(total, [*self._trunk, *self._heads])
        count = len(self._trunk)
        self._optimisers[0].apply(gradients[:count])
        self._optimisers[1].apply(gradients[count:])
        return {"total": total, **parts}

    def _set_rates(self) -> None:
        plan, step = self._plan, self.progress.step
        cosine = 0.5 + 0.5 * float(np.cos(np.pi * plan.share(self.progress)))
        heads = min(1.0, (step + 1) / plan.warm_up) * cosine
        trunk = min(1.0, step / plan.warm_up) * cosine
        self._optimisers[0].learning_rate.assign(plan.rate * trunk)
        self._optimisers[1].learning_rate.assign(plan.head_rate * heads)
